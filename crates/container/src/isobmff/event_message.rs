//! The event message box `emsg`, ISO/IEC 23009-1 §5.10.3.3, read and written.

use livetape_media::{TimedEvent, Timescale, Timestamp};

use super::boxes::BoxRef;
use super::fields::Fields;
use super::write::Writer;

/// Times from here on are none: sums of two stay within 64 bits.
pub(super) const FARTHEST: i64 = 1 << 62;
/// `event_duration` that is not known.
const UNKNOWN: u32 = u32::MAX;

/// What an `emsg` says, with its time as the box tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EventMessage {
    /// Version 0: the time counts from the earliest presentation time of the segment it leads.
    pub(crate) is_relative: bool,
    pub(crate) event: TimedEvent,
}

impl EventMessage {
    /// `None` where the box is cut short, its timescale is 0, its version unknown or its time
    /// past what a time can be.
    pub(crate) fn read(emsg: BoxRef<'_>) -> Option<Self> {
        let mut fields = emsg.fields();
        let (version, _) = fields.version_and_flags()?;
        let (scheme, value, timescale, time, duration, id) = match version {
            0 => {
                let (scheme, value) = (text(&mut fields)?, text(&mut fields)?);
                let timescale = fields.u32()?;
                let time = i64::from(fields.u32()?);
                (scheme, value, timescale, time, fields.u32()?, fields.u32()?)
            }
            1 => {
                let timescale = fields.u32()?;
                let time = i64::try_from(fields.u64()?).ok()?;
                (time < FARTHEST).then_some(())?;
                let (duration, id) = (fields.u32()?, fields.u32()?);
                let (scheme, value) = (text(&mut fields)?, text(&mut fields)?);
                (scheme, value, timescale, time, duration, id)
            }
            _ => return None,
        };
        let timescale = Timescale::new(timescale)?;
        let lasts = (duration != UNKNOWN).then_some(i64::from(duration));
        Some(Self {
            is_relative: version == 0,
            event: TimedEvent {
                time: Timestamp::new(time, timescale),
                duration: lasts.map(|ticks| Timestamp::new(ticks, timescale)),
                scheme,
                value,
                id,
                payload: fields.take(fields.left())?.to_vec(),
            },
        })
    }
}

/// A zero-terminated string; of one that is not UTF-8 every byte is a letter.
fn text(fields: &mut Fields<'_>) -> Option<String> {
    let mut bytes = Vec::new();
    loop {
        match fields.u8()? {
            0 => return Some(String::from_utf8(bytes).unwrap_or_else(|no| letters(no.as_bytes()))),
            byte => bytes.push(byte),
        }
    }
}

/// ISO/IEC 8859-1.
fn letters(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes {
        text.push(char::from(*byte));
    }
    text
}

/// An event as an `emsg` box of version 1, at `time` on the presentation timeline of the file it
/// goes into; a time before its beginning becomes 0. A duration over what its 32 bits can hold
/// is written as unknown.
pub fn event_message(event: &TimedEvent, time: Timestamp) -> Vec<u8> {
    let timescale = time.timescale;
    let lasts = event.duration.map(|span| span.rescale(timescale).ticks);
    let lasts = lasts.and_then(|ticks| u32::try_from(ticks).ok());
    let mut w = Writer::default();
    w.full_box(b"emsg", 1, 0, |w| {
        w.u32(timescale.get());
        w.u64(u64::try_from(time.ticks).unwrap_or(0));
        w.u32(lasts.unwrap_or(UNKNOWN));
        w.u32(event.id);
        for text in [&event.scheme, &event.value] {
            // A zero would end the string early.
            let text = text.split('\0').next().unwrap_or_default();
            w.bytes(text.as_bytes());
            w.u8(0);
        }
        w.bytes(&event.payload);
    });
    w.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isobmff::boxes::Boxes;

    fn read(bytes: &[u8]) -> Option<EventMessage> {
        EventMessage::read(Boxes(bytes).next()?)
    }

    fn event(duration: Option<i64>) -> TimedEvent {
        let timescale = Timescale::MPEG;
        TimedEvent {
            time: Timestamp::new(1 << 40, timescale),
            duration: duration.map(|ticks| Timestamp::new(ticks, timescale)),
            scheme: TimedEvent::SCTE_35.to_owned(),
            value: "1001".to_owned(),
            id: 7,
            payload: vec![0xfc, 0, 1, 2],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for event in [event(None), event(Some(0)), event(Some(90_000))] {
            let read = read(&event_message(&event, event.time)).expect("whole");
            assert!(!read.is_relative);
            assert_eq!(read.event, event);
        }
        let long = event(Some(1 << 32));
        let read = read(&event_message(&long, long.time)).expect("whole");
        assert_eq!(read.event.duration, None);
    }

    #[test]
    fn version_0_is_relative_and_every_cut_is_refused() {
        let mut w = Writer::default();
        w.full_box(b"emsg", 0, 0, |w| {
            w.bytes(b"urn:x\0y\0");
            w.u32(1000);
            w.u32(250);
            w.u32(2000);
            w.u32(3);
            w.bytes(b"message");
        });
        let bytes = w.into_bytes();
        let found = read(&bytes).expect("whole");
        assert!(found.is_relative);
        assert_eq!(found.event.time, Timestamp::new(250, Timescale::MILLIS));
        assert_eq!(
            (found.event.scheme.as_str(), found.event.value.as_str()),
            ("urn:x", "y")
        );
        assert_eq!(
            (found.event.id, found.event.payload.as_slice()),
            (3, b"message".as_slice())
        );
        let body = &bytes[8..];
        let fixed = body.len() - b"message".len();
        for cut in 0..fixed {
            let mut w = Writer::default();
            w.boxed(b"emsg", |w| w.bytes(&body[..cut]));
            assert_eq!(read(&w.into_bytes()), None, "cut at {cut}");
        }
    }
}
