//! MPEG-2 transport stream, ISO/IEC 13818-1.
