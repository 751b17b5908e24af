//! From what was said of an action to its commands, and what commands take over from each other.

use super::Draft;
use crate::intent::actions::{Action, Key};
use crate::intent::command::Command;
use crate::intent::names::{NameKind, Vocabulary};
use crate::intent::scan::{List, Said};

/// Makes the commands of one group: one for each value of a key that holds a single one.
pub(super) fn commands(action: Action, said: &Said, vocabulary: &Vocabulary) -> Vec<Draft> {
    let names = vocabulary.names();
    // A command is large, so it is filled in where it stays.
    let mut drafts = vec![Draft::plain(Command::new(action))];
    let Some(draft) = drafts.first_mut() else { return drafts };
    let command = &mut draft.command;
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
    draft.all_services = said.services.all && !partly;
    draft.placed = said.environments_placed;
    draft.now = said.now;
    if action.has(Key::Component) {
        let components = spell(&said.components, NameKind::Component, vocabulary, said.components.all);
        return each(drafts, components, |command, value| command.component = Some(value));
    }
    if action.has(Key::Provider) {
        let providers = spell(&said.providers, NameKind::Provider, vocabulary, false);
        return each(drafts, providers, |command, value| command.provider = Some(value));
    }
    if action.has(Key::Job) {
        let jobs = spell(&said.jobs, NameKind::Job, vocabulary, false);
        return each(drafts, jobs, |command, value| command.job = Some(value));
    }
    if action.has(Key::Run) {
        return each(drafts, said.runs.clone(), |command, value| command.run = Some(value));
    }
    drafts
}

/// The one draft once for each value; without any, as it is.
fn each(mut drafts: Vec<Draft>, values: Vec<String>, set: fn(&mut Command, String)) -> Vec<Draft> {
    for _ in 1..values.len() {
        drafts.extend(drafts.last().cloned());
    }
    for (draft, value) in drafts.iter_mut().zip(values) {
        set(&mut draft.command, value);
    }
    drafts
}

/// The project's own spellings of a list, without what was excepted.
fn spell(list: &List, kind: NameKind, vocabulary: &Vocabulary, all: bool) -> Vec<String> {
    let kept = |index: &usize| !list.without.contains(index);
    let spelled = |index: usize| vocabulary.spelling(kind, index).to_owned();
    if all {
        (0..vocabulary.names().of(kind).len()).filter(kept).map(spelled).collect()
    } else {
        list.named.iter().copied().filter(kept).map(spelled).collect()
    }
}

/// The commands of one verb share what only one of them says.
pub(super) fn share(drafts: &mut [Draft]) {
    for place in 1..drafts.len() {
        let (before, after) = drafts.split_at_mut(place);
        if let (Some(earlier), Some(later)) = (before.last(), after.first_mut()) {
            later.inherit(&earlier.command);
        }
    }
    for place in (1..drafts.len()).rev() {
        let (before, after) = drafts.split_at_mut(place);
        if let (Some(earlier), Some(later)) = (before.last_mut(), after.first())
            && earlier.command.environments.is_empty()
            && earlier.command.action.has(Key::Environments)
        {
            earlier.command.environments.clone_from(&later.command.environments);
        }
    }
}

/// A later command takes over what it does not say itself.
pub(in crate::intent) fn inherit(later: &mut Command, earlier: &Command, all_services: bool) {
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
            Mode mode, Replicas replicas, Reason reason, Bundle bundle, Since since_s,
            Verb verb, On on, By by, When when, Then then
        );
    } else {
        take!(Component component, Provider provider, Since since_s);
    }
}
