//! From an action and the words after its verb to typed commands.
//!
//! Most actions take their keys from what [`scan`](super::scan) collects; the few with arguments of their own have a
//! function in one of the files here. [`judge`](judge::judge) then makes sure that nothing said is lost.

mod commands;
pub(super) mod contrary;
pub(super) mod data;
pub(super) mod fleet;
mod foreign;
pub(super) mod heads;
pub(super) mod judge;
pub(super) mod places;
pub(super) mod questions;
pub(super) mod runs;
pub(super) mod settings;
pub(super) mod standing;

use super::actions::{Action, Key};
use super::command::Command;
use super::lexicon::{Class, near_time};
use super::names::NameKind;
use super::problem::{Problem, ProblemKind};
use super::scan::{Scope, misspelt, scan, unknown_name};
use super::sentence::abroad;
use super::values;
use super::words::Token;

pub(super) use commands::inherit;
use commands::{commands, share};
pub(super) use foreign::is_foreign;
use foreign::not_ours;
use judge::judge;

/// A command before it inherits from those around it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) command: Command,
    /// "all services" was said: the key is absent, and not to be inherited.
    pub(super) all_services: bool,
    /// Its environments were said with a preposition and hold for the commands before it as well.
    pub(super) placed: bool,
    /// "run migrations first": belongs to the deploy that follows.
    pub(super) first: bool,
    /// "now" was said: no time said before is to be inherited.
    pub(super) now: bool,
}

impl Draft {
    pub(super) fn plain(command: Command) -> Self {
        Self { command, all_services: false, placed: false, first: false, now: false }
    }

    /// Takes over what the command before it says and it does not.
    pub(super) fn inherit(&mut self, earlier: &Command) {
        let timed = self.command.says(Key::At);
        inherit(&mut self.command, earlier, self.all_services);
        if self.now && !timed {
            self.command.at = None;
        }
    }
}

/// Reads the words after a verb as commands of this action.
pub(super) fn read(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let Scope { action, tokens, text, vocabulary, .. } = scope;
    if action.row().changes && !scope.asked {
        judge::one_reading(action, tokens)?;
        judge::no_time(scope)?;
        contrary::check(scope)?;
    }
    match action {
        Action::CreateEnvironment => {
            Ok(places::create(tokens, vocabulary)?.into_iter().map(Draft::plain).collect())
        }
        Action::DestroyEnvironment => {
            Ok(places::destroy(tokens, vocabulary)?.into_iter().map(Draft::plain).collect())
        }
        Action::Setup => {
            let read = places::setup(tokens, vocabulary);
            let about = tokens.iter().any(|token| {
                token.name.is_some_and(|hit| {
                    matches!(hit.kind, NameKind::Environment | NameKind::Project | NameKind::Provider)
                })
            });
            // "set up a meeting for staging"
            let thing = match tokens {
                [article, thing, ..] if article.any(&["a", "an", "another"]) => Some(thing),
                _ => None,
            };
            let other = thing.is_some_and(|thing| {
                let bland = thing.is(Class::FILLER) || thing.is(Class::OBJECT) || thing.name.is_some();
                thing.is_word() && (!thing.class.known() || thing.is(Class::NOUNED)) && !bland
            });
            let doubted = !matches!(&read, Err(problem) if problem.kind != ProblemKind::Ambiguous);
            let foreign = other || !about && tokens.iter().any(|token| is_foreign(action, token));
            if doubted && foreign {
                return Err(not_ours(action, vocabulary));
            }
            let command = read?;
            let several = command.environments.len() > 1;
            let drafts = vec![Draft::plain(command)];
            if several && !scope.asked {
                contrary::apart::one_deed(scope, &drafts)?;
            }
            Ok(drafts)
        }
        Action::SetVariable => settings::assignments(scope),
        Action::RotateSecret => settings::secrets(scope),
        Action::Help => Ok(vec![Draft::plain(questions::help(tokens))]),
        Action::Whoami => Ok(vec![Draft::plain(Command::new(action))]),
        Action::Lock | Action::Unlock => {
            let (reason, end) = match settings::reason(tokens, text) {
                Some((reason, place)) => (Some(reason), place),
                None => (None, tokens.len()),
            };
            let mut drafts = generic(Scope { tokens: &tokens[..end], ..scope })?;
            for draft in &mut drafts {
                draft.command.reason.clone_from(&reason);
            }
            Ok(drafts)
        }
        Action::Expand => {
            let column = data::column(tokens);
            // The column's own name is nobody else's typed wrong: "locale" beside `local`.
            let others: Vec<Token<'_>> = tokens
                .iter()
                .filter(|token| {
                    token.name.is_some() && token.quote == 0 || column.as_deref() != Some(token.raw)
                })
                .copied()
                .collect();
            let mut drafts = generic(Scope { tokens: &others, ..scope })?;
            let schema = |token: &Token<'_>| {
                token.any(&[
                    "column",
                    "columns",
                    "field",
                    "schema",
                    "table",
                    "database",
                    "db",
                    "migration",
                    "contract",
                ])
            };
            if column.is_none()
                && tokens.iter().any(|token| is_foreign(action, token))
                && !tokens.iter().any(schema)
            {
                return Err(not_ours(action, vocabulary));
            }
            let placed = drafts.iter().any(|draft| draft.command.says(Key::Environments));
            if let Some(stranger) = data::place_unknown(&others).filter(|_| !placed) {
                let near = vocabulary.near(stranger.low, &[NameKind::Environment]);
                return Err(unknown_name(scope, stranger, &near));
            }
            for draft in &mut drafts {
                draft.command.column.clone_from(&column);
            }
            Ok(drafts)
        }
        Action::Audit => {
            let mut drafts = generic(scope)?;
            let actor = match questions::actor(tokens) {
                Some(actor) => Some(actor),
                None if scope.asked => None,
                None => strangers(tokens)?
                    .filter(|who| vocabulary.find(std::iter::once(&*who.to_lowercase())).is_none()),
            };
            for draft in &mut drafts {
                draft.command.actor = draft.command.actor.take().or_else(|| actor.clone());
            }
            Ok(drafts)
        }
        Action::BootstrapLocal | Action::Provision => {
            if !scope.asked {
                places::whole::whole_project(action, tokens)?;
            }
            generic(scope)
        }
        _ if runs::is_run_action(action) => {
            let said = runs::read(scope)?;
            judge(action, &said, vocabulary)?;
            Ok(commands(action, &said, vocabulary))
        }
        _ => generic(scope),
    }
}

fn generic(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let groups = scan(scope)?;
    let heard = groups.iter().any(|said| said.something() || said.actor.is_some());
    let foreign = || scope.tokens.iter().any(|token| is_foreign(scope.action, token));
    if !heard && !scope.asked && scope.action.row().changes && scope.action != Action::Expand && foreign() {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    let strange = groups.iter().find_map(|said| scope.tokens.get(said.strange?));
    if let Some(strange) = strange.filter(|_| scope.action.row().changes) {
        return Err(not_understood(scope, strange));
    }
    for said in &groups {
        judge(scope.action, said, scope.vocabulary)?;
    }
    let mut groups = groups.iter().map(|said| commands(scope.action, said, scope.vocabulary));
    let mut drafts = groups.next().unwrap_or_default();
    drafts.extend(groups.flatten());
    share(&mut drafts);
    if scope.action.row().changes && !scope.asked {
        contrary::apart::check(scope, &drafts)?;
    }
    Ok(drafts)
}

/// A word in an order that nobody knows: it is suggested without it, unless it may be what turns the order round.
fn not_understood(scope: Scope<'_, '_>, strange: &Token<'_>) -> Problem {
    if let Some(no) = scope.tokens.iter().find(|token| abroad::refuses(token)) {
        return refused_abroad(no);
    }
    let word = strange.at..strange.end();
    if let Some(problem) = unknown_flag(scope, strange) {
        return problem;
    }
    // "fridays" is more than one time.
    if let Some(time) = near_time(strange.low).filter(|time| strange.low.strip_suffix('s') != Some(time)) {
        return misspelt(strange, time);
    }
    let problem = Problem::ambiguous(format!(
        "I don't know what `{}` means here, so I did nothing. Say it without, or in other words.",
        strange.raw
    ));
    if let Some(english) = abroad::in_english(strange.low) {
        return problem.instead(word, [english]);
    }
    // "wo canary": what stands behind may be what it takes away.
    let behind = scope.tokens.iter().skip_while(|token| token.at <= strange.at).find(|token| token.is_word());
    let bound = behind.is_some_and(|next| next.is(Class::KEYWORD));
    // "everything besides production" is without it, or with it too.
    if behind.is_some_and(|next| next.name.is_some()) && strange.any(&["besides", "beside", "outside"]) {
        return problem.instead(word, ["except"]);
    }
    // "staging ≠ production", "not before 22:00": without it they would say the contrary.
    let turns = !strange.raw.contains(char::is_alphanumeric) || strange.any(&["not"]);
    problem.instead(word, (!bound && !turns).then_some(""))
}

/// "--force", "-v": written as on a command line. "--no-canary" is suggested in words.
fn unknown_flag(scope: Scope<'_, '_>, strange: &Token<'_>) -> Option<Problem> {
    let before = scope.text.get(..strange.at)?;
    let dashes = if before.ends_with("--") { "--" } else { "" };
    if dashes.is_empty() && !strange.raw.starts_with('-') {
        return None;
    }
    let known = [
        (Key::Environments, "--env"),
        (Key::Services, "--service"),
        (Key::Ref, "--ref"),
        (Key::Canary, "--canary"),
        (Key::DryRun, "--dry-run"),
        (Key::Replicas, "--replicas"),
    ];
    let known: Vec<&str> =
        known.iter().filter(|(key, _)| scope.action.has(*key)).map(|(_, flag)| *flag).collect();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let problem = Problem::ambiguous(format!(
        "I have no flag `{dashes}{}`, so I did nothing. Those I have here: {known}. Say the rest in words.",
        strange.raw
    ));
    let how = ["no-", "skip-", "with-", "without-", "run-"].iter().any(|how| strange.low.starts_with(how));
    let instead = match strange.low {
        "-n" | "what-if" | "whatif" => "as a dry run".to_owned(),
        words if how => words.replace('-', " "),
        _ => String::new(),
    };
    Some(problem.instead(strange.at - dashes.len()..strange.end(), [instead]))
}

/// "deploy production nicht": what is refused is not suggested.
pub(super) fn refused_abroad(no: &Token<'_>) -> Problem {
    Problem::ambiguous(format!(
        "I read `{}`, which may be a no in another language, so I did nothing. Say the order in English.",
        no.raw
    ))
    .suggest(["status", "help"])
}

/// "audit log of bob": whoever is named by a word that is none of ours.
fn strangers(tokens: &[Token<'_>]) -> Result<Option<String>, Problem> {
    // Behind its first word a name of several words has words that are none by themselves.
    let mut named = 0;
    let mut unknown = tokens.iter().enumerate().filter_map(|(at, token)| {
        if let Some(hit) = token.name {
            named = at + hit.len();
        }
        let letters = token.low.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
            && !token.low.ends_with('-')
            && !matches!(token.raw, "INFO" | "WARN" | "ERROR" | "DEBUG" | "TRACE" | "FATAL");
        let counts = values::spelled(&tokens[at..]).is_some() || token.any(&["actor", "half"]);
        (at >= named && token.is_word() && letters && !counts && !token.class.known()).then_some(token)
    });
    let Some(first) = unknown.next() else {
        const NOBODY: &[&str] = &["nobody", "noone", "somebody", "someone"];
        return tokens.iter().find(|token| token.any(NOBODY)).map_or(Ok(None), |nobody| {
            Err(Problem::unknown_name(format!("`{}` is no name of a person.", nobody.raw)).suggest(["audit"]))
        });
    };
    if let Some(second) = unknown.find(|token| token.low != first.low) {
        return Err(Problem::ambiguous(format!(
            "I look up what one person did, and read both `{}` and `{}`. Which is meant?",
            first.raw, second.raw
        ))
        .suggest([format!("audit by {}", first.raw)]));
    }
    // "ana's audit"
    Ok(questions::person(first.raw))
}
