//! What is put together by questions: what stands in its way, said as early as it is known, and how it ends.

use std::fmt::Write as _;

use engine::model::{PLATFORM_LOCAL, Project, Provider};

use super::later::{NOTHING_DONE, and, head, or, would, would_at};
use crate::desk::{Draft, Hindrance, Slot};
use crate::intent::Action;
use crate::message::{Card, Tone};

/// What a description takes for granted, and where its services are reached.
pub(crate) fn description_hint(draft: &Draft) -> String {
    if draft.command.action == Action::CreateEnvironment {
        let platform = draft.said(Slot::Platform, None).filter(|platform| platform != PLATFORM_LOCAL);
        let place = platform.unwrap_or_else(|| "this machine".to_owned());
        return format!("`yes` makes it, to run on {place}. Nothing runs there before its first deploy.");
    }
    let mut hint =
        "`yes` takes it in. Each service listens on $PORT and answers its health path there.".to_owned();
    if let Some(of) = draft.each(Slot::Port).into_iter().flatten().next() {
        let _ = write!(
            hint,
            " On this machine services have ports instead of domains, those under `edge`: `no, port of {of} is 8080` \
             changes one."
        );
    }
    hint
}

/// What stands in the way, and what happens instead. `whole` when all is answered.
pub(crate) fn hindered(hindrances: &[Hindrance], whole: bool) -> String {
    let cant: Vec<String> = hindrances.iter().filter_map(cant).collect();
    let mut said = Vec::new();
    if !cant.is_empty() {
        said.push(format!("I can't {} yet.", or(&cant)));
    }
    for hindrance in hindrances {
        match hindrance {
            Hindrance::Beside(others) => {
                said.push(format!("It becomes a project of its own, beside {}.", and(others, "")));
            }
            // Where nothing can be taken in, it does not matter who may.
            Hindrance::NotAdmin if cant.is_empty() => {
                said.push(
                    "Taking a project in is for admins: one of them takes in what comes of this.".to_owned(),
                );
            }
            Hindrance::Faults(faults) => {
                said.push(format!("It can't be taken in like that: {}.", faults.join("; ")));
            }
            _ => {}
        }
    }
    if hindrances.contains(&Hindrance::Columns) {
        said.push("I put the order together with you and show it whole; nothing is run.".to_owned());
    } else if !cant.is_empty() && !whole {
        said.push(
            "I put the description together with you and hand it over at the end, so that nothing you say is lost.".to_owned(),
        );
    } else if !cant.is_empty() {
        let elsewhere = hindrances.iter().any(|it| matches!(it, Hindrance::Platform(_)));
        let rest = hindrances.iter().filter(|it| !(elsewhere && matches!(it, Hindrance::Domains(_))));
        let drops: Vec<String> = rest.flat_map(drops).map(|drop| format!("`no, {drop}`")).collect();
        said.push(format!("`yes` hands the description over; to leave that out, say {}.", and(&drops, "")));
    }
    said.join(" ")
}

/// What can't be done yet, as the rest of "I can't …".
fn cant(hindrance: &Hindrance) -> Option<String> {
    Some(match hindrance {
        Hindrance::Columns => "add columns".to_owned(),
        Hindrance::Platform(platform) => format!("run anything on {platform}"),
        Hindrance::Edge(edge) => format!("let {edge} do DNS"),
        Hindrance::Domains(_) => "point domains at it".to_owned(),
        Hindrance::Texts => "put telephone numbers into a description".to_owned(),
        Hindrance::Beside(_) | Hindrance::NotAdmin | Hindrance::Faults(_) => return None,
    })
}

/// How it is corrected away.
fn drops(hindrance: &Hindrance) -> Vec<String> {
    match hindrance {
        // With it, domains are of no use and not asked for.
        Hindrance::Platform(_) => vec!["platform is local".to_owned()],
        Hindrance::Edge(_) => vec!["dns is none".to_owned()],
        Hindrance::Domains(of) => of.iter().map(|of| format!("domain of {of} is none")).collect(),
        Hindrance::Texts => vec!["texts is none".to_owned()],
        _ => Vec::new(),
    }
}

/// A request that was put together by questions: the whole of it, and what stands in its way.
pub(crate) fn collected(draft: &Draft, hindrances: &[Hindrance], description: Option<&str>) -> Card {
    let command = draft.filled();
    let Some(description) = description else { return change_of_data(draft, hindrances) };
    let save = "save this as infra-chat.project.yaml, then";
    let import = "project import infra-chat.project.yaml";
    let beyond = hindrances.iter().any(|it| cant(it).is_some());
    let mut card = if beyond {
        head(&command.canonical(), "that").text(format!("It would {}.", would(&command)))
    } else {
        let mut card =
            Card::new(Tone::Plain, format!("\u{ab}{}\u{bb} is put together.", command.canonical()));
        card.command = command.canonical();
        card
    };
    let says = if beyond {
        "Nothing was done, and nothing is lost: keep this as infra-chat.project.yaml.".to_owned()
    } else {
        format!("Nothing was done. An admin takes it in: {save} `infra-chat {import}`.")
    };
    card = card.text(says);
    card.verbatim(description.lines().map(ToOwned::to_owned).collect())
}

/// A change of data that was put together: all of it, and what it would do.
fn change_of_data(draft: &Draft, hindrances: &[Hindrance]) -> Card {
    let orders = draft.orders();
    let cant: Vec<String> = hindrances.iter().filter_map(cant).collect();
    let mut card = Card::new(Tone::Plain, format!("I understood all of it, but I can't {} yet.", or(&cant)));
    card.command = draft.canonical();
    let would = orders.iter().enumerate().map(|(at, (order, _))| {
        format!("{}. {}", at + 1, would_at(order, draft.rate_in(order), draft.source()))
    });
    let until_then =
        "Until then: put the migration into the repository, deploy it, and say the backfill alone.";
    card.fields(draft.fields()).list("It would", would.collect()).text(format!("{NOTHING_DONE} {until_then}"))
}

/// The description that was found right is another one by now.
pub(crate) fn description_changed() -> String {
    "Something has changed meanwhile, so nothing was taken in; this is the whole as it would be now."
        .to_owned()
}

/// A project was taken in from the chat. `alone`: nobody else could approve; `among`: there are others.
pub(crate) fn project_taken_in(
    project: &Project,
    is_new: bool,
    changes: usize,
    (alone, among): (bool, bool),
) -> Card {
    let name = &project.project;
    let headline = match (is_new, changes) {
        (true, _) => format!(
            "{name} is set up: {}, {}.",
            count(project.services.len(), "service"),
            count(project.environments.len(), "environment")
        ),
        (false, 0) => format!("{name} is as it was: nothing differs."),
        (false, changes) => format!("{name} is set up anew: {} changed.", count(changes, "value")),
    };
    let mut card = Card::new(Tone::Good, headline);
    let careful = project.environments.values().any(|it| it.production && !it.policy.one_person_team);
    if alone && careful {
        card = card.text("Production needs a second person: infra-chat user add NAME --role deployer");
    }
    let of = if among { format!("{name}: ") } else { String::new() };
    // Each environment has keys of its own, which nobody has given yet.
    if is_new && let Some(first) = project.environments.keys().next() {
        // A platform's own account is none of those that run here.
        let elsewhere = project.environments.iter().find(|(_, it)| it.platform != PLATFORM_LOCAL);
        let elsewhere = elsewhere.map_or(first, |(name, _)| name);
        let connect = project.connections.values().map(|it| {
            let is_platform = matches!(it.provider, Provider::Railway | Provider::Cloudflare);
            format!("{of}connect {} to {}", it.provider, if is_platform { elsewhere } else { first })
        });
        card = card.list("To connect, in each environment", connect.collect());
    }
    // Never production: nothing was proved anywhere yet.
    match project.environments.iter().find(|(_, environment)| !environment.production) {
        Some((first, _)) => card.text(format!("Next: {of}deploy {first}")).button(
            &format!("dry run deploy {first}"),
            format!("{of}dry run deploy {first}"),
            false,
        ),
        None => card.text(format!("Next: {of}status")),
    }
}

fn count(count: usize, of: &str) -> String {
    if count == 1 { format!("1 {of}") } else { format!("{count} {of}s") }
}

/// Why a canary is asked for.
pub(crate) fn which_canary(environment: &str) -> String {
    format!(
        "{environment}'s policy leaves that to whoever deploys. In stages, each is judged against the stable release, and a \
         release that is worse goes back by itself; `no canary` is all traffic at once."
    )
}
