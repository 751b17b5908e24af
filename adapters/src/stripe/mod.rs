#![doc = include_str!("README.md")]

mod client;
mod events;
mod key;
mod prices;
mod products;
pub mod signature;
pub mod sim;
mod verify;
mod webhooks;

pub use client::{API_BASE, API_VERSION, MARK, Settings, Stripe};
pub use events::{Event, Undelivered};
pub use key::{Key, KeyError, Kind, Mode};
pub use prices::{Price, Recurring, WantedPrice};
pub use products::{Product, WantedProduct};
pub use verify::{Account, Balance, Funds};
pub use webhooks::{EnsuredEndpoint, WantedEndpoint, WebhookEndpoint};
