//! What an edge answers, as texts.

use livetape_container::Chunk;
use livetape_media::Wording;

use crate::input::Answer;
use crate::json::text_at;

/// Why the edge refused, for a human.
pub(crate) fn refusal(answer: &Answer<'_>) -> String {
    let (body, status) = (text(answer.body), answer.status);
    let said = |name| text_at(&body, &["error", name]);
    let message = match said("code").zip(said("message")) {
        Some((code, message)) => Wording::of("the edge refused (")
            .decimal(status.into(), 1)
            .words(", ")
            .words(&code)
            .words("): ")
            .words(&message),
        None => Wording::of("the edge refused with status ").decimal(status.into(), 1),
    };
    message.done()
}

/// A body as text, empty where it is none; the edge's answers are small.
pub(crate) fn text(body: &dyn Chunk) -> String {
    let mut bytes = vec![0; body.len()];
    body.copy_to(0, &mut bytes);
    String::from_utf8(bytes).unwrap_or_default()
}
