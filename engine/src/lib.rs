#![doc = include_str!("../README.md")]

pub mod clock;
pub mod model;
pub mod ports;
pub mod project;
