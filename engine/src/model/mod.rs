//! What the system knows: typed names and identifiers, the desired shape of projects, people, releases, requests.

mod canary;
mod check;
mod component;
mod connection;
mod ids;
mod judging;
mod names;
mod people;
mod project;
mod queries;
mod release;
mod request;
mod sight;
mod size;
mod standing;
mod texts;

pub use canary::*;
pub use check::*;
pub use component::*;
pub use connection::*;
pub use ids::*;
pub use judging::*;
pub use names::*;
pub use people::*;
pub use project::*;
pub use queries::*;
pub use release::*;
pub use request::*;
pub use sight::*;
pub use size::*;
pub use standing::*;
pub use texts::*;
