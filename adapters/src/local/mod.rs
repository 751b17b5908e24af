//! The embedded platform: services as plain processes on this machine, and the edge in front of them.

pub mod edge;
