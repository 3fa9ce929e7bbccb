//! The shell of the edge: moves requests, bytes and time between Cloudflare's runtime and the pure
//! decisions of `livetape-edge`.
//!
//! - `routes`: a request to its answer
//! - `access`: who may send it; API keys and templates
//! - `limits`: how often an address may do some things
//! - `playing`: requests for something to play, and for clips; `files`: stored ones that are sent as they are
//! - `recording`: the Durable Object that keeps one recording's index in SQLite
//! - `lifecycle`: its creation, changes and deletion
//! - `clips`, `broadcasts`: its clips and broadcasts
//! - `packs`: its objects as few large ones; `jobs`: what the Queue does, which makes those, and reads uploads
//! - `recent`: playlists and gates, remembered for a moment
//! - `gates`: who may play what is sent without asking the recording
//! - `retention`: what is not kept any more
//! - `rows`: its tables; `pages`: those of its objects, and pages of many of them
//! - `kept`, `rebuild`: what R2 knows of it, and how it comes back from that; `turns`: one write after another
//! - `tenant`: the Durable Object that keeps the list of recordings, the keys and the templates
//! - `uploads`, `upload`: resumable uploads, and the Durable Object that takes one
//! - `setup`: its variables and secrets
//! - `sql`: queries and values
//! - `command`: what the Worker asks of it
//! - `r2`: stored bytes in and out
//! - `cipher`: bodies encrypted while they are sent
//! - `cached`: bodies in the platform's cache
//! - `stream`: ranges of stored objects and made bytes as one body; media bytes stay outside Wasm
//! - `supply`: where the bytes of such a body come from; `byob`: streams read as many bytes at a time as wanted
//! - `respond`: headers that every answer has
//! - `costs`: what an answer costs

mod access;
mod broadcasts;
mod byob;
mod cached;
mod cipher;
mod clips;
mod command;
mod costs;
mod files;
mod gates;
mod jobs;
mod kept;
mod lifecycle;
mod limits;
mod packs;
mod pages;
mod platform;
mod playing;
mod r2;
mod rebuild;
mod recent;
mod recording;
mod refusal;
mod respond;
mod retention;
mod routes;
mod rows;
mod setup;
mod sql;
mod stream;
mod supply;
mod tenant;
mod turns;
mod upload;
mod uploads;

use worker::{Context, Env, MessageBatch, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    costs::shown(&env, routes::answer(request, &env, &context)).await
}

#[event(queue)]
async fn queue(batch: MessageBatch<jobs::Job>, env: Env, _context: Context) -> Result<()> {
    jobs::work(&batch, &env).await
}
