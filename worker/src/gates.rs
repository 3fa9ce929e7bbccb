//! Recordings' gates, for files that are sent without asking the recording each time.

use livetape_edge::{Entrance, Form, Piece, RecordingId, Visitor};
use worker::{Env, Error};

use crate::command::Command;
use crate::recent;
use crate::recording::Recording;
use crate::refusal::Refusal;

/// Lets a request through that is for media in a form, or for what is the same in all.
pub(crate) async fn check(
    env: &Env,
    id: &RecordingId,
    visitor: &Visitor,
    form: Option<Form>,
) -> Result<Entrance, Refusal> {
    let entrance = entrance(env, id).await?;
    let (gate, claims) = (&entrance.gate, visitor.claims.as_ref());
    gate.check(claims)?;
    gate.check_page(&visitor.page)?;
    form.map_or(Ok(()), |form| gate.check_form(form, claims))?;
    Ok(entrance)
}

/// What stands before a recording's files, as it was a second ago at most.
async fn entrance(env: &Env, id: &RecordingId) -> Result<Entrance, Refusal> {
    let answer = recent::view(env, id, &Command::Gate).await?;
    match answer.pieces.as_slice() {
        [Piece::Bytes(body)] if answer.status == 200 => {
            Ok(serde_json::from_slice(body).map_err(Error::from)?)
        }
        _ => Err(Refusal::Told(answer.into())),
    }
}

impl Recording {
    /// What stands before its stored files.
    pub(crate) fn entrance(&self) -> Result<Entrance, Refusal> {
        Ok(self.index()?.entrance())
    }
}
