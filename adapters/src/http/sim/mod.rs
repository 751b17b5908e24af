//! What simulators of vendors share: a small server on this machine that keeps what it is told, writes down every call as it came
//! with its answer, and goes wrong when told to. A simulator is a [`Simulated`] vendor: its state, and how it answers.

mod call;
mod fault;
mod server;

pub use call::{Asked, Recorded, Said};
pub use fault::{Fault, When};
pub use server::{Server, Simulated};
