//! Orders that make or unmake environments, and set whole projects up.

pub(in crate::intent) mod setup;
pub(in crate::intent) mod whole;

use crate::intent::actions::Action;
use crate::intent::command::Command;
use crate::intent::lexicon::Class;
use crate::intent::names::{NameKind, Vocabulary};
use crate::intent::problem::Problem;
use crate::intent::words::{Kind, Token, reach};

/// "create environment qa from staging", "clone staging as qa", "create a preview environment like production".
/// "create environments demo1 and demo2 from staging" is a command for each.
pub(in crate::intent) fn create(
    tokens: &[Token<'_>],
    vocabulary: &Vocabulary,
) -> Result<Vec<Command>, Problem> {
    let mut command = Command::new(Action::CreateEnvironment);
    // "clone the staging environment as qa"
    let article = tokens.first().is_some_and(|token| token.any(&["the", "our", "my"]))
        && tokens.iter().any(|token| token.any(&["as", "to", "into"]));
    let mut origin = tokens.get(usize::from(article)).is_some_and(|token| token.name.is_some())
        && !is_made(&tokens[usize::from(article)..]);
    let cloning = origin;
    let several = tokens.iter().any(|token| token.any(&["environments", "envs"]));
    let mut others: Vec<String> = Vec::new();
    // "for load tests": what it is good for, in words of any kind.
    let mut purpose = false;
    for (place, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_word()) {
        // "environment \"in\"", "environment a": what stands there is its name, whatever it means elsewhere.
        let called = place.checked_sub(1).map(|at| &tokens[at]).is_some_and(|before| {
            let letter = || token.any(&["a"]) && tokens.get(place + 1).is_none_or(|next| next.any(&["from"]));
            before.any(&["called", "named"])
                || before.any(&["environment", "env"])
                    && before.quote == 0
                    && (token.quote > 0 && token.name.is_none() || letter())
        });
        // "\"qa 2\"": the mark opens what is the name, and goes on.
        let spaced = place > 0
            && token.quote > 0
            && tokens[place - 1].quote == token.quote
            && command.environment.as_deref() == Some(tokens[place - 1].raw);
        let leads = token.is(Class::PREPOSITION) && !token.any(&["to"]) && place + 1 < tokens.len();
        let ends = leads || token.any(&["and", "called", "named", "like"]);
        purpose = place > 0 && (purpose && !ends || token.any(&["for"]));
        if token.any(&["from", "like", "of", "based", "copy", "cloning", "copying", "clone"]) && !called {
            origin = true;
        } else if token.any(&["as", "called", "named", "to", "into"]) && !called {
            origin = false;
        } else if spaced && !token.is(Class::FILLER) {
            return Err(whole::two_words(token));
        } else if let Some(hit) = token.name.filter(|hit| hit.kind == NameKind::Environment) {
            let name = vocabulary.spelling(hit.kind, hit.index()).to_owned();
            if cloning && command.from.is_some() && command.from.as_ref() != Some(&name) {
                return Err(Problem::ambiguous(format!(
                    "`{name}` is there already, so I can't make it a copy. To run there what runs elsewhere, deploy its release."
                ))
                .suggest([format!("deploy main to {name}"), "create environment qa from staging".to_owned()]));
            }
            if origin && command.from.is_none() {
                command.from = Some(name);
                origin = false;
            } else if command.environment.is_none() && !cloning {
                command.environment = Some(name);
            } else if command.from.as_ref() != Some(&name) {
                return Err(whole::too_much(&command, &tokens[place..]));
            }
        } else if !token.class.known() && token.name.is_none()
            || called && token.name.is_none()
            || (is_new_name(token.low)
                && !purpose
                && (command.environment.is_none() || listed(tokens, place, several)))
        {
            if origin && !cloning {
                return Err(unknown_environment(token, vocabulary));
            }
            let plain = !token.low.starts_with('-')
                && !token.low.ends_with('-')
                && !token.low.bytes().all(|byte| byte.is_ascii_digit())
                && token.low.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
            if plain && !purpose && command.environment.is_none() {
                command.environment = Some(token.raw.to_owned());
            } else if plain && several && listed(tokens, place, several) {
                if command.environment.as_deref() != Some(token.raw) {
                    others.push(token.raw.to_owned());
                }
            } else if command.environment.as_deref() != Some(token.raw) && !purpose {
                return Err(whole::too_much(&command, &tokens[place..]));
            }
        } else if !purpose || token.is(Class::KEYWORD.and(Class::CONDITION)) {
            // "create environments a and b": a letter may be a name, where another stands behind it.
            if several
                && token.any(&["a"])
                && tokens.get(place + 1).is_some_and(|next| next.any(&["and"]) || next.kind == Kind::Comma)
            {
                if command.environment.is_none() {
                    command.environment = Some(token.raw.to_owned());
                } else {
                    others.push(token.raw.to_owned());
                }
                continue;
            }
            whole::beside(&command, tokens, place)?;
        }
    }
    unsaid(&command, tokens, vocabulary)?;
    let more: Vec<Command> =
        others.into_iter().map(|name| Command { environment: Some(name), ..command.clone() }).collect();
    Ok(std::iter::once(command).chain(more).collect())
}

/// "copy to production": nothing is named that is copied, and what it goes to is there already.
fn unsaid(command: &Command, tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Result<(), Problem> {
    let Some(name) = command.environment.as_ref().filter(|_| command.from.is_none()) else { return Ok(()) };
    let to = tokens.iter().any(|token| token.any(&["to", "into", "onto", "as"]));
    let noun = tokens.iter().any(|token| token.any(&["environment", "environments", "env", "envs"]));
    if noun || !to || !vocabulary.names().environments.iter().any(|environment| environment.name == *name) {
        return Ok(());
    }
    Err(Problem::ambiguous(format!(
        "`{name}` is there already, and I read nothing that is to be copied, so I did nothing. To run there what runs elsewhere, \
         deploy its release."
    ))
    .suggest([format!("deploy main to {name}")]))
}

/// "demo and qa", "demo, qa": one more name stands here.
fn listed(tokens: &[Token<'_>], place: usize, several: bool) -> bool {
    let Some(before) = place.checked_sub(1).map(|at| &tokens[at]) else { return false };
    let ends = tokens.get(place + 1).is_none_or(|next| {
        !next.is_word() || next.is(Class::PREPOSITION.and(Class::OPENER)) || next.any(&["like", "as"])
    });
    let joint = before.any(&["and"]) || before.kind == Kind::Plus || several && before.kind == Kind::Comma;
    joint && ends
}

/// "production from staging", "production environment like staging": what is named first is to be made.
fn is_made(tokens: &[Token<'_>]) -> bool {
    let noun = tokens.get(1).is_some_and(|token| token.any(&["environment", "env"]));
    tokens.get(1 + usize::from(noun)).is_some_and(|token| token.any(&["from", "like"]))
}

/// Words that people call environments by, alone or with a number: `qa`, `qa2`, `preview-7`.
pub(in crate::intent) fn is_usual_name(word: &str) -> bool {
    const USUAL: [&str; 16] = [
        "qa",
        "uat",
        "dev",
        "test",
        "testing",
        "preview",
        "review",
        "demo",
        "sandbox",
        "preprod",
        "prod",
        "production",
        "staging",
        "perf",
        "load",
        "integration",
    ];
    USUAL.contains(&word.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-'))
}

/// Words that mean something else elsewhere, and are usual names of new environments.
fn is_new_name(word: &str) -> bool {
    matches!(word, "preview" | "test" | "testing" | "demo" | "review" | "red" | "green")
}

/// Suggested where something else than an environment was to be destroyed: a click destroys nothing.
const NO_DESTRUCTION: [&str; 2] = ["help destroy-environment", "status"];

/// "destroy environment qa": one command per environment, which must be the project's own.
pub(in crate::intent) fn destroy(
    tokens: &[Token<'_>],
    vocabulary: &Vocabulary,
) -> Result<Vec<Command>, Problem> {
    let mut commands = Vec::new();
    for token in tokens.iter().filter(|token| token.is_word()) {
        if token.any(&["except", "but", "not", "all", "every", "everything", "everywhere"]) {
            return Err(Problem::ambiguous(
                "I destroy one environment at a time, with all that runs of it, and only when it is named.",
            )
            .suggest(NO_DESTRUCTION));
        }
        match token.name {
            Some(hit) if hit.kind == NameKind::Environment => {
                let mut command = Command::new(Action::DestroyEnvironment);
                command.environment = Some(vocabulary.spelling(hit.kind, hit.index()).to_owned());
                commands.push(command);
            }
            Some(_) => {
                return Err(Problem::ambiguous(format!(
                    "`{}` is not an environment; which environment is to be destroyed?",
                    token.raw
                ))
                .suggest(NO_DESTRUCTION));
            }
            None if harmless(token) => {}
            None if token.class.known() && !is_new_name(token.low) => {
                return Err(Problem::ambiguous(format!(
                    "I can destroy an environment, but `{}` makes me unsure what is meant.",
                    token.raw
                ))
                .suggest(NO_DESTRUCTION));
            }
            None => {
                let mut problem = unknown_doomed(token, vocabulary);
                // "delete old releases": more than a name of one word is nothing that was typed wrong.
                let more = tokens.iter().any(|other| {
                    other.is_word() && other.at != token.at && !harmless(other) && other.name.is_none()
                });
                return Err(if more {
                    Problem::unknown_name(std::mem::take(&mut problem.message)).suggest(NO_DESTRUCTION)
                } else {
                    problem
                });
            }
        }
    }
    if commands.is_empty() {
        let about = tokens.iter().any(|token| token.any(&["environment", "env", "it"]));
        let something = tokens.iter().any(|token| token.is_word() && !token.is(Class::OPENER));
        if something && !about {
            return Err(
                Problem::not_a_command("I read nothing here that I could destroy.").suggest(NO_DESTRUCTION)
            );
        }
        commands.push(Command::new(Action::DestroyEnvironment));
    }
    Ok(commands)
}

/// Destroying is read strictly: beside the environment only these words may be said.
fn harmless(token: &Token<'_>) -> bool {
    token.is(Class::OPENER)
        || token.any(&[
            "a",
            "an",
            "the",
            "our",
            "my",
            "whole",
            "entire",
            "environment",
            "environments",
            "env",
            "envs",
            "it",
            "thanks",
            "thank",
            "you",
            "completely",
            "down",
        ])
}

fn unknown_environment(token: &Token<'_>, vocabulary: &Vocabulary) -> Problem {
    let names: Vec<&str> = vocabulary.names().environments.iter().map(|named| named.name.as_str()).collect();
    let message = format!("I don't know the environment `{}`. There are: {}.", token.raw, names.join(", "));
    Problem::unknown_name(message).instead(token.at..token.end(), names)
}

/// The same where it would be destroyed: offered is only what may have been typed wrong, and never production.
fn unknown_doomed(token: &Token<'_>, vocabulary: &Vocabulary) -> Problem {
    let mut problem = unknown_environment(token, vocabulary);
    let near = vocabulary.near(token.low, &[NameKind::Environment]).into_iter();
    let near: Vec<&str> = near
        .map(|(kind, index)| vocabulary.spelling(kind, index))
        .filter(|name| *name != "production")
        .collect();
    problem.message.push_str(
        " Destroying one ends all that runs of it, so I did nothing: its name must be said in full.",
    );
    if near.is_empty() {
        return Problem::unknown_name(std::mem::take(&mut problem.message)).suggest(NO_DESTRUCTION);
    }
    problem.instead(token.at..token.end(), near)
}

/// "Set up local, staging, production for Invoice Perfect on Railway": the first sentence of a set-up.
pub(in crate::intent) fn setup(tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Result<Command, Problem> {
    let mut command = Command::new(Action::Setup);
    extend_setup(&mut command, tokens, vocabulary)?;
    Ok(command)
}

/// Adds what another sentence says to a set-up: "Use Cloudflare for DNS and canary. Connect Stripe + SendGrid."
pub(in crate::intent) fn extend_setup(
    command: &mut Command,
    tokens: &[Token<'_>],
    vocabulary: &Vocabulary,
) -> Result<(), Problem> {
    let mut role = Role::Platform;
    let mut excluding = false;
    let mut without: Vec<String> = Vec::new();
    let mut purpose = false;
    if let Some(lost) = setup::asked_for_later(tokens) {
        return Err(setup::said_too_soon(tokens, lost));
    }
    for (place, token) in tokens.iter().enumerate().filter(|(_, token)| token.is_word()) {
        let called = token.any(KEYWORDS);
        if token.any(&["connect", "connecting", "integrate", "link", "plus", "hook"])
            || called && !token.any(&["platform", "edge"])
        {
            role = Role::Connection;
        } else if called && token.any(&["edge"]) && provider_follows(&tokens[place..]) {
            role = Role::Edge;
        } else if token.any(&["on", "onto", "host", "hosted", "platform"]) {
            role = Role::Platform;
        } else if token.any(&["use", "using", "with", "via", "behind", "edge"]) {
            role = if dns_follows(reach(&tokens[place..])) { Role::Edge } else { Role::Either };
        }
        let except = token.any(&["except", "excluding", "minus", "without"])
            || token.any(&["but", "not"])
                && tokens.get(place + 1).is_some_and(|next| next.name.is_some() || next.any(&["not"]));
        excluding = (excluding || except) && !token.is(Class::PREPOSITION);
        // The platform may share its name with an environment: "set up staging on local", "on the local platform".
        if token.any(&[EMBEDDED]) && is_place(tokens, place, command) {
            command.platform = Some(EMBEDDED.to_owned());
            continue;
        }
        if called {
            continue;
        }
        // "for the team": what it is good for. "For Corner Shop": what the project is called, of which the desk takes care.
        let before = tokens[..place].last();
        let goes_on = purpose
            && !(token.is(Class::PREPOSITION)
                || token.any(&["and", "use", "connect"])
                || token.name.is_some())
            && before.is_some_and(Token::is_word);
        purpose = goes_on || before.is_some_and(|before| before.any(&["for"])) && token.name.is_none();
        let Some(hit) = token.name else {
            let joins: &[&str] = match role {
                Role::Connection => &["connect", "and", "connections", "connection", "integrations"],
                _ => &["platform", "edge", "on", "onto", "with", "using", "via", "behind", "at", "use"],
            };
            let before = tokens[..place].iter().rev().find(|before| before.kind != Kind::Colon);
            if !token.class.known() && before.is_some_and(|before| before.any(joins)) {
                return Err(unknown_provider(token, vocabulary));
            }
            if !token.class.known()
                && tokens[..place].last().is_none_or(|before| before.any(&["and", "on"]) || !before.is_word())
            {
                let near = vocabulary.near(token.low, crate::intent::values::ALL_KINDS);
                let scope = crate::intent::scan::Scope {
                    action: Action::Setup,
                    tokens,
                    text: "",
                    vocabulary,
                    again: false,
                    asked: false,
                };
                return Err(crate::intent::scan::unknown_name(scope, token, &near));
            }
            if !except && (!purpose || token.is(Class::KEYWORD.and(Class::CONDITION))) {
                setup::beside(command, tokens, place)?;
            }
            continue;
        };
        let name = vocabulary.spelling(hit.kind, hit.index()).to_owned();
        match hit.kind {
            NameKind::Environment if excluding => without.push(name),
            NameKind::Environment if !command.environments.contains(&name) => command.environments.push(name),
            NameKind::Project => command.project = Some(name),
            NameKind::Provider if excluding => {}
            NameKind::Provider => {
                let edge_only = serves_edge(&tokens[place + hit.len()..]);
                let edge = role == Role::Edge || edge_only || (role == Role::Either && is_edge(&name));
                if edge {
                    command.edge = Some(name);
                    // "with cloudflare for dns and stripe": what follows is for something else.
                    role = if edge_only { Role::Either } else { role };
                } else if role == Role::Connection
                    || !is_platform(&name) && (role == Role::Either || setup::listed(command, tokens, place))
                {
                    if !command.connections.contains(&name) {
                        command.connections.push(name);
                    }
                } else if !is_platform(&name) && name != EMBEDDED {
                    return Err(setup::no_platform(tokens, place, &name, vocabulary));
                } else if command.platform.is_none() {
                    command.platform = Some(name);
                } else if command.platform.as_ref() != Some(&name) {
                    return Err(Problem::ambiguous(
                        "Two platforms were said for one project; which is meant?",
                    ));
                }
            }
            NameKind::Component => {
                return Err(Problem::ambiguous(format!(
                    "A set-up has no components of its own, and I read `{}`. Set up first, then add it.",
                    token.raw
                ))
                .suggest([format!(
                    "add {name} to {}",
                    vocabulary.names().environments.first().map_or("local", |first| &first.name)
                )]));
            }
            _ => {}
        }
    }
    let all = tokens.windows(2).any(|pair| pair[0].any(&["all"]) && pair[1].any(&["environments", "envs"]));
    if all || !without.is_empty() && command.environments.is_empty() {
        command.environments =
            vocabulary.names().environments.iter().map(|named| named.name.clone()).collect();
    }
    command.environments.retain(|name| !without.contains(name));
    Ok(())
}

/// Words by which a set-up calls its parts.
const KEYWORDS: &[&str] = &["connections", "connection", "integrations", "platform", "edge"];

/// "edge cloudflare", "edge: cloudflare"
fn provider_follows(tokens: &[Token<'_>]) -> bool {
    let next = tokens[1..].iter().find(|token| token.is_word());
    next.is_some_and(|next| next.name.is_some_and(|hit| hit.kind == NameKind::Provider))
}

/// The platform that is part of the product, and needs no account.
const EMBEDDED: &str = "local";

/// Whether this name says where environments are set up that were said already.
fn is_place(tokens: &[Token<'_>], place: usize, command: &Command) -> bool {
    let platform = tokens.get(place + 1).is_some_and(|next| next.any(&["platform"]));
    let on = tokens[..place].last().is_some_and(|before| before.any(&["on", "onto"]));
    platform || (on && command.platform.is_none() && !command.environments.is_empty())
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Platform,
    Edge,
    Connection,
    Either,
}

fn dns_follows(tokens: &[Token<'_>]) -> bool {
    let clause = tokens.iter().skip(1).take_while(|token| !token.any(&["connect", "use", "using", "on"]));
    clause.clone().any(|token| {
        token.any(&["dns", "edge", "canary", "cdn", "traffic", "proxy", "routing", "domains", "domain"])
    }) && clause.take(3).any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Provider))
}

/// "on Railway, Cloudflare for DNS": what a provider is for, right behind it.
fn serves_edge(behind: &[Token<'_>]) -> bool {
    matches!(behind, [joint, thing, ..] if joint.any(&["for", "as"]) && thing.any(&["dns", "edge", "cdn", "proxy"]))
}

fn is_edge(provider: &str) -> bool {
    provider == "cloudflare"
}

fn is_platform(provider: &str) -> bool {
    matches!(provider, "railway" | "render" | "vercel")
}

fn unknown_provider(token: &Token<'_>, vocabulary: &Vocabulary) -> Problem {
    let names: Vec<&str> = vocabulary.names().providers.iter().map(|named| named.name.as_str()).collect();
    let near = vocabulary.near(token.low, &[NameKind::Provider]);
    let near = near.iter().map(|(kind, index)| vocabulary.spelling(*kind, *index).to_owned());
    let message = format!("I don't know the provider `{}`. There are: {}.", token.raw, names.join(", "));
    Problem::unknown_name(message).instead(token.at..token.end(), near)
}

/// "Use bananaflare for DNS.": a provider nobody knows, in a sentence that would go on with a set-up.
pub(in crate::intent) fn unknown_in_setup(tokens: &[Token<'_>], vocabulary: &Vocabulary) -> Option<Problem> {
    let mut words = tokens.iter().filter(|token| token.is_word() && !token.is(Class::OPENER));
    let (verb, provider) = words.next().zip(words.next())?;
    let begins = verb.any(&["use", "connect", "integrate", "link", "host"]);
    let unknown = provider.name.is_none() && !provider.class.known() && provider.quote == 0;
    (begins && unknown).then(|| unknown_provider(provider, vocabulary))
}

/// Whether a token may stand in a sentence that goes on with a set-up.
pub(in crate::intent) fn continues_setup(tokens: &[Token<'_>]) -> bool {
    let Some(first) = tokens.iter().find(|token| token.is_word() && !token.is(Class::OPENER)) else {
        return false;
    };
    let provider = tokens.iter().any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Provider));
    let placed = tokens.iter().any(|token| token.name.is_some_and(|hit| hit.kind == NameKind::Environment));
    provider
        && !placed
        && (first.any(&["use", "connect", "integrate", "link", "host", "with", "using", "on"])
            || first.any(KEYWORDS))
}
