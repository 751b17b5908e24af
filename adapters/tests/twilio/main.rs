//! The adapter against the simulator, and both against what Twilio has published: every request and every answer.

mod emulate;
mod port;
mod signatures;
mod spec;
