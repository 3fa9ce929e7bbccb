//! Reads a Multivariant Playlist (section 4.4.6).

use super::{BasicTags, Pending, Taken, lenient, lines, set_first, split_tag};
use crate::error::Reason;
use crate::model::OtherLine;
use crate::multivariant_playlist::{MultivariantItem, MultivariantPlaylist, Variant};
use crate::tags::{ContentSteering, IFrameStreamInf, Media, SessionData, SessionKey, StreamInf};
use crate::variables::Substitution;
use crate::warning::{Scope, WarningReason};

pub(super) fn read(
    text: &str,
    substitution: Substitution<'_>,
    scope: &mut Scope,
) -> Result<MultivariantPlaylist, Reason> {
    let mut reader = Reader {
        substitution,
        basic: BasicTags::default(),
        content_steering: None,
        items: Vec::new(),
        pending: None,
    };
    for (number, line) in lines(text) {
        scope.line = number;
        match line.strip_prefix('#') {
            Some(line) => reader.tag(line, scope)?,
            None => reader.uri(line, scope)?,
        }
    }
    reader.give_up_pending(scope);
    Ok(MultivariantPlaylist {
        version: reader.basic.version,
        independent_segments: reader.basic.independent_segments,
        defines: reader.basic.defines,
        start: reader.basic.start,
        content_steering: reader.content_steering,
        items: reader.items,
    })
}

struct Reader<'a> {
    substitution: Substitution<'a>,
    basic: BasicTags,
    content_steering: Option<ContentSteering>,
    items: Vec<MultivariantItem>,
    /// An `EXT-X-STREAM-INF` that waits for its URI.
    pending: Option<Pending<StreamInf>>,
}

impl Reader<'_> {
    fn uri(&mut self, line: &str, scope: &mut Scope) -> Result<(), Reason> {
        let Some(Pending { value: info, .. }) = self.pending.take() else {
            // Some packagers repeat the URI of a tag on the line after it.
            if self.last_uri() == Some(line) {
                scope.warn(WarningReason::RepeatedUri);
                return Ok(());
            }
            return Err(Reason::MissingStreamInf);
        };
        let uri = self.substitution.uri(line)?;
        self.items
            .push(MultivariantItem::Variant(Box::new(Variant { info, uri })));
        Ok(())
    }

    fn last_uri(&self) -> Option<&str> {
        match self.items.last()? {
            MultivariantItem::Media(media) => media.uri.as_deref(),
            MultivariantItem::IFrameVariant(variant) => Some(&variant.uri),
            _ => None,
        }
    }

    fn tag(&mut self, line: &str, scope: &mut Scope) -> Result<(), Reason> {
        let (name, value) = split_tag(line);
        match self
            .basic
            .take(name, value, &mut self.substitution, scope)?
        {
            Taken::Yes => return Ok(()),
            Taken::Keep => {
                self.items
                    .push(MultivariantItem::Other(OtherLine::new(line)));
                return Ok(());
            }
            Taken::Unknown => {}
        }
        if name == StreamInf::TAG {
            self.give_up_pending(scope);
            let info = lenient(
                StreamInf::TAG,
                value,
                &mut self.substitution,
                scope,
                StreamInf::read,
            )?
            .unwrap_or_else(StreamInf::new);
            warn_without_bandwidth(info.bandwidth, StreamInf::TAG, scope);
            self.pending = Some(Pending {
                value: info,
                line: OtherLine::new(line),
                place: self.items.len(),
            });
            return Ok(());
        }
        let item = self.item(name, value, scope)?;
        if let Some(item) = item {
            self.items.push(item);
        } else if name != ContentSteering::TAG || !self.content_steering(value, scope)? {
            self.items
                .push(MultivariantItem::Other(OtherLine::new(line)));
        }
        Ok(())
    }

    fn item(
        &mut self,
        name: &str,
        value: &str,
        scope: &mut Scope,
    ) -> Result<Option<MultivariantItem>, Reason> {
        let variables = &mut self.substitution;
        Ok(match name {
            Media::TAG => lenient(Media::TAG, value, variables, scope, Media::read)?
                .map(|media| MultivariantItem::Media(Box::new(media))),
            IFrameStreamInf::TAG => {
                let read = IFrameStreamInf::read;
                lenient(IFrameStreamInf::TAG, value, variables, scope, read)?.map(|info| {
                    warn_without_bandwidth(info.bandwidth, IFrameStreamInf::TAG, scope);
                    MultivariantItem::IFrameVariant(Box::new(info))
                })
            }
            SessionData::TAG => {
                lenient(SessionData::TAG, value, variables, scope, SessionData::read)?
                    .map(|data| MultivariantItem::SessionData(Box::new(data)))
            }
            SessionKey::TAG => lenient(SessionKey::TAG, value, variables, scope, SessionKey::read)?
                .map(|key| MultivariantItem::SessionKey(Box::new(key))),
            _ => None,
        })
    }

    /// Whether the tag could be used.
    fn content_steering(&mut self, value: &str, scope: &mut Scope) -> Result<bool, Reason> {
        const TAG: &str = ContentSteering::TAG;
        let read = ContentSteering::read;
        let Some(tag) = lenient(TAG, value, &mut self.substitution, scope, read)? else {
            return Ok(false);
        };
        let taken = set_first(&mut self.content_steering, Some(tag), TAG, scope);
        Ok(matches!(taken, Taken::Yes))
    }

    /// Keeps an `EXT-X-STREAM-INF` that never got its URI.
    fn give_up_pending(&mut self, scope: &mut Scope) {
        if let Some(Pending { line, place, .. }) = self.pending.take() {
            scope.warn(WarningReason::MissingUri {
                tag: StreamInf::TAG,
            });
            // It stays before what came after it. `place` was the length of a list that only grows.
            self.items.insert(place, MultivariantItem::Other(line));
        }
    }
}

fn warn_without_bandwidth(bandwidth: Option<u64>, tag: &'static str, scope: &mut Scope) {
    if bandwidth.is_none() {
        scope.warn(WarningReason::AttributeMissing {
            tag,
            attribute: "BANDWIDTH",
        });
    }
}
