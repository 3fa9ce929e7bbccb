//! The whole edge as pure logic.
