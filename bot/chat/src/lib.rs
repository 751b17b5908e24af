#![doc = include_str!("../README.md")]

pub mod intent;
mod message;

pub use message::*;
