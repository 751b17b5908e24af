#![doc = include_str!("README.md")]

mod accounts;
mod behaviour;
mod builds;
mod call;
mod ci;
mod code;
mod database;
mod drift;
mod edge;
mod effects;
mod fault;
mod instances;
mod jobs;
mod migrate;
mod phones;
mod platform;
mod repository;
mod rolling;
mod seed;
mod services;
mod signals;
mod world;

pub use accounts::Keys;
pub use behaviour::{Behaviour, Building, Healthy};
pub use call::Call;
pub use drift::Drift;
pub use effects::Effect;
pub use fault::{CallMatch, Fault, FaultKind};
pub use jobs::{JobLie, SimJob};
pub use phones::{PhoneFault, PhoneText, Phones};
pub use seed::Seed;
pub use world::World;
