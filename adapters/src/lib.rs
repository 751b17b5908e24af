#![doc = include_str!("../README.md")]

pub mod git;
pub mod http;
pub mod local;
pub mod prometheus;
pub mod sim;
pub mod twilio;
