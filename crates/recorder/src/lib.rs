//! The whole client as a sans-IO state machine.
