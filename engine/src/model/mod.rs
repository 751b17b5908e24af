//! What the system knows: typed names and identifiers, the desired shape of projects, people, releases, requests.

mod ids;
mod names;
mod people;
mod project;
mod release;
mod request;

pub use ids::*;
pub use names::*;
pub use people::*;
pub use project::*;
pub use release::*;
pub use request::*;
