//! Puts the program together, in order, and takes it apart again, in order. Only here do all crates meet.

mod ci;
mod fronts;
mod host;
mod lock;
pub(crate) mod logs;
mod member;
mod parts;
mod providers;
mod sample;
mod tenure;
mod unplugged;

pub(crate) use fronts::Fronts;
pub(crate) use host::{Host, Sample, database_is_away};
pub(crate) use lock::{Holder, HostLock};
pub(crate) use member::Member;
pub(crate) use parts::{
    MASTER_KEY_FILE, Parts, SIGNING_KEY_FILE, folder_private, installation, master_keys, rules_load,
};
use sample::sample_ensure;
pub(crate) use sample::speaker_default;
pub(crate) use tenure::Standing;
pub(crate) use unplugged::engine_unplugged;
