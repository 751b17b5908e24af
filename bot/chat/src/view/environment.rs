//! Environments: one that is made, what it waits for and what comes next; and one in which nothing has drifted.

use engine::control::{Refusal, SecretsWanted};
use engine::model::{PLATFORM_LOCAL, Project, RunRequest};
use engine::project::Likened;

use crate::message::{Card, Tone};

/// What a new environment waits for, by what it is.
pub(crate) fn still_wanted(
    project: &Project,
    likened: &Likened,
    wanted: &SecretsWanted,
) -> Vec<(String, Vec<String>)> {
    let name = &likened.name;
    let made = wanted.made.iter().map(ToString::to_string).collect();
    let given = wanted
        .given
        .iter()
        .map(|secret| format!("infra-chat secret set {}/{name}/{secret}", project.project));
    let connect = wanted.connections.iter().map(|provider| format!("connect {provider} to {name}"));
    vec![
        (format!("Secrets made anew, at random, as in {}", likened.from), made),
        ("To be given before the first deploy".to_owned(), given.collect()),
        ("To be connected".to_owned(), connect.collect()),
    ]
}

/// An environment was made. `among`: there are other projects.
pub(crate) fn environment_made(
    project: &Project,
    likened: &Likened,
    wanted: &SecretsWanted,
    among: bool,
) -> Card {
    let name = &likened.name;
    let of = if among { format!("{}: ", project.project) } else { String::new() };
    let mut card = Card::new(Tone::Good, format!("{name} is there, like {}.", likened.from));
    let here = project.environments.get(name);
    let elsewhere = here.map(|it| it.platform.as_str()).filter(|platform| *platform != PLATFORM_LOCAL);
    card = card.text(match elsewhere {
        Some(platform) => format!("Nothing runs there yet: its first deploy makes it at {platform}."),
        None => "Nothing runs there yet.".to_owned(),
    });
    for (told, lines) in still_wanted(project, likened, wanted) {
        card = card.list(&told, lines);
    }
    let deploy = format!("{of}dry run deploy {name}");
    card.text(format!("Next: {of}deploy {name}")).button(&deploy, deploy.clone(), false)
}

/// What runs is what should run.
pub(crate) fn nothing_drifted(refusal: &Refusal, request: &RunRequest) -> Card {
    let mut card = Card::new(Tone::Good, super::sentence(&refusal.to_string()));
    card.command.clone_from(&request.command);
    card
}
