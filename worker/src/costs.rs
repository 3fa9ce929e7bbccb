//! What a request costs: each operation is counted where it is made, for the request whose work is polled at that
//! moment, so that nobody in between has to know of it.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use livetape_edge::{Costs, Operation};
use worker::{Env, Response, Result};

/// Tells them: a Durable Object always, the Worker where [`SHOWN`] is set.
const HEADER: &str = "Livetape-Cost";
/// The variable.
const SHOWN: &str = "LIVETAPE_COUNT";

type Count = Rc<Cell<Costs>>;

thread_local! {
    /// What is polled now counts here; nothing where it is no request's work.
    static CURRENT: RefCell<Option<Count>> = const { RefCell::new(None) };
}

/// Counts an operation.
pub(crate) fn count(operation: Operation) {
    count_many(operation, 1);
}

/// Counts as many.
pub(crate) fn count_many(operation: Operation, times: usize) {
    let mut costs = Costs::default();
    costs.add(operation, u32::try_from(times).unwrap_or(u32::MAX));
    add(costs);
}

/// Counts what another object's answer says that it cost.
pub(crate) fn add_told(answer: &Response) {
    let told = answer.headers().get(HEADER).ok().flatten();
    if let Some(costs) = told.and_then(|told| told.parse().ok()) {
        add(costs);
    }
}

fn add(more: Costs) {
    CURRENT.with_borrow(|current| {
        if let Some(count) = current {
            let mut costs = count.get();
            costs += more;
            count.set(costs);
        }
    });
}

/// An answer that says what it cost, for the Worker that asked for it.
pub(crate) async fn told(work: impl Future<Output = Result<Response>>) -> Result<Response> {
    let count = Count::default();
    let counted = Counted {
        count: Some(Rc::clone(&count)),
        work: Box::pin(work),
    };
    let mut answer = counted.await?;
    let costs = count.get().to_string();
    answer.headers_mut().set(HEADER, &costs)?;
    Ok(answer)
}

/// The same for whoever sent the request, where an edge is set up to tell.
pub(crate) async fn shown(
    env: &Env,
    work: impl Future<Output = Result<Response>>,
) -> Result<Response> {
    match env.var(SHOWN) {
        Ok(_) => told(work).await,
        Err(_) => work.await,
    }
}

/// Work that the runtime polls by itself, beside the request that it is for.
pub(crate) fn of_this_request<F: Future>(work: F) -> impl Future<Output = F::Output> {
    Counted {
        count: CURRENT.with_borrow(Clone::clone),
        work: Box::pin(work),
    }
}

/// Work whose operations are counted, where it is a request's.
struct Counted<F> {
    count: Option<Count>,
    work: Pin<Box<F>>,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let before = CURRENT.replace(self.count.clone());
        let polled = self.work.as_mut().poll(context);
        CURRENT.set(before);
        polled
    }
}
