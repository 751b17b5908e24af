#![doc = include_str!("../README.md")]

pub mod artifacts;
pub mod audit;
pub mod canonical;
pub mod clock;
pub mod model;
pub mod ports;
pub mod redact;
pub mod secrets;
