//! How the edge is set up.

use std::cell::RefCell;
use std::rc::Rc;

use livetape_edge::Config;
use worker::{Env, Result};

thread_local! {
    /// Read once: variables and secrets are those of this version of the Worker as long as the isolate lives.
    static CONFIG: RefCell<Option<Rc<Config>>> = const { RefCell::new(None) };
}

/// The set-up, from variables and secrets.
pub(crate) fn config(env: &Env) -> Result<Rc<Config>> {
    if let Some(config) = CONFIG.with_borrow(Clone::clone) {
        return Ok(config);
    }
    let config = Rc::new(read(env)?);
    CONFIG.set(Some(Rc::clone(&config)));
    Ok(config)
}

/// The number that a variable says; `usual` where there is none.
pub(crate) fn number(env: &Env, (name, usual): (&str, u64)) -> u64 {
    let said = env.var(name).ok();
    let said = said.and_then(|value| value.to_string().parse().ok());
    said.unwrap_or(usual)
}

fn read(env: &Env) -> Result<Config> {
    let var = |name: &str| env.var(name).map(|var| var.to_string()).unwrap_or_default();
    let config = Config::new(
        &var("LIVETAPE_SECRET"),
        &var("LIVETAPE_API_KEY"),
        &var("LIVETAPE_TEMPLATES"),
        &var("LIVETAPE_DEMO"),
        &var("LIVETAPE_PLAY_KEYS"),
    );
    config.ok_or_else(|| {
        "LIVETAPE_SECRET has fewer than 16 characters, or LIVETAPE_PLAY_KEYS cannot be read".into()
    })
}
