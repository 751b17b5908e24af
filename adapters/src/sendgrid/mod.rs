#![doc = include_str!("README.md")]

mod client;
mod domains;
mod mail;
mod senders;
pub mod sim;
mod verify;

pub use client::{API_BASE, API_BASE_EU, Region, SendGrid, Settings};
pub use domains::{DnsRecord, DomainState, EnsuredDomain};
pub use mail::{Address, CATEGORY, KEY, Mail, SentMail};
pub use senders::{SenderIdentity, VerifiedSender};
pub use verify::EventWebhook;
