//! HTTP/1.1 by hand: the messages, a server with a thread per connection, and a small client.

mod client;
mod message;
mod server;

pub use client::{call, Answer};
pub use message::{decode_form, Request};
pub use server::{listen, Body, Response};
