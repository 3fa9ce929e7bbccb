//! The recorder in a dedicated worker of the browser: the shell that has files and a network.
//!
//! Sits between the page's messages and [`livetape_recorder`], which decides everything.
//!
//! - `engine`: messages in, recorder, outputs carried out one after another
//! - `message`, `reply`: the page's messages, and those to it, which are `plain` objects
//! - `storing`: what a recorder wants stored, and room for it
//! - `reels`, `journal`: reels in OPFS with their journals, or in memory where a browser has none
//! - `folder`, `lock`: a tape's folder, which one worker has at a time
//! - `left`, `recovered`: tapes that dead pages left behind: removed in time, and given out (by
//!   the larger module alone)
//! - `room`: how much the browser's storage still takes
//! - `network`: exchanges by `fetch`
//! - `chunk`, `payload_sum`: an `ArrayBuffer`'s bytes, left where they are
#![cfg(target_arch = "wasm32")]

/// As fast as the standard allocator of this platform, and half of its code.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

mod chunk;
mod engine;
mod folder;
mod journal;
mod left;
mod lock;
mod message;
mod network;
mod payload_sum;
mod plain;
#[cfg(feature = "pull")]
mod recovered;
mod reels;
mod reply;
mod room;
mod scope;
mod storing;

pub use engine::Engine;
