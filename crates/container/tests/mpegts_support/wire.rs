//! Transport streams written by hand.

use std::collections::BTreeMap;

use super::{Stream, demux};

pub(crate) const VIDEO: u16 = 0x100;
pub(crate) const AUDIO: u16 = 0x101;

/// Main profile, 640x360.
pub(crate) const HEVC_VPS: [u8; 24] = [
    0x40, 0x01, 0x0c, 0x01, 0xff, 0xff, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3f,
    0x99, 0x98, 0x09,
];
pub(crate) const HEVC_SPS: [u8; 40] = [
    0x42, 0x01, 0x01, 0x01, 0x60, 0, 0, 3, 0, 0x90, 0, 0, 3, 0, 0, 3, 0, 0x3f, 0xa0, 0x05, 0x02,
    0x01, 0x69, 0x65, 0x99, 0x9a, 0x49, 0x32, 0xbc, 0x04, 0x04, 0, 0, 0x0f, 0xa4, 0, 0x01, 0xd4,
    0xc0, 0x20,
];
pub(crate) const HEVC_PPS: [u8; 7] = [0x44, 0x01, 0xc1, 0x72, 0xb4, 0x62, 0x40];

/// Writes packets.
#[derive(Default)]
pub(crate) struct Wire {
    pub(crate) bytes: Vec<u8>,
    pub(crate) counters: BTreeMap<u16, u8>,
}

impl Wire {
    /// PAT and PMT of one program of H.264 and AAC.
    pub(crate) fn new() -> Self {
        Self::with_video(0x1b)
    }

    /// The same with another stream type for the video.
    pub(crate) fn with_video(stream_type: u8) -> Self {
        let mut wire = Self::default();
        wire.pat(0, &[(1, 0x1000)]);
        wire.pmt(0x1000, 1, 0, &[(stream_type, VIDEO), (0x0f, AUDIO)]);
        wire
    }

    pub(crate) fn packet(&mut self, pid: u16, start: bool, payload: &[u8]) {
        self.packet_with(pid, start, 0, payload);
    }

    /// `scrambling` goes into the upper bits of the fourth byte.
    pub(crate) fn packet_with(&mut self, pid: u16, start: bool, scrambling: u8, payload: &[u8]) {
        let counter = self.counters.entry(pid).or_default();
        let [high, low] = pid.to_be_bytes();
        let high = high | if start { 0x40 } else { 0 };
        let stuffing = 184 - payload.len();
        let control = if stuffing > 0 { 0x30 } else { 0x10 };
        self.bytes
            .extend([0x47, high, low, scrambling << 6 | control | *counter]);
        *counter = (*counter + 1) & 15;
        match stuffing {
            0 => {}
            1 => self.bytes.push(0),
            _ => {
                self.bytes.extend([(stuffing - 1) as u8, 0]);
                self.bytes.resize(self.bytes.len() + stuffing - 2, 0xff);
            }
        }
        self.bytes.extend(payload);
    }

    pub(crate) fn section(&mut self, pid: u16, table: u8, id: u16, version: u8, body: &[u8]) {
        let len = (body.len() + 9) as u16;
        let [len_high, len_low] = (0xb000 | len).to_be_bytes();
        let [id_high, id_low] = id.to_be_bytes();
        let mut section = vec![table, len_high, len_low, id_high, id_low];
        section.extend([0xc1 | version << 1, 0, 0]);
        section.extend(body);
        section.extend(crc32(&section).to_be_bytes());
        section.insert(0, 0);
        section.resize(184, 0xff);
        self.packet(pid, true, &section);
    }

    pub(crate) fn pat(&mut self, version: u8, programs: &[(u16, u16)]) {
        let body: Vec<u8> = programs
            .iter()
            .flat_map(|(number, pid)| [number.to_be_bytes(), (0xe000 | pid).to_be_bytes()].concat())
            .collect();
        self.section(0, 0, 1, version, &body);
    }

    pub(crate) fn pmt(&mut self, pid: u16, program: u16, version: u8, streams: &[(u8, u16)]) {
        let mut body = vec![0xe1, 0x00, 0xf0, 0x00];
        for (stream_type, pid) in streams {
            let [high, low] = (0xe000 | pid).to_be_bytes();
            body.extend([*stream_type, high, low, 0xf0, 0x00]);
        }
        self.section(pid, 2, program, version, &body);
    }

    /// A PES packet in as many packets as it needs; unbounded for video.
    pub(crate) fn pes(&mut self, pid: u16, pts: Option<i64>, payload: &[u8]) {
        let pes = pes(pid, pts, payload);
        for (index, part) in pes.chunks(184).enumerate() {
            self.packet(pid, index == 0, part);
        }
    }

    pub(crate) fn video(&mut self, pts: i64, nals: &[&[u8]]) {
        self.pes(VIDEO, Some(pts), &annex_b(nals));
    }

    /// AAC frames of 100 bytes, their first byte telling them apart.
    pub(crate) fn audio(&mut self, pts: i64, frames: std::ops::Range<u8>) {
        let payload: Vec<u8> = frames.flat_map(adts).collect();
        self.pes(AUDIO, Some(pts), &payload);
    }

    pub(crate) fn demux(&self) -> Stream {
        let stream = demux(&self.bytes, usize::MAX);
        assert_eq!(stream, demux(&self.bytes, 1));
        stream
    }
}

pub(crate) fn pes(pid: u16, pts: Option<i64>, payload: &[u8]) -> Vec<u8> {
    let mut pes = vec![0, 0, 1, if pid == VIDEO { 0xe0 } else { 0xc0 }];
    let data_len = if pts.is_some() { 5 } else { 0 };
    let len = if pid == VIDEO {
        0
    } else {
        payload.len() + 3 + data_len
    };
    pes.extend((len as u16).to_be_bytes());
    pes.extend([0x80, if pts.is_some() { 0x80 } else { 0 }, data_len as u8]);
    if let Some(pts) = pts {
        pes.extend([
            0x21 | (pts >> 29) as u8 & 0x0e,
            (pts >> 22) as u8,
            (pts >> 14) as u8 | 1,
            (pts >> 7) as u8,
            (pts << 1) as u8 | 1,
        ]);
    }
    pes.extend(payload);
    pes
}

pub(crate) fn annex_b(nals: &[&[u8]]) -> Vec<u8> {
    nals.iter()
        .flat_map(|nal| [&[0, 0, 0, 1], *nal].concat())
        .collect()
}

pub(crate) fn length_prefixed(nals: &[&[u8]]) -> Vec<u8> {
    nals.iter()
        .flat_map(|nal| [&(nal.len() as u32).to_be_bytes(), *nal].concat())
        .collect()
}

/// A frame at 48 kHz, stereo: 7 bytes of header, 93 of payload.
pub(crate) fn adts(number: u8) -> Vec<u8> {
    let mut frame = vec![0xff, 0xf1, 0x4c, 0x80, 0x0c, 0x9f, 0xfc];
    frame.resize(100, number);
    frame
}

fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte) << 24, |crc, _| {
            crc << 1 ^ if crc >> 31 == 1 { 0x04c1_1db7 } else { 0 }
        })
    })
}
