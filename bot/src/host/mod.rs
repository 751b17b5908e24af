//! Speaking with the host: the program that runs a data folder's services. It is this program, or another one that is
//! asked over a socket; whoever asks need not know which.
//!
//! The socket carries JSON, a line each way: [`wire::Ask`] and [`wire::Answer`]. It is its owner's alone, and both ends
//! check that the other belongs to the same user.

mod follow;
mod guest;
mod listener;
mod session;
mod socket;
mod wire;

pub(crate) use follow::Following;
pub(crate) use guest::{Guest, HostGone, front_troubles, fronts_connected, may_pass, unreached};
pub(crate) use listener::{Listener, Served};
pub(crate) use session::{Asked, Session};
pub(crate) use wire::{Came, Heard, RunBrief, Which};
