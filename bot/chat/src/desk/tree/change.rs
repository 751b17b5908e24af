//! A change of data said as several orders: columns, and the jobs that fill them, in one environment after the other. It is
//! asked about and shown as the one request it is.

use std::sync::LazyLock;

use regex::Regex;

use super::amounts::{per_minute, rate};
use super::{Draft, Slot};
use crate::intent::{Action, Command};

/// How many of the orders behind this one belong to the same change of data: columns and one job's backfills, each in
/// other environments.
pub(crate) fn change_of_data(command: &Command, left: &[Command]) -> usize {
    let mut backfills: Vec<&Command> = Vec::new();
    let mut belonging = 0;
    for (place, one) in std::iter::once(command).chain(left).enumerate() {
        match one.action {
            Action::Expand => {}
            Action::Backfill if backfills.iter().all(|other| go_together(other, one)) => {
                backfills.push(one);
                belonging = place;
            }
            _ => break,
        }
    }
    belonging
}

/// The same job in two places: nothing differs but where and how fast.
fn go_together(one: &Command, other: &Command) -> bool {
    let elsewhere =
        |command: &Command| Command { environments: Vec::new(), rate_per_min: None, ..command.clone() };
    let somewhere = !one.environments.is_empty() && !other.environments.is_empty();
    let apart = one.environments.iter().all(|name| !other.environments.contains(name));
    somewhere && apart && elsewhere(one) == elsewhere(other)
}

/// The rates in a text that say of what they are.
fn rates_said(text: &str) -> Vec<String> {
    static RATE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\b[0-9][0-9,_]*k?\s*[a-z]+\s*(?:/|\bper\b|\ban?\b|\beach\b|\bevery\b)\s*[a-z]+").ok()
    });
    let found = RATE.as_ref().map(|found| found.find_iter(text));
    found.into_iter().flatten().filter_map(|found| rate(&found.as_str().to_lowercase())).collect()
}

/// What data is said to be filled from: "backfill timezone from address". A place or a time is none.
fn source_said(text: &str, commands: &[Command]) -> Option<String> {
    /// Behind "from", these say when.
    const WHEN: [&str; 9] =
        ["scratch", "here", "there", "now", "today", "tomorrow", "tonight", "noon", "midnight"];
    static SOURCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\bbackfill[^.;\n]*?\bfrom\s+(?:(?:the|our|column|field)\s+)*([a-z_][\w.]*\w)").ok()
    });
    let found = SOURCE.as_ref()?.captures(text)?.get(1)?.as_str();
    let low = found.to_lowercase();
    let sample = crate::intent::Names::sample();
    let mut places = sample.environments.iter().flat_map(|named| named.aliases.iter().chain([&named.name]));
    let said = commands.iter().flat_map(|command| &command.environments);
    let elsewhere = places.any(|place| *place == low) || said.into_iter().any(|place| *place == low);
    (!elsewhere && !WHEN.contains(&low.as_str())).then(|| found.to_owned())
}

impl Draft {
    /// A change of data as it was said: these orders, in these words.
    pub(crate) fn of_change(commands: Vec<Command>, text: &str) -> Self {
        let said = rates_said(text);
        let in_words = |count: u64| {
            let words = said.iter().find(|words| per_minute(words) == Some(count));
            words.cloned().unwrap_or_else(|| format!("{count}/min"))
        };
        let backfills: Vec<&Command> = commands.iter().filter(|it| it.action == Action::Backfill).collect();
        let mut whole = backfills.first().map_or_else(|| Command::new(Action::Backfill), |it| (*it).clone());
        whole.environments = backfills.iter().flat_map(|it| it.environments.iter().cloned()).collect();
        let first = whole.rate_per_min;
        let alike = backfills.iter().all(|it| it.rate_per_min == first);
        let mut rates: Vec<(Option<String>, u64)> = Vec::new();
        if alike {
            rates.extend(first.map(|count| (None, count)));
        } else {
            whole.rate_per_min = None;
            for backfill in &backfills {
                let places = backfill.environments.iter().cloned().map(Some);
                rates.extend(
                    places
                        .zip(std::iter::repeat(backfill.rate_per_min))
                        .filter_map(|(of, it)| Some((of, it?))),
                );
            }
        }
        let mut draft = Self::of(whole);
        if let Some(source) = source_said(text, &commands) {
            draft.know(Slot::Source, None, source);
        }
        for (of, count) in rates {
            draft.know(Slot::Rate, of, in_words(count));
        }
        draft.parts = if commands.len() > 1 { commands } else { Vec::new() };
        draft
    }

    /// Whether it was said as these very orders.
    pub(crate) fn was_said_as(&self, orders: &[Command]) -> bool {
        self.parts == orders
    }

    /// Gives one of several environments a rate of its own; the others keep theirs.
    pub(crate) fn rate_apart(&mut self, environment: &str, value: String) {
        if let Some(common) = self.said(Slot::Rate, None) {
            self.answers.retain(|answer| answer.slot != Slot::Rate);
            self.command.rate_per_min = None;
            for name in self.filled().environments {
                self.know(Slot::Rate, Some(name), common.clone());
            }
        }
        self.correct(Slot::Rate, Some(environment), value);
    }

    /// Whether a rate was said for one of several environments.
    pub(crate) fn rates_differ(&self) -> bool {
        self.answers.iter().any(|answer| answer.slot == Slot::Rate && answer.of.is_some())
    }

    /// The orders it stands for, in turn, each in words: with what was answered, and rates as they were said.
    pub(crate) fn orders(&self) -> Vec<(Command, String)> {
        let filled = self.filled();
        if filled.action != Action::Backfill || filled.environments.is_empty() {
            let words = self.in_full(&filled, filled.canonical());
            return vec![(filled, words)];
        }
        let backfills = self.parts.iter().filter(|it| it.action == Action::Backfill);
        let places: Vec<&String> = backfills.flat_map(|it| it.environments.iter()).collect();
        let as_said = places.iter().copied().eq(filled.environments.iter());
        let mut orders = Vec::new();
        if as_said && !self.parts.is_empty() {
            for part in &self.parts {
                match part.action {
                    Action::Backfill => {
                        orders.extend(part.environments.iter().map(|name| self.filled_in(&filled, name)));
                    }
                    _ => orders.push((part.clone(), part.canonical())),
                }
            }
            return orders;
        }
        // Somewhere else now: there the same columns come first.
        let mut columns: Vec<&Command> = Vec::new();
        for part in self.parts.iter().filter(|it| it.action == Action::Expand) {
            if !columns.iter().any(|other| other.column == part.column) {
                columns.push(part);
            }
        }
        for name in &filled.environments {
            for column in &columns {
                let column = Command { environments: vec![name.clone()], ..(*column).clone() };
                let words = column.canonical();
                orders.push((column, words));
            }
            orders.push(self.filled_in(&filled, name));
        }
        orders
    }

    /// The backfill in one environment.
    fn filled_in(&self, filled: &Command, environment: &str) -> (Command, String) {
        let mut order = Command { environments: vec![environment.to_owned()], ..filled.clone() };
        let said = self.rate_in(&order);
        order.rate_per_min = said.and_then(per_minute).or(filled.rate_per_min);
        let plain = order.rate_per_min.map(|count| format!("at {count}/min")).unwrap_or_default();
        let words = self.in_full(&order, order.canonical());
        let words = match said {
            Some(said) => words.replacen(&plain, &format!("at {said}"), 1),
            None => words,
        };
        (order, words)
    }

    /// An order's words with all that no key of it holds.
    fn in_full(&self, order: &Command, words: String) -> String {
        let mut words = self.with_source(order, words);
        for slot in [Slot::DryRunFirst, Slot::Window] {
            if let Some(said) = self.answer(slot, None).filter(|_| order.action == Action::Backfill) {
                words = format!("{words}, {}: {said}", slot.called(None));
            }
        }
        words
    }

    /// An order's words with what its job fills from, where that was said.
    fn with_source(&self, order: &Command, words: String) -> String {
        match (self.source(), &order.job) {
            (Some(source), Some(job)) => words.replacen(job.as_str(), &format!("{job} from {source}"), 1),
            _ => words,
        }
    }

    /// What a job fills from, as it was said.
    pub(crate) fn source(&self) -> Option<&str> {
        self.answer(Slot::Source, None)
    }

    /// The rate of one of its orders, as it was said.
    pub(crate) fn rate_in(&self, order: &Command) -> Option<&str> {
        let place = order.environments.first().map(String::as_str);
        self.answer(Slot::Rate, place).or_else(|| self.answer(Slot::Rate, None))
    }

    /// The one sentence it is shown as.
    pub(crate) fn canonical(&self) -> String {
        let orders: Vec<String> = self.orders().into_iter().map(|(_, words)| words).collect();
        orders.join(", then ")
    }
}
