//! Recordings' gates, for files that are sent without asking the recording each time.

use livetape_edge::{Gate, Piece, PlayClaims, RecordingId};
use worker::{Env, Error};

use crate::command::Command;
use crate::recent;
use crate::refusal::Refusal;

/// Lets a request through.
pub(crate) async fn check(
    env: &Env,
    id: &RecordingId,
    claims: Option<&PlayClaims>,
) -> Result<(), Refusal> {
    Ok(gate(env, id).await?.check(claims)?)
}

/// A gate as it was a second ago at most.
async fn gate(env: &Env, id: &RecordingId) -> Result<Gate, Refusal> {
    let answer = recent::view(env, id, &Command::Gate).await?;
    match answer.pieces.as_slice() {
        [Piece::Bytes(body)] if answer.status == 200 => {
            Ok(serde_json::from_slice(body).map_err(Error::from)?)
        }
        _ => Err(Refusal::Told(answer.into())),
    }
}
