//! Web Locks: what keeps two pages from one tape. A lock goes with the worker that holds it,
//! however that ends.

use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::plain::Plain;
use crate::scope::global;

#[wasm_bindgen]
extern "C" {
    type LockManager;

    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &Object,
        granted: &Function,
    ) -> Result<Promise, JsValue>;
}

/// A lock that is held until it is dropped.
pub(crate) struct Lock {
    release: Option<Function>,
}

/// What became of the wish for a lock.
pub(crate) enum Wish {
    Granted(Lock),
    /// Another worker holds it.
    Refused,
    /// This browser has no locks, or not here.
    Impossible,
}

impl Lock {
    /// The lock of that name, if it is free.
    pub(crate) async fn wish(name: &str) -> Wish {
        match Self::request(name, true).await {
            Ok(Some(lock)) => Wish::Granted(lock),
            Ok(None) => Wish::Refused,
            Err(_) => Wish::Impossible,
        }
    }

    /// The lock of that name, when it is free; `None` where there are no locks.
    pub(crate) async fn wait(name: &str) -> Option<Self> {
        Self::request(name, false).await.ok().flatten()
    }

    async fn request(name: &str, if_available: bool) -> Result<Option<Self>, JsValue> {
        let locks = Reflect::get(&global().navigator(), &"locks".into())?;
        if locks.is_undefined() {
            return Err(locks);
        }
        let options = Plain::new().flag("ifAvailable", if_available).done();
        // The lock is held as long as the promise that its callback gives is open.
        let (held, release) = promise();
        let (answered, answer) = promise();
        let granted = Closure::once_into_js(move |lock: JsValue| -> JsValue {
            resolve(answer.as_ref(), &lock);
            if lock.is_null() { lock } else { held.into() }
        });
        let locks: LockManager = locks.unchecked_into();
        let request = locks.request(name, &options, granted.unchecked_ref())?;
        let first = Promise::race(&Array::of2(&answered, &request));
        let lock = JsFuture::from(first).await?;
        Ok((!lock.is_null()).then_some(Self { release }))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        resolve(self.release.as_ref(), &JsValue::UNDEFINED);
    }
}

/// A promise, and what resolves it.
fn promise() -> (Promise, Option<Function>) {
    // Not `Function::default()`: that evaluates text, which a page's policy may forbid.
    let mut resolver = None;
    let promise = Promise::new(&mut |resolve, _| resolver = Some(resolve));
    (promise, resolver)
}

/// Resolves a promise. Its function does not throw.
fn resolve(resolver: Option<&Function>, value: &JsValue) {
    if let Some(resolver) = resolver {
        let _ = resolver.call1(&JsValue::UNDEFINED, value);
    }
}
