//! What adapters of vendors' HTTP APIs share: a client with timeouts that names what went wrong, a budget of calls that all
//! runs share, addresses a token may be sent to, and a small server for simulators.
//!
//! An adapter describes its [`Vendor`] once and makes [`Call`]s; what comes back is an [`Answer`] or an [`ApiError`], which becomes
//! the engine's [`PortError`](engine::ports::PortError) by [`ApiError::of_read`] or [`ApiError::of_write`]: a write whose answer
//! got lost is *unknown*, a read is only tried again.

mod address;
mod answer;
mod api;
mod budget;
mod call;
mod error;
mod limits;
pub mod sim;
mod vendor;

pub use address::{AddressError, address_checked};
pub use answer::Answer;
pub use api::{Api, Auth, Settings};
pub use budget::{Budget, Budgets, Quota};
pub use call::{Body, Call, Effect};
pub use error::ApiError;
pub use limits::{Limits, limits_of_fields, limits_of_policy};
pub use vendor::{Problem, Vendor};
