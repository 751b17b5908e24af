//! The question tree, as data: which slots an action has, how each is asked for, what it takes, what is usual. A slot is
//! asked for only when nobody said it, its answer changes the request, and no default is safe; production is never a
//! default.

mod amounts;
mod change;
mod choices;
mod command_line;
mod describe;
mod draft;
mod likeness;
mod rows;
mod signs;
mod takes;
#[cfg(test)]
mod tests;
mod words;

use serde::{Deserialize, Serialize};

pub(crate) use amounts::rate_said;
pub(crate) use change::change_of_data;
pub(crate) use describe::Described;
pub(crate) use draft::{Draft, EMBEDDED, list_of};
pub(crate) use rows::{SlotRow, slots_of};
pub(crate) use signs::in_words;
pub(crate) use takes::valid::called_it;
pub(crate) use takes::{Asked, Takes, asks_for_the_whole, is_exact, named_project, plain, take, take_alone};

use crate::intent::Key;

/// Something that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Slot {
    /// Where.
    Environments,
    /// Which code, in production when nothing is proved.
    Ref,
    /// In which stages, where the environment leaves that open.
    Canary,
    /// How many.
    Replicas,
    /// Which variable.
    Name,
    /// What a variable is set to.
    Value,
    /// Which secret.
    Secret,
    /// Which database, cache or store.
    Component,
    /// The name of an environment that is to be made.
    Environment,
    /// The one it is like.
    From,
    /// Whether production's rules hold in it.
    Production,
    /// The environment that is to be no more.
    Destroyed,
    /// The name of what is taken away, typed once more.
    Retype,
    /// Which provider.
    Provider,
    /// Which data job.
    Job,
    /// The column a data job takes its values from.
    Source,
    /// Rows a batch.
    BatchSize,
    /// How many a minute.
    Rate,
    /// A dry run before the real one.
    DryRunFirst,
    /// Hours of the day in which it may run.
    Window,
    /// What an alert waits for.
    Signals,
    /// The project's name.
    Project,
    /// Who runs it.
    Platform,
    /// Who does DNS for it.
    Edge,
    /// Where the code is.
    Repository,
    /// What it is made of.
    Services,
    /// How one service is built.
    Build,
    /// How one service is started.
    Start,
    /// Where one environment is reached.
    Domain,
    /// Where a service of one environment is reached on this machine.
    Port,
    /// Databases, caches and stores.
    Components,
    /// Providers to connect.
    Connections,
    /// Telephone numbers for text messages.
    Texts,
    /// Whether the whole is right.
    Confirm,
}

impl Slot {
    /// Its row.
    pub(crate) fn row(self) -> &'static SlotRow {
        &rows::SLOTS[self as usize]
    }

    /// What it is called on cards.
    pub(crate) fn called(self, of: Option<&str>) -> String {
        let of = of.map(|of| format!(" of {of}")).unwrap_or_default();
        format!("{}{of}", self.row().called.first().copied().unwrap_or_default())
    }

    /// The slot that asks for a key without which an action can't start.
    fn of(key: Key) -> Option<Self> {
        Some(match key {
            Key::Environments => Self::Environments,
            Key::Replicas => Self::Replicas,
            Key::Name => Self::Name,
            Key::Value => Self::Value,
            Key::Component => Self::Component,
            Key::Environment => Self::Environment,
            Key::Provider => Self::Provider,
            Key::Job => Self::Job,
            _ => return None,
        })
    }
}
