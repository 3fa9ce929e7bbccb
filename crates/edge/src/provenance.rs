//! Where a recording comes from.

use serde::{Deserialize, Serialize};

use crate::error::{ApiError, Code};
use crate::ids::{ClipId, RecordingId};

/// What a recording was made from, and by. It never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The recording or clip that it is another form of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<String>,
    /// The template that let it be made, and counts it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

/// Checks what a recording is said to be derived from: the id of a recording or a clip, which need not be
/// there any more.
///
/// # Errors
/// [`Code::BadRequest`].
pub(crate) fn check_derived_from(id: Option<&str>) -> Result<(), ApiError> {
    let is_id = |id: &str| RecordingId::parse(id).is_some() || ClipId::parse(id).is_some();
    if id.is_none_or(is_id) {
        return Ok(());
    }
    let detail = "derived_from is the id of a recording or a clip.";
    Err(ApiError::new(Code::BadRequest, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_recording_or_a_clip() {
        for id in [
            None,
            Some("rec_0123456789ABCDEFGHIJKL"),
            Some("clip_0123456789ABCDEFGHIJKL_7"),
        ] {
            assert_eq!(check_derived_from(id), Ok(()), "{id:?}");
        }
        for id in [
            "",
            "rec_1",
            "pub_0123456789ABCDEFGHIJKL",
            "live_0123456789ABCDEFGHIJKL_7",
        ] {
            let refused = check_derived_from(Some(id)).expect_err(id);
            assert_eq!(refused.code, Code::BadRequest);
        }
    }
}
