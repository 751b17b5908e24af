#![doc = include_str!("../README.md")]

pub mod artifacts;
pub mod audit;
pub mod canary;
pub mod canonical;
pub mod clock;
pub mod control;
pub mod model;
pub mod monitor;
pub mod plan;
pub mod ports;
pub mod project;
pub mod redact;
pub mod run;
pub mod secrets;
pub mod step;
pub mod store;
