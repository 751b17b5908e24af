#![doc = include_str!("../README.md")]

pub mod accounts;
pub mod cloudflare;
pub mod git;
pub mod github;
pub mod hosted;
pub mod http;
pub mod local;
pub mod prometheus;
pub mod railway;
pub mod rehearsal;
pub mod sendgrid;
pub mod sim;
pub mod stripe;
pub mod twilio;
