//! The one sentence a command is shown as, which reads back as the same command.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::actions::Action;
use super::command::{Bundle, Canary, Channel, Command, Migrate, Mode, Reaction, Signal};
use super::grammar::{runs::is_run_action, settings::is_secretive};
use super::lexicon::{Class, look_up, near_opener};
use super::sentence::remark::BECAUSE;
use super::sentence::told::OUTCOMES;

impl Command {
    /// The canonical sentence of this command. People see it on every card and learn it; parsing it gives this command.
    pub fn canonical(&self) -> String {
        /// Most are shorter.
        const USUAL: usize = 64;
        let mut out = String::with_capacity(USUAL);
        if self.rehearse {
            out.push_str("rehearse ");
        }
        if self.dry_run && !matches!(self.action, Action::Readiness) {
            out.push_str("dry run ");
        }
        match self.action {
            Action::Alert => self.alert(&mut out),
            Action::Rule => self.rule(&mut out),
            Action::Expand => {
                push(&mut out, "add");
                match &self.column {
                    Some(column) => push(&mut out, &format!("\"{column}\" column")),
                    None => push(&mut out, "a column"),
                }
                self.place(&mut out, "in");
            }
            Action::Setup => self.setup(&mut out),
            Action::CreateEnvironment => {
                push(&mut out, "create environment");
                push_option(&mut out, "", self.environment.as_deref().map(unmistaken).as_deref());
                push_option(&mut out, "from", self.from.as_deref());
            }
            Action::DestroyEnvironment => {
                push(&mut out, "destroy environment");
                push_option(&mut out, "", self.environment.as_deref().map(unmistaken).as_deref());
            }
            Action::SetVariable => self.assignment(&mut out),
            Action::RotateSecret => {
                push(&mut out, "rotate");
                let name = self.name.as_deref().unwrap_or("secret");
                // "rotate GRACIAS": a plain word is a secret's name for certain only where it is called one.
                let ours = name.bytes().all(|byte| byte.is_ascii_uppercase());
                push(&mut out, if ours { "secret" } else { "" });
                // "rotate 050100 thxx": what looks like no name, or like thanks, is one in quotation marks.
                let odd =
                    |word: &str| !word.starts_with(|c: char| c.is_ascii_alphabetic()) || near_opener(word);
                let mark = if name.contains(' ') && name.split(' ').any(odd) { "\"" } else { "" };
                push(&mut out, &format!("{mark}{name}{mark}"));
                push(&mut out, if ours || name.split(' ').any(is_secretive) { "" } else { "secret" });
                self.place(&mut out, "in");
            }
            Action::Readiness => self.readiness(&mut out),
            Action::Can => {
                push(&mut out, "can I");
                push(&mut out, self.verb.map_or("", |verb| verb.row().verbs[0]));
                let of_run = self.verb.is_some_and(is_run_action);
                push(&mut out, if of_run { "the run" } else { "" });
                push(&mut out, &listed(&self.services));
                self.place(&mut out, if of_run || !self.services.is_empty() { "in" } else { "" });
                push(&mut out, "?");
            }
            Action::Whoami => push(&mut out, "whoami"),
            Action::Help => {
                push(&mut out, "help");
                push_option(&mut out, "", self.topic.as_deref());
            }
            _ => self.generic(&mut out),
        }
        if self.action == Action::Can { out.replace(" ?", "?") } else { out }
    }

    /// Whether it holds words of a person's own, which may be read as something else in another sentence.
    pub(super) fn says_freely(&self) -> bool {
        let free = [
            &self.value,
            &self.name,
            &self.reason,
            &self.column,
            &self.topic,
            &self.actor,
            &self.at,
            &self.git_ref,
            &self.to,
        ];
        free.into_iter().any(Option::is_some)
    }

    fn generic(&self, out: &mut String) {
        let verb = self.action.row().verbs[0];
        push(out, verb);
        if let Some(run) = &self.run {
            push(out, run);
        }
        push_option(out, "", self.component.as_deref());
        push_option(out, "", self.provider.as_deref());
        push_option(out, "", self.job.as_deref());
        push_option(out, "", self.project.as_deref());
        push(out, &self.providers.join(" and "));
        let cron = matches!(self.action, Action::CronDisable | Action::CronEnable)
            && self.services.iter().any(|service| service == "cron");
        if cron {
            // Beside its verb the word cron is the thing itself; in a word with another it is the service.
            let first = if self.services.len() == 1 { "cron/" } else { "" };
            push(out, &format!("{first}{}", self.services.join("/")));
        } else {
            push(out, &listed(&self.services));
        }
        // A ref that looks like none is not the last word of a migration's sentence, where it may be a place.
        let plain = self
            .git_ref
            .as_deref()
            .is_none_or(|git_ref| super::values::is_ref(&git_ref.to_ascii_lowercase()));
        let ahead = self.action == Action::Deploy || self.action == Action::Migrate && !plain;
        if ahead {
            push_ref(out, self.git_ref.as_deref());
        }
        if let Some(replicas) = self.replicas {
            let _ = write!(out, " to {replicas}");
        }
        let preposition = match self.action {
            Action::Deploy | Action::AddComponent | Action::Connect => "to",
            Action::RemoveComponent => "from",
            Action::Lock | Action::Unlock => "",
            _ => "in",
        };
        self.place(out, preposition);
        if self.action == Action::Migrate && !ahead {
            push_ref(out, self.git_ref.as_deref());
        }
        match self.to.as_deref() {
            Some("previous") => push(out, "to the previous release"),
            // The number of a release is called one.
            Some(number) if self.action == Action::Rollback && number.parse::<u32>().is_ok() => {
                push(out, "to release");
                push(out, number);
            }
            Some(to) => {
                push(out, "to");
                push_ref(out, Some(to));
            }
            None => {}
        }
        self.options(out);
        // "with canary at 10" would be its first step, and "soak 10m at 1" something that is not understood.
        let ends_in_canary = matches!(&self.canary, Some(Canary::On { weights, soak_s }) if weights.is_empty() || soak_s.is_some())
            && self.migrate.is_none();
        let at = self.at.as_deref().filter(|at| at_needs_at(at));
        out.push_str(if ends_in_canary && at.is_some() { "," } else { "" });
        push_option(out, "at", at);
        push_option(out, "", self.at.as_deref().filter(|at| !at_needs_at(at)));
        push_option(out, "by", self.actor.as_deref().map(mentioned).as_deref());
        if let Some(since) = self.since_s {
            let _ = write!(out, " for the last {}", seconds(since));
        }
        if let Some(reason) = &self.reason {
            // "lock production: done" is how tools say what came of it.
            let outcome = OUTCOMES.contains(&reason.to_ascii_lowercase().as_str());
            let mark = if reads_whole(reason) || reason.contains('"') { "" } else { "\"" };
            let _ = write!(out, "{} {mark}{reason}{mark}", if outcome { " because" } else { ":" });
        }
    }

    fn options(&self, out: &mut String) {
        match &self.canary {
            Some(Canary::Off) => push(out, "without canary"),
            Some(Canary::On { weights, soak_s }) => {
                push(out, "with canary");
                push(out, &weights.iter().map(ToString::to_string).collect::<Vec<_>>().join("/"));
                if let Some(soak) = soak_s {
                    let _ = write!(out, " soak {}", seconds(*soak));
                }
            }
            None => {}
        }
        match self.migrate {
            Some(Migrate::First) => push(out, "and run migrations first"),
            Some(Migrate::Skip) => push(out, "and skip migrations"),
            None => {}
        }
        if let Some(size) = self.batch_size {
            let _ = write!(out, " batch size {size}");
        }
        if let Some(rate) = self.rate_per_min {
            let _ = write!(out, " at {rate}/min");
        }
        if let Some(runtime) = self.max_runtime_s {
            let _ = write!(out, " max runtime {}", seconds(runtime));
        }
        match self.mode {
            Some(Mode::Test) => push(out, "in test mode"),
            Some(Mode::Live) => push(out, "in live mode"),
            None => {}
        }
    }

    fn place(&self, out: &mut String, preposition: &str) {
        if !self.environments.is_empty() {
            let bare = self.services.is_empty() && self.git_ref.is_none() && self.action == Action::Deploy;
            push(out, if bare { "" } else { preposition });
            push(out, &listed(&self.environments));
        }
    }

    fn setup(&self, out: &mut String) {
        push(out, "set up");
        push(out, &self.environments.join(", "));
        push_option(out, "for", self.project.as_deref());
        push_option(out, "on", self.platform.as_deref());
        // Alone it would read as the environment of that name.
        let alone = self.environments.is_empty() && self.platform.as_deref() == Some("local");
        push(out, if alone { "platform" } else { "" });
        if let Some(edge) = &self.edge {
            let _ = write!(out, ". Use {edge} as the edge");
        }
        if !self.connections.is_empty() {
            let _ = write!(out, ". Connect {}", self.connections.join(" and "));
        }
    }

    fn assignment(&self, out: &mut String) {
        push(out, "set");
        match (&self.name, &self.value) {
            (Some(name), Some(value)) => {
                let plain = is_plain_value(value);
                let quoted = match value {
                    _ if plain => value.clone(),
                    _ if !value.contains('"') => format!("\"{value}\""),
                    _ if !value.contains('\'') => format!("'{value}'"),
                    _ => format!("`{value}`"),
                };
                // "set OR=1" would be two things. A value in quotation marks stands in those of the other kind, or beside its name.
                let assigned = match () {
                    () if !is_mistaken(name) => format!("{name}={quoted}"),
                    () if plain => format!("\"{name}={quoted}\""),
                    () if quoted.starts_with('"') && !value.contains('\'') => format!("'{name}={quoted}'"),
                    () => format!("\"{name}\"={quoted}"),
                };
                push(out, &assigned);
            }
            (Some(name), None) if is_mistaken(name) => push(out, &format!("\"{name}=\"")),
            (Some(name), None) => push(out, &format!("variable {name}")),
            _ => push(out, "variable"),
        }
        if !self.services.is_empty() {
            let _ = write!(out, " for {}", listed(&self.services));
        }
        self.place(out, "in");
    }

    fn readiness(&self, out: &mut String) {
        push(out, if self.dry_run { "check" } else { "run" });
        push_option(out, "", self.bundle.map(bundle_word));
        push(out, if self.dry_run { "readiness" } else { "readiness bundle" });
        self.place(out, "of");
    }

    fn alert(&self, out: &mut String) {
        match self.by[..] {
            [Channel::Sms] => push(out, "text me"),
            [Channel::Email] => push(out, "email me"),
            [Channel::Chat] => push(out, "message me in chat"),
            _ => push(out, "alert me"),
        }
        if self.by.len() > 1 {
            let by = self.by.iter().map(|channel| match channel {
                Channel::Sms => "by sms",
                Channel::Email => "by email",
                Channel::Chat => "in chat",
            });
            push(out, &by.collect::<Vec<_>>().join(" and "));
        }
        push(out, "if");
        self.condition(out, &self.on);
    }

    fn rule(&self, out: &mut String) {
        push(out, "if");
        self.condition(out, &self.when);
        out.push(',');
        let reactions: Vec<&str> = self
            .then
            .iter()
            .map(|reaction| match reaction {
                Reaction::Rollback => "rollback",
                Reaction::Incident => "open an incident bundle with logs and diffs",
                Reaction::Restart => "restart",
                Reaction::Scale => "scale",
                Reaction::CronDisable => "disable cron",
                Reaction::HaltCanary => "halt the canary",
            })
            .collect();
        // An incident is opened, not ordered: it never stands first.
        let (opens, orders): (Vec<&str>, Vec<&str>) =
            reactions.iter().partition(|word| word.starts_with("open"));
        let sorted = if reactions.first().is_some_and(|word| word.starts_with("open")) && orders.is_empty() {
            opens
        } else {
            reactions
        };
        push(out, &sorted.join(" and "));
    }

    fn condition(&self, out: &mut String, signals: &[Signal]) {
        let words: Vec<&str> = signals
            .iter()
            .map(|signal| match signal {
                Signal::CanaryAnomaly => "the canary looks weird",
                Signal::Rollback => "a rollback triggers",
                Signal::DeployFailed => "a deploy fails",
                Signal::Repeated5xx => "we see repeated 500s",
                Signal::Unhealthy => "something is unhealthy",
            })
            .collect();
        push(out, &words.join(" or "));
        self.place(out, "in");
    }
}

/// Names in a list: more of them are one word with slashes, for no order of very many words is read.
fn listed(names: &[String]) -> String {
    /// As many are said with "and".
    const SAID: usize = 24;
    names.join(if names.len() > SAID { "/" } else { " and " })
}

/// Whether a value needs no quotation marks to be read to its end.
fn is_plain_value(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '/')
        && value.ends_with(|c: char| c.is_ascii_alphanumeric() || "_/%".contains(c))
        && value.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:@%".contains(c))
        && !["./", "..", "--"].iter().any(|signs| value.contains(signs))
        // "A=image:x" would be a mark in a list.
        && !value.split(':').skip(1).any(|part| part.len() == 1)
        && !value.split(':').any(|part| look_up(&part.to_ascii_lowercase()).class.is(Class::TURNS))
}

/// Whether a reason is read to its end as it stands. A full stop before a sign, or before another sentence, would end it, and
/// signs at its ends belong to what stands beside it.
fn reads_whole(reason: &str) -> bool {
    let plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '"' | '\'' | '(' | ')' | '@' | '#' | '$' | '%' | '+' | '/' | '_')
    };
    let next = |at: usize| reason[at + 1..].chars().next().is_none_or(char::is_alphanumeric);
    let ends = reason.match_indices(['.', '!', '?', ';']).any(|(at, _)| !next(at));
    // What stands behind thanks may be part of them.
    let thanks =
        |word: &str| ["thanks", "thank", "thx", "ty", "cheers"].contains(&&*word.to_ascii_lowercase());
    let not = |word: &str| look_up(&word.to_ascii_lowercase()).class.is(Class::NEGATION);
    let parts = || reason.split(|c: char| !c.is_alphanumeric() && c != '\'');
    let ends = ends || parts().any(|word| thanks(word) || not(word));
    reason.starts_with(plain) && reason.ends_with(plain) && !ends
}

/// Whether a word in the place of a name would be read as what it means elsewhere.
fn is_mistaken(name: &str) -> bool {
    let class = look_up(&name.to_ascii_lowercase()).class;
    class.known() || class.is(ELSEWHERE.and(Class::LOGGED))
}

/// What words are that turn what they stand in into something else.
const ELSEWHERE: Class = Class::TURNS.and(Class::CORRECTS).and(Class::RETRACTS).and(Class::TAKES_BACK);

/// A name, in quotation marks where it would turn what it stands in into something else.
fn unmistaken(name: &str) -> Cow<'_, str> {
    let low = name.to_ascii_lowercase();
    if look_up(&low).class.is(ELSEWHERE) || BECAUSE.contains(&&*low) {
        format!("\"{name}\"").into()
    } else {
        name.into()
    }
}

fn bundle_word(bundle: Bundle) -> &'static str {
    match bundle {
        Bundle::Health => "health",
        Bundle::Security => "security",
        Bundle::Backup => "backup",
        Bundle::Deploy => "deploy",
    }
}

/// Whether a time needs "at" before it to be read as one.
fn at_needs_at(at: &str) -> bool {
    at.starts_with(|c: char| c.is_ascii_digit())
        || at
            .split(' ')
            .next()
            .is_some_and(|hour| super::values::number_word(&hour.to_ascii_lowercase()).is_some())
}

fn push(out: &mut String, words: &str) {
    if words.is_empty() {
        return;
    }
    if !out.is_empty() && !out.ends_with(' ') {
        out.push(' ');
    }
    out.push_str(words);
}

/// A person as one is named: by a word, or, where that would be read as something else, by a mention.
fn mentioned(actor: &str) -> Cow<'_, str> {
    let low = actor.to_ascii_lowercase();
    let named = actor.starts_with(|c: char| c.is_ascii_alphabetic())
        && !is_mistaken(actor)
        && low != "actor"
        && !BECAUSE.contains(&&*low);
    if named { actor.into() } else { format!("@{actor}").into() }
}

fn push_option(out: &mut String, before: &str, value: Option<&str>) {
    if let Some(value) = value {
        push(out, before);
        push(out, value);
    }
}

fn push_ref(out: &mut String, git_ref: Option<&str>) {
    if let Some(git_ref) = git_ref {
        // "canary10/50" may be a canary, and "defaced" tells what was done.
        let low = git_ref.to_ascii_lowercase();
        let told = low.ends_with("ed") && low.bytes().all(|byte| byte.is_ascii_alphabetic());
        if super::values::is_ref(&low) && !low.starts_with("canary") && !told {
            push(out, git_ref);
        } else {
            push(out, "ref");
            push(out, &unmistaken(git_ref));
        }
    }
}

/// A duration in its largest whole unit: `10m`, `90s`, `2h`.
fn seconds(seconds: u64) -> String {
    match seconds {
        s if s > 0 && s % 86_400 == 0 => format!("{}d", s / 86_400),
        s if s > 0 && s % 3_600 == 0 => format!("{}h", s / 3_600),
        s if s > 0 && s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}
