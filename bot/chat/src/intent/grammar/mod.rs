//! From an action and the words after its verb to typed commands.
//!
//! Most actions take their keys from what [`scan`](super::scan) collects; the few with arguments of their own have a
//! function in one of the files here. [`judge`] then makes sure that nothing said is lost.

pub(super) mod data;
pub(super) mod fleet;
pub(super) mod heads;
pub(super) mod places;
pub(super) mod questions;
pub(super) mod runs;
pub(super) mod settings;
pub(super) mod standing;

use super::actions::{Action, Key};
use super::command::Command;
use super::lexicon::Class;
use super::names::{NameKind, Vocabulary};
use super::problem::Problem;
use super::scan::{List, Said, Scope, scan};
use super::words::{Kind, Token};

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
}

impl Draft {
    pub(super) fn plain(command: Command) -> Self {
        Self { command, all_services: false, placed: false, first: false }
    }
}

/// Reads the words after a verb as commands of this action.
pub(super) fn read(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let Scope { action, tokens, text, vocabulary, .. } = scope;
    match action {
        Action::CreateEnvironment => Ok(vec![Draft::plain(places::create(tokens, vocabulary)?)]),
        Action::DestroyEnvironment => {
            Ok(places::destroy(tokens, vocabulary)?.into_iter().map(Draft::plain).collect())
        }
        Action::Setup => {
            let command = places::setup(tokens, vocabulary)?;
            let about =
                command.says(Key::Environments) || command.says(Key::Project) || command.says(Key::Platform);
            if !about && tokens.iter().any(|token| is_foreign(action, token)) {
                return Err(not_ours(action, vocabulary));
            }
            Ok(vec![Draft::plain(command)])
        }
        Action::SetVariable => assignments(scope),
        Action::RotateSecret => secrets(scope),
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
            let mut drafts = generic(scope)?;
            let column = data::column(tokens);
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
            for draft in &mut drafts {
                draft.command.column.clone_from(&column);
            }
            Ok(drafts)
        }
        Action::Audit => {
            let mut drafts = generic(scope)?;
            let actor = questions::actor(tokens);
            for draft in &mut drafts {
                draft.command.actor = draft.command.actor.take().or_else(|| actor.clone());
            }
            Ok(drafts)
        }
        _ if runs::is_run_action(action) => {
            let said = runs::read(action, tokens)?;
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
    if !heard && scope.action.row().changes && scope.action != Action::Expand && foreign() {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    if scope.action.row().changes
        && scope.tokens.windows(2).any(|pair| {
            pair[0].any(&["or"])
                && pair[0].quote == 0
                && (pair[1].name.is_some() || super::values::is_ref(pair[1].low))
        })
    {
        return Err(Problem::ambiguous("I read \"or\": which of the two is meant?"));
    }
    let mut drafts = Vec::new();
    for said in &groups {
        judge(scope.action, said, scope.vocabulary)?;
        drafts.extend(commands(scope.action, said, scope.vocabulary));
    }
    share(&mut drafts);
    Ok(drafts)
}

/// Whether a word is about something that is none of ours: with nothing else said, it makes the order somebody else's.
pub(super) fn is_foreign(action: Action, token: &Token<'_>) -> bool {
    const BLAND: &[&str] = &[
        "it",
        "this",
        "that",
        "these",
        "those",
        "app",
        "apps",
        "application",
        "applications",
        "service",
        "services",
        "site",
        "website",
        "code",
        "build",
        "builds",
        "release",
        "version",
        "change",
        "changes",
        "fix",
        "hotfix",
        "update",
        "updates",
        "everything",
        "all",
        "latest",
        "newest",
        "new",
        "current",
        "system",
        "systems",
        "server",
        "servers",
        "stack",
        "environment",
        "environments",
        "env",
        "envs",
        "variable",
        "variables",
        "var",
        "value",
        "secret",
        "secrets",
        "database",
        "db",
        "table",
        "tables",
        "previous",
        "last",
        "next",
        "one",
        "replicas",
        "column",
        "test",
        "live",
    ];
    let data = token.any(&[
        "table",
        "tables",
        "database",
        "db",
        "secret",
        "secrets",
        "variable",
        "variables",
        "var",
        "value",
        "column",
        "test",
    ]);
    let mine = !data
        || matches!(
            action,
            Action::RotateSecret | Action::SetVariable | Action::Migrate | Action::Lock | Action::Backfill
        );
    let bland = BLAND.contains(&token.low) && mine;
    token.is_word()
        && token.name.is_none()
        && !bland
        && !token.is(Class::OPENER)
        && !token.is(Class::PREPOSITION)
        && !token.is(Class::NEGATION)
        && !token.any(&[
            "thanks",
            "thank",
            "cheers",
            "you",
            "right",
            "well",
            "sure",
            "good",
            "great",
            "nice",
            "a",
            "for",
            "that",
            "again",
            "both",
            "very",
            "much",
            "done",
            "sorry",
            "super",
            "brilliant",
            "awesome",
            "perfect",
            "everyone",
            "everybody",
            "mate",
        ])
        && !token.is(Class::TIME)
        && !token.any(&[
            "the",
            "an",
            "our",
            "some",
            "any",
            "asap",
            "immediately",
            "away",
            "soon",
            "too",
            "also",
            "only",
            "really",
            "us",
            "me",
            "up",
            "down",
            "out",
            "back",
            "over",
            "off",
            "go",
            "if",
            "possible",
            "fully",
            "carefully",
            "slowly",
            "gently",
            "safely",
            "once",
            "twice",
            "more",
            "time",
            "here",
            "ahead",
            "as",
            "plus",
            "them",
            "its",
            "every",
            "each",
            "whole",
            "entire",
            "completely",
            "haha",
            "lol",
            "sir",
            "thx",
            "ty",
            "same",
            "except",
            "but",
        ])
        && !heads::is_object_word(action, token.low)
}

fn not_ours(action: Action, vocabulary: &Vocabulary) -> Problem {
    let row = action.row();
    Problem::not_a_command(format!("I read nothing here that I could {}. {}", row.verbs[0], row.help))
        .suggest(row.examples.iter().map(|example| super::help::fill(example, vocabulary.names())))
}

/// The commands of one verb share what only one of them says.
fn share(drafts: &mut [Draft]) {
    for place in 1..drafts.len() {
        let (before, after) = drafts.split_at_mut(place);
        if let (Some(earlier), Some(later)) = (before.last(), after.first_mut()) {
            let earlier = earlier.clone();
            inherit(&mut later.command, &earlier.command, later.all_services);
        }
    }
    for place in (1..drafts.len()).rev() {
        let environments = drafts[place].command.environments.clone();
        let earlier = &mut drafts[place - 1].command;
        if earlier.environments.is_empty() && earlier.action.has(Key::Environments) {
            earlier.environments = environments;
        }
    }
}

/// A later command takes over what it does not say itself.
pub(super) fn inherit(later: &mut Command, earlier: &Command, all_services: bool) {
    macro_rules! take {
        ($($key:ident $field:ident),* $(,)?) => {$(
            if later.action.has(Key::$key) && !later.says(Key::$key) && earlier.action.has(Key::$key) {
                later.$field = earlier.$field.clone();
            }
        )*};
    }
    take!(Environments environments, Run run, At at, DryRun dry_run, Rehearse rehearse, Job job);
    if !all_services {
        take!(Services services);
    }
    if !later.says(Key::To) {
        take!(Ref git_ref);
    }
    if later.action == earlier.action {
        take!(
            Canary canary, Migrate migrate, To to, BatchSize batch_size, RatePerMin rate_per_min,
            MaxRuntime max_runtime_s, Column column, Component component, Name name, Value value, Provider provider,
            Mode mode, Replicas replicas, Reason reason, Bundle bundle, Since since_s
        );
    } else {
        take!(Component component, Provider provider, Since since_s);
    }
}

/// Makes the commands of one group: one for each value of a key that holds a single one.
fn commands(action: Action, said: &Said, vocabulary: &Vocabulary) -> Vec<Draft> {
    let names = vocabulary.names();
    let mut command = Command::new(action);
    let environments = spell(&said.environments, NameKind::Environment, vocabulary, said.environments.all);
    let partly = !said.services.without.is_empty();
    let services = if said.services.all && !partly {
        Vec::new()
    } else {
        spell(
            &said.services,
            NameKind::Service,
            vocabulary,
            said.services.all || (partly && said.services.named.is_empty()),
        )
    };
    if action.has(Key::Environments) {
        command.environments = environments;
    }
    if action.has(Key::Services) {
        command.services = services;
    }
    if action.has(Key::Providers) {
        command.providers = spell(&said.providers, NameKind::Provider, vocabulary, false);
    }
    if action.has(Key::Ref) {
        command.git_ref.clone_from(&said.git_ref);
    }
    if action.has(Key::To) {
        command.to = if said.previous { Some("previous".to_owned()) } else { said.git_ref.clone() };
    }
    if action.has(Key::Project) && said.project {
        command.project = Some(names.project.clone());
    }
    // Only what the action has: `judge` has made sure that nothing that matters is left out.
    macro_rules! fill {
        ($($key:ident $field:ident $value:expr),* $(,)?) => {$(
            if action.has(Key::$key) {
                command.$field = $value;
            }
        )*};
    }
    fill!(
        Canary canary said.canary.clone(), Migrate migrate said.migrate, At at said.at.clone(), DryRun dry_run said.dry_run,
        Rehearse rehearse said.rehearse, Replicas replicas said.replicas, RatePerMin rate_per_min said.rate,
        BatchSize batch_size said.batch, MaxRuntime max_runtime_s said.runtime, Since since_s said.since, Mode mode said.mode,
        Bundle bundle said.bundle, Actor actor said.actor.clone(),
    );
    let draft = Draft {
        command,
        all_services: said.services.all && !partly,
        placed: said.environments_placed,
        first: false,
    };
    let each = |values: Vec<String>, set: fn(&mut Command, String)| -> Vec<Draft> {
        if values.is_empty() {
            return vec![draft.clone()];
        }
        values
            .into_iter()
            .map(|value| {
                let mut draft = draft.clone();
                set(&mut draft.command, value);
                draft
            })
            .collect()
    };
    if action.has(Key::Component) {
        return each(
            spell(&said.components, NameKind::Component, vocabulary, said.components.all),
            |command, value| {
                command.component = Some(value);
            },
        );
    }
    if action.has(Key::Provider) {
        return each(spell(&said.providers, NameKind::Provider, vocabulary, false), |command, value| {
            command.provider = Some(value);
        });
    }
    if action.has(Key::Job) {
        return each(spell(&said.jobs, NameKind::Job, vocabulary, false), |command, value| {
            command.job = Some(value);
        });
    }
    if action.has(Key::Run) {
        return each(said.runs.clone(), |command, value| command.run = Some(value));
    }
    vec![draft]
}

/// The project's own spellings of a list, without what was excepted.
fn spell(list: &List, kind: NameKind, vocabulary: &Vocabulary, all: bool) -> Vec<String> {
    let all_of_them: Vec<usize> = (0..vocabulary.names().of(kind).len()).collect();
    let chosen = if all { &all_of_them } else { &list.named };
    let kept = chosen.iter().filter(|index| !list.without.contains(index));
    kept.map(|index| vocabulary.spelling(kind, *index).to_owned()).collect()
}

/// Refuses what was said but has no place in this action, so that it is not lost silently.
fn judge(action: Action, said: &Said, vocabulary: &Vocabulary) -> Result<(), Problem> {
    let verb = action.name();
    if let Some(at) = &said.at {
        if at.starts_with('\0') {
            return Err(Problem::bad_value(format!(
                "`{}` happens again and again; I start a {verb} once, at one time.",
                at.trim_start_matches('\0')
            )));
        }
        if !action.has(Key::At) && action.row().changes {
            return Err(Problem::bad_value(format!(
                "A {verb} can't be planned for later (`{at}`), and doing it now would be wrong."
            )));
        }
    }
    if !action.row().changes {
        return Ok(());
    }
    let lost = |what: &str| Err(Problem::ambiguous(format!("`{verb}` has no {what}, so I did nothing.")));
    if (said.dry_run && !action.has(Key::DryRun)) || (said.rehearse && !action.has(Key::Rehearse)) {
        return lost(if said.dry_run { "dry run" } else { "rehearsal" });
    }
    if said.canary.is_some() && !action.has(Key::Canary) {
        return lost("canary");
    }
    if said.services.is_said() && !said.services.all && !action.has(Key::Services) && action != Action::Setup
    {
        return lost("services of its own");
    }
    if (said.git_ref.is_some() && !(action.has(Key::Ref) || action.has(Key::To)))
        || (said.previous && !action.has(Key::To))
    {
        return lost("ref");
    }
    if said.git_ref.is_some() && said.previous {
        return Err(Problem::ambiguous("A ref and the previous release were both said; which is meant?"));
    }
    if !said.runs.is_empty() && !action.has(Key::Run) {
        return lost("run to be about");
    }
    if !said.jobs.named.is_empty() && !action.has(Key::Job) {
        return lost("job");
    }
    let provides = action.has(Key::Provider) || action.has(Key::Providers) || action == Action::Setup;
    if !said.providers.named.is_empty() && !provides {
        return lost("provider to choose");
    }
    if !said.components.named.is_empty() && !action.has(Key::Component) {
        let component = vocabulary.spelling(NameKind::Component, said.components.named[0]);
        return Err(Problem::unknown_name(format!(
            "`{component}` is a component, and a {verb} is about services: {}.",
            vocabulary
                .names()
                .services
                .iter()
                .map(|named| named.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        )));
    }
    if action.has(Key::Component)
        && !said.components.is_said()
        && said.environments.is_said()
        && !said.environments_placed
    {
        return Err(Problem::ambiguous(format!(
            "`{verb}` is about components; which one, and in which environment?"
        ))
        .suggest(
            action.row().examples.iter().map(|example| super::help::fill(example, vocabulary.names())),
        ));
    }
    let emptied = |list: &List| {
        !list.without.is_empty() && !list.all && list.named.iter().all(|n| list.without.contains(n))
    };
    if emptied(&said.environments) {
        return Err(Problem::ambiguous("I know where not to, but not where to. Name the environments."));
    }
    Ok(())
}

/// "set A=1 and B=2 in staging": a command for each.
fn assignments(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let mut found = Vec::new();
    let mut others: Vec<Token<'_>> = Vec::new();
    let mut rest = scope.tokens;
    while let Some(assignment) = settings::assignment(rest, scope.text) {
        others.extend_from_slice(&rest[..assignment.from]);
        others.extend_from_slice(&rest[assignment.inside.clone()]);
        rest = &rest[assignment.to.min(rest.len())..];
        let apart = found.is_empty() || assignment.value.is_some();
        if apart {
            found.push((assignment.name, assignment.value));
        }
    }
    others.extend_from_slice(rest);
    let about = others.iter().any(|token| {
        token.name.is_some()
            || token.any(&["variable", "variables", "var", "vars", "env", "config", "setting"])
    });
    if found.is_empty() && !about && others.iter().any(Token::is_word) {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    let named_only =
        others.iter().all(|token| !token.is_word() || token.class.known() || token.name.is_some());
    if found.is_empty() && !named_only {
        return Err(Problem::ambiguous(
            "I could not tell which variable is to be set. Write it like NAME=value.",
        )
        .suggest(
            scope
                .action
                .row()
                .examples
                .iter()
                .map(|example| super::help::fill(example, scope.vocabulary.names())),
        ));
    }
    let tokens: Vec<Token<'_>> = others
        .into_iter()
        .filter(|token| !matches!(token.kind, Kind::Comma) && !token.any(&["and"]))
        .collect();
    let drafts = generic(Scope { tokens: &tokens, ..scope })?;
    if found.is_empty() {
        found.push((None, None));
    }
    Ok(found
        .into_iter()
        .flat_map(|(name, value)| {
            drafts.iter().cloned().map(move |mut draft| {
                draft.command.name.clone_from(&name);
                draft.command.value.clone_from(&value);
                draft
            })
        })
        .collect())
}

fn secrets(scope: Scope<'_, '_>) -> Result<Vec<Draft>, Problem> {
    let names = settings::secret(scope.tokens);
    let is_name =
        |token: &&Token<'_>| !names.iter().any(|name| name.split(' ').any(|word| word == token.raw));
    let tokens: Vec<Token<'_>> = scope.tokens.iter().filter(is_name).copied().collect();
    let secretive = |token: &Token<'_>| {
        token.any(&[
            "secret",
            "secrets",
            "key",
            "keys",
            "password",
            "passwords",
            "token",
            "tokens",
            "credential",
            "credentials",
            "cert",
            "certificate",
            "certificates",
            "it",
            "them",
        ]) || token.low.ends_with("key")
            || token.low.ends_with("password")
            || token.low.ends_with("secret")
            || token.low.contains('_')
            || (token.raw.len() > 1
                && token.raw.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()))
    };
    if !scope.tokens.iter().any(secretive) && !names.is_empty() {
        return Err(not_ours(scope.action, scope.vocabulary));
    }
    let drafts = generic(Scope { tokens: &tokens, ..scope })?;
    if names.is_empty() {
        return Ok(drafts);
    }
    Ok(names
        .into_iter()
        .flat_map(|name| {
            drafts.iter().cloned().map(move |mut draft| {
                draft.command.name = Some(name.clone());
                draft
            })
        })
        .collect())
}
