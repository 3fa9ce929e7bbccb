//! The recorder in a dedicated worker of the browser: the shell that has files and a network.
//!
//! Sits between the page's messages and [`livetape_recorder`], which decides everything.
//!
//! - `engine`: messages in, recorder, outputs carried out one after another
//! - `message`: the page's messages, read and written
//! - `reels`: reels in OPFS, or in memory where a browser has none
//! - `network`: exchanges by `fetch`
//! - `chunk`: an `ArrayBuffer`'s bytes, left where they are
#![cfg(target_arch = "wasm32")]

/// As fast as the standard allocator of this platform, and half of its code.
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

mod chunk;
mod engine;
mod message;
mod network;
mod reels;
mod scope;

pub use engine::Engine;
