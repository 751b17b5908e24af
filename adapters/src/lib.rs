//! Adapters: the engine's ports, served by this machine and by providers.

pub mod local;
pub mod sim;
