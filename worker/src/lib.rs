//! The shell of the edge: moves requests, bytes and time between Cloudflare's runtime and the pure
//! decisions of `livetape-edge`.
//!
//! - `routes`: a request to its answer
//! - `access`: who may send it; API keys and templates
//! - `playing`: requests for something to play, and for clips
//! - `recording`: the Durable Object that keeps one recording's index in SQLite
//! - `lifecycle`: its creation, changes and deletion
//! - `clips`: its clips
//! - `recent`: playlists and gates, remembered for a moment
//! - `gates`: who may play what is sent without asking the recording
//! - `retention`: what is not kept any more
//! - `rows`: its tables
//! - `tenant`: the Durable Object that keeps the list of recordings, the keys and the templates
//! - `uploads`, `upload`: resumable uploads, and the Durable Object that takes one
//! - `sql`: queries and values
//! - `command`: what the Worker asks of it
//! - `r2`: stored bytes in and out
//! - `stream`: ranges of stored objects and made bytes as one body; media bytes stay outside Wasm
//! - `respond`: headers that every answer has
//! - `costs`: what an answer costs

mod access;
mod clips;
mod command;
mod costs;
mod gates;
mod lifecycle;
mod platform;
mod playing;
mod r2;
mod recent;
mod recording;
mod refusal;
mod respond;
mod retention;
mod routes;
mod rows;
mod sql;
mod stream;
mod tenant;
mod upload;
mod uploads;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    costs::shown(&env, routes::answer(request, &env, &context)).await
}
