//! AAC: AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1) and ADTS (§1.A.2.2).

use super::BitReader;

/// Samples per second by `samplingFrequencyIndex`, ISO/IEC 14496-3 table 1.18.
const SAMPLING_FREQUENCIES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

/// Audio samples in one AAC frame of ADTS (`frameLengthFlag` is 0 there).
pub const FRAME_SAMPLES: u32 = 1024;

/// What an AudioSpecificConfig says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioSpecificConfig {
    /// `audioObjectType`: 2 = AAC LC, 5 = SBR, 29 = PS, 42 = xHE-AAC.
    pub object_type: u8,
    /// Samples per second of the core coder.
    pub sample_rate: u32,
    /// Samples per second after SBR, where signalled.
    pub extension_sample_rate: Option<u32>,
    /// `channelConfiguration`; 0 means a program config element says it.
    pub channel_configuration: u8,
}

impl AudioSpecificConfig {
    /// Reads the first fields; `None` where the bytes end early or a field is reserved.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = BitReader::new(bytes);
        let object_type = audio_object_type(&mut reader)?;
        let sample_rate = sampling_frequency(&mut reader)?;
        let channel_configuration = reader.bits(4)? as u8;
        let mut extension_sample_rate = None;
        if matches!(object_type, 5 | 29) {
            extension_sample_rate = Some(sampling_frequency(&mut reader)?);
        }
        Some(Self {
            object_type,
            sample_rate,
            extension_sample_rate,
            channel_configuration,
        })
    }

    /// Number of channels, ISO/IEC 14496-3 table 1.19; 2 where a program config element says it.
    pub const fn channels(&self) -> u16 {
        match self.channel_configuration {
            1 => 1,
            3 => 3,
            4 => 4,
            5 => 5,
            6 => 6,
            7 | 12 | 14 => 8,
            11 => 7,
            _ => 2,
        }
    }
}

fn audio_object_type(reader: &mut BitReader<'_>) -> Option<u8> {
    match reader.bits(5)? {
        31 => Some(32 + reader.bits(6)? as u8),
        object_type => Some(object_type as u8),
    }
}

fn sampling_frequency(reader: &mut BitReader<'_>) -> Option<u32> {
    match reader.bits(4)? {
        15 => reader.bits(24).filter(|rate| *rate > 0),
        index => SAMPLING_FREQUENCIES.get(index as usize).copied(),
    }
}

/// One ADTS header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdtsHeader {
    /// `profile_ObjectType` + 1, the audio object type.
    pub object_type: u8,
    /// Index into the table of sampling frequencies.
    pub sampling_frequency_index: u8,
    /// `channel_configuration`.
    pub channel_configuration: u8,
    /// Bytes of header, 7 or 9 (with CRC).
    pub header_len: usize,
    /// Bytes of the frame, header included.
    pub frame_len: usize,
    /// Raw data blocks in the frame; 1 nearly always.
    pub raw_data_blocks: u8,
}

impl AdtsHeader {
    /// The shortest header.
    pub const MIN_LEN: usize = 7;

    /// Reads a header at the start of `bytes`; `None` where there is none or it is cut.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = BitReader::new(bytes.get(..Self::MIN_LEN)?);
        if reader.bits(12)? != 0xfff {
            return None;
        }
        reader.skip(1)?; // ID: MPEG-4 or MPEG-2
        if reader.bits(2)? != 0 {
            return None; // layer is always 0
        }
        let protection_absent = reader.bit()?;
        let object_type = reader.bits(2)? as u8 + 1;
        let sampling_frequency_index = reader.bits(4)? as u8;
        SAMPLING_FREQUENCIES.get(usize::from(sampling_frequency_index))?;
        reader.skip(1)?; // private_bit
        let channel_configuration = reader.bits(3)? as u8;
        reader.skip(4)?; // original_copy, home, copyright bits
        let frame_len = reader.bits(13)? as usize;
        reader.skip(11)?; // adts_buffer_fullness
        let raw_data_blocks = reader.bits(2)? as u8 + 1;
        let header_len = if protection_absent { 7 } else { 9 };
        (frame_len >= header_len).then_some(Self {
            object_type,
            sampling_frequency_index,
            channel_configuration,
            header_len,
            frame_len,
            raw_data_blocks,
        })
    }

    /// Samples per second.
    pub fn sample_rate(&self) -> u32 {
        SAMPLING_FREQUENCIES
            .get(usize::from(self.sampling_frequency_index))
            .copied()
            .unwrap_or(48_000)
    }

    /// The two-byte AudioSpecificConfig that says the same.
    pub const fn audio_specific_config(&self) -> [u8; 2] {
        let word = (self.object_type as u16) << 11
            | (self.sampling_frequency_index as u16) << 7
            | (self.channel_configuration as u16) << 3;
        word.to_be_bytes()
    }

    /// The seven-byte header (no CRC, one raw data block) for a frame of `payload_len` bytes.
    /// `None` where the length does not fit the 13-bit field.
    pub fn write(config: &AudioSpecificConfig, payload_len: usize) -> Option<[u8; 7]> {
        let frame_len = payload_len
            .checked_add(Self::MIN_LEN)
            .filter(|len| *len < 1 << 13)?;
        let index = SAMPLING_FREQUENCIES
            .iter()
            .position(|rate| *rate == config.sample_rate)?;
        // ADTS has two bits for the object type: what SBR and PS extend is AAC LC.
        let profile = match config.object_type {
            1..=4 => u64::from(config.object_type) - 1,
            _ => 1,
        };
        let bits = 0xfff1_u64 << 40
            | profile << 38
            | (index as u64) << 34
            | u64::from(config.channel_configuration & 7) << 30
            | (frame_len as u64) << 13
            | 0x7ff << 2;
        let mut header = [0; 7];
        header.copy_from_slice(bits.to_be_bytes().get(1..)?);
        Some(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_aac_lc_config() {
        let config = AudioSpecificConfig::parse(&[0x11, 0x90]).expect("valid");
        assert_eq!(config.object_type, 2);
        assert_eq!(config.sample_rate, 48_000);
        assert_eq!(config.channels(), 2);
        assert_eq!(AudioSpecificConfig::parse(&[0x11]), None);
    }

    #[test]
    fn a_sampling_frequency_of_zero_is_none() {
        // AOT 2, frequency escape, 24 bits of frequency, stereo
        let config = |rate: u8| AudioSpecificConfig::parse(&[0x17, 0x80, 0, rate << 1, 0x10]);
        assert_eq!(config(0), None);
        assert_eq!(config(8).map(|config| config.sample_rate), Some(8 << 2));
    }

    #[test]
    fn reads_explicit_sbr() {
        // AOT 5, 24 kHz core, stereo, extension 48 kHz, AOT 2
        let config = AudioSpecificConfig::parse(&[0x2b, 0x11, 0x88, 0x00]).expect("valid");
        assert_eq!((config.object_type, config.sample_rate), (5, 24_000));
        assert_eq!(config.extension_sample_rate, Some(48_000));
    }

    #[test]
    fn an_adts_header_written_is_read_back() {
        let config = AudioSpecificConfig::parse(&[0x11, 0x90]).expect("valid");
        let header = AdtsHeader::write(&config, 371).expect("fits");
        let read = AdtsHeader::parse(&header).expect("valid");
        assert_eq!(read.frame_len, 378);
        assert_eq!(read.header_len, 7);
        assert_eq!(read.sample_rate(), 48_000);
        assert_eq!(read.raw_data_blocks, 1);
        assert_eq!(read.audio_specific_config(), [0x11, 0x90]);
        assert_eq!(AdtsHeader::write(&config, 8192), None);
    }
}
