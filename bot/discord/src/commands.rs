//! Slash commands, one for each action that can be carried out, made from the table of actions: its keys are their options.
//! A command with its options becomes the sentence somebody would have typed.

use chat::intent::{Action, ActionRow, Key, Known, actions};
use serde_json::{Value, json};

use crate::forms;
use crate::limits::{HELP_CHARS, OPTION_CHARS, OPTIONS};
use crate::markdown::{chars, clip};
use crate::payload::Commanded;

/// The command that opens the form for a secret.
pub(crate) const SECRET: &str = "secret";
/// The command that takes anything.
pub(crate) const ANYTHING: &str = "infra";
/// The option that holds what the others can't say.
const MORE: &str = "more";
/// Canaries that are proposed.
const CANARIES: [&str; 4] = ["10/50/100", "5/25/50/100", "50/100", "off"];
/// Times that are proposed.
const SINCE: [&str; 5] = ["15m", "1h", "24h", "7d", "30d"];

/// An option, by the key it stands for.
struct Opt {
    key: Key,
    name: &'static str,
    help: &'static str,
    /// What can be chosen, where nothing else can be said: what is shown, and what it says.
    choices: &'static [(&'static str, &'static str)],
}

const fn opt(key: Key, name: &'static str, help: &'static str) -> Opt {
    Opt { key, name, help, choices: &[] }
}

/// The options there are, in the order they are offered.
const OPTIONS_OF: &[Opt] = &[
    opt(Key::Run, "run", "Which run; the one at hand when left out"),
    opt(Key::Environments, "environment", "Where; several with `and`"),
    opt(Key::Services, "service", "Which services; all when left out"),
    opt(Key::Ref, "ref", "Which tag, branch or commit"),
    opt(Key::To, "to", "Which release to go back to"),
    opt(Key::Canary, "canary", "Stages in percent, or off"),
    opt(Key::Replicas, "replicas", "How many"),
    opt(Key::Since, "since", "How far back: 30m, 24h, 7d"),
    opt(Key::Actor, "by", "Whose"),
    opt(Key::Verb, "action", "What you would do"),
    opt(Key::Topic, "topic", "What about"),
    Opt {
        key: Key::Migrate,
        name: "migrations",
        help: "Before the new code starts",
        choices: &[("run them first", "and run migrations first"), ("skip them", "and skip migrations")],
    },
    Opt {
        key: Key::DryRun,
        name: "trial",
        help: "Without doing it",
        choices: &[("dry run: show the plan", "dry run"), ("rehearse: play it on a copy", "rehearse")],
    },
    opt(Key::At, "at", "When: 22:00, tomorrow 6am"),
    opt(Key::Reason, "reason", "Why"),
];

/// Those that are offered as commands.
fn rows() -> impl Iterator<Item = &'static ActionRow> {
    actions::TABLE.iter().filter(|row| row.action.is_built())
}

/// All commands, as Discord wants them.
pub fn all() -> Value {
    let mut commands: Vec<Value> = rows()
        .map(|row| {
            let mut options: Vec<Value> = options_of(row).map(described).collect();
            let free = matches!(row.action, Action::Alert | Action::Rule);
            if row.action != Action::Whoami {
                let help = if free { row.examples[0] } else { "Anything else, as you would type it" };
                options.push(text_option(MORE, help));
            }
            if free && let Some(first) = options.first_mut() {
                first["required"] = json!(true);
            }
            command(row.name, row.help, &options)
        })
        .collect();
    let environment = OPTIONS_OF.iter().find(|one| one.key == Key::Environments).map(described);
    let secret: Vec<Value> =
        environment.into_iter().chain([text_option("name", "As in STRIPE_SECRET_KEY")]).collect();
    commands.push(command(SECRET, "Set a secret, in a form: it is sealed and shown nowhere.", &secret));
    let mut anything = text_option(MORE, "deploy staging, rollback, status …");
    anything["required"] = json!(true);
    commands.push(command(ANYTHING, "Say anything, as you would type it.", &[anything]));
    Value::Array(commands)
}

/// What somebody would have typed; nothing for a command that is none of ours.
pub(crate) fn sentence(commanded: &Commanded) -> Option<String> {
    let more = commanded.option(MORE).unwrap_or_default().trim().to_owned();
    if commanded.name == ANYTHING {
        return Some(more);
    }
    let action = Action::from_name(&commanded.name)?;
    let row = action.row();
    let given = |key: Key| {
        let name = OPTIONS_OF.iter().find(|one| one.key == key)?.name;
        commanded.option(name).map(str::trim).filter(|value| row.keys.contains(&key) && !value.is_empty())
    };
    let (services, environments) = (given(Key::Services), given(Key::Environments));
    let mut words: Vec<String> = Vec::new();
    words.extend(given(Key::DryRun).map(ToOwned::to_owned));
    words.push(row.verbs[0].to_owned());
    for key in [Key::Run, Key::Verb, Key::Topic, Key::Services] {
        words.extend(given(key).map(ToOwned::to_owned));
    }
    let mut place = environments.map(|environments| match action {
        Action::Deploy if services.is_none() && given(Key::Ref).is_none() => environments.to_owned(),
        Action::Deploy => format!("to {environments}"),
        Action::Lock | Action::Unlock => environments.to_owned(),
        _ => format!("in {environments}"),
    });
    if action == Action::Migrate {
        words.extend(place.take());
    }
    words.extend(given(Key::Ref).map(|git_ref| format!("ref {git_ref}")));
    words.extend(given(Key::Replicas).map(|replicas| format!("to {replicas}")));
    words.extend(place);
    words.extend(given(Key::To).map(|to| match to {
        "previous" => "to the previous release".to_owned(),
        to => format!("to {to}"),
    }));
    words.extend(given(Key::Canary).map(|canary| match canary {
        "off" | "none" => "without canary".to_owned(),
        stages => format!("with canary {stages}"),
    }));
    words.extend(given(Key::Migrate).map(ToOwned::to_owned));
    words.extend(given(Key::At).map(|at| {
        if at.starts_with(|c: char| c.is_ascii_digit()) { format!("at {at}") } else { at.to_owned() }
    }));
    words.extend(given(Key::Actor).map(|actor| format!("by {actor}")));
    words.extend(given(Key::Since).map(|since| format!("for the last {since}")));
    words.push(more);
    let mut sentence = words.join(" ").trim().to_owned();
    if let Some(reason) = given(Key::Reason) {
        sentence.push_str(": ");
        sentence.push_str(reason);
    }
    Some(sentence)
}

/// Whether all that came with a command is understood: without an option of another version it would do something else.
pub(crate) fn is_whole(commanded: &Commanded) -> bool {
    let takes = |option: &str| match commanded.name.as_str() {
        ANYTHING => option == MORE,
        SECRET => matches!(option, forms::ENVIRONMENT | forms::NAME),
        name => Action::from_name(name).is_some_and(|action| {
            option == MORE || options_of(action.row()).any(|known| known.name == option)
        }),
    };
    !commanded.unread && commanded.options.iter().all(|(option, _)| takes(option))
}

/// What is proposed to somebody who types an option.
pub(crate) fn proposals(commanded: &Commanded, option: &str, known: &Known) -> Value {
    let typed = commanded.option(option).unwrap_or_default();
    let names = |named: &[chat::intent::Named]| named.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let any = matches!(commanded.name.as_str(), "retry" | "status");
    let candidates = match option {
        "environment" => names(&known.names.environments),
        "service" => names(&known.names.services),
        "ref" => known.refs.clone(),
        "to" => std::iter::once("previous".to_owned()).chain(known.refs.iter().cloned()).collect(),
        "canary" => owned(&CANARIES),
        "since" => owned(&SINCE),
        "run" => known.runs.iter().filter(|run| any || !run.over).map(|run| run.id.clone()).collect(),
        "by" => known.people.clone(),
        "topic" => rows().map(|row| row.name.to_owned()).collect(),
        "action" => rows().filter(|row| row.changes).map(|row| row.verbs[0].to_owned()).collect(),
        _ => Vec::new(),
    };
    // Several may be named: what stands before the last word stays.
    let space = typed.char_indices().rfind(|(_, c)| c.is_whitespace());
    let start = space.map_or(0, |(at, c)| at + c.len_utf8());
    let (before, word) = typed.split_at(start);
    let word = word.to_lowercase();
    let mut found: Vec<String> =
        candidates.into_iter().filter(|name| name.to_lowercase().contains(&word)).collect();
    found.sort_by_key(|name| !name.to_lowercase().starts_with(&word));
    let choices = found
        .into_iter()
        .map(|name| format!("{before}{name}"))
        .filter(|whole| !whole.is_empty() && chars(whole) <= OPTION_CHARS)
        .take(OPTIONS)
        .map(|whole| json!({ "name": whole, "value": whole }));
    choices.collect()
}

fn options_of(row: &ActionRow) -> impl Iterator<Item = &'static Opt> {
    let free = matches!(row.action, Action::Alert | Action::Rule);
    OPTIONS_OF.iter().filter(move |one| row.keys.contains(&one.key) && !free)
}

fn described(opt: &Opt) -> Value {
    let mut option = text_option(opt.name, opt.help);
    if opt.choices.is_empty() {
        option["autocomplete"] = json!(!matches!(opt.key, Key::Replicas | Key::At | Key::Reason));
    } else {
        let choices = opt.choices.iter().map(|(shown, says)| json!({ "name": shown, "value": says }));
        option["choices"] = choices.collect();
    }
    option
}

fn text_option(name: &str, help: &str) -> Value {
    json!({ "type": 3, "name": name, "description": clip(help, HELP_CHARS).0, "required": false })
}

fn command(name: &str, help: &str, options: &[Value]) -> Value {
    // In servers and between two; not where the bot is no member.
    json!({
        "type": 1, "name": name, "description": clip(help, HELP_CHARS).0, "options": options,
        "contexts": [0, 1], "integration_types": [0],
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use chat::intent::{KnownRun, Names, parse};

    use super::*;
    use crate::limits::{COMMAND_OPTIONS, COMMANDS};

    fn given(name: &str, options: &[(&str, &str)]) -> Commanded {
        let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Commanded { name: name.to_owned(), options: options.collect(), unread: false }
    }

    #[test]
    fn discord_takes_the_commands() {
        let all = all();
        let commands = all.as_array().unwrap();
        assert!(commands.len() > 20 && commands.len() <= COMMANDS);
        for command in commands {
            let name = command["name"].as_str().unwrap();
            assert!(
                (1..=32).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
            );
            let options = command["options"].as_array().unwrap();
            assert!(options.len() <= COMMAND_OPTIONS, "{name}");
            let optional = options.iter().position(|one| one["required"] == false).unwrap_or(options.len());
            assert!(
                options[optional..].iter().all(|one| one["required"] == false),
                "required ones come first"
            );
            for described in options.iter().chain([command]) {
                let help = described["description"].as_str().unwrap();
                assert!((1..=HELP_CHARS).contains(&chars(help)), "{name}: {help}");
            }
        }
    }

    #[test]
    fn a_command_says_what_somebody_would_have_typed() {
        let names = Names::sample();
        for (name, options, says) in [
            ("deploy", &[("environment", "staging")][..], "deploy staging"),
            (
                "deploy",
                &[("ref", "v1.4.2"), ("environment", "staging"), ("service", "api"), ("canary", "10/50/100")],
                "deploy api v1.4.2 to staging with canary 10/50/100",
            ),
            ("deploy", &[("environment", "staging"), ("canary", "off")], "deploy staging without canary"),
            ("deploy", &[("environment", "staging"), ("trial", "dry run")], "dry run deploy staging"),
            (
                "rollback",
                &[("environment", "staging"), ("to", "previous")],
                "rollback staging to the previous release",
            ),
            (
                "scale",
                &[("environment", "staging"), ("service", "api"), ("replicas", "3")],
                "scale api to 3 in staging",
            ),
            ("lock", &[("environment", "staging"), ("reason", "we look")], "lock staging: we look"),
            ("approve", &[("run", "r-3f2a")], "approve r-3f2a"),
            ("logs", &[("environment", "staging"), ("since", "30m")], "logs in staging for the last 30m"),
            ("can", &[("action", "deploy"), ("environment", "staging")], "can I deploy staging?"),
            ("help", &[("topic", "deploy")], "help deploy"),
            ("infra", &[("more", "what is deployed in staging?")], "what is deployed in staging?"),
        ] {
            let sentence = sentence(&given(name, options)).unwrap();
            let (read, meant) = (parse(&sentence, &names), parse(says, &names));
            assert_eq!(read.commands, meant.commands, "{sentence:?} instead of {says:?}");
            assert!(read.problem.is_none(), "{sentence:?}");
        }
        assert_eq!(sentence(&given("poll", &[])), None);
    }

    #[test]
    fn options_are_proposed_as_they_are_typed() {
        let run = |id: &str, over| KnownRun { id: id.to_owned(), over };
        let known = Known {
            names: Names::sample(),
            runs: vec![run("r-3f2a", false), run("r-3e11", true)],
            refs: (0..40).map(|number| format!("v1.{number}.0")).collect(),
            people: Vec::new(),
        };
        let proposed = |name: &str, option: &str, typed: &str| -> Vec<String> {
            let choices = proposals(&given(name, &[(option, typed)]), option, &known);
            choices.as_array().unwrap().iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(proposed("deploy", "environment", "stag"), ["staging"]);
        assert_eq!(proposed("deploy", "environment", "staging and prod"), ["staging and production"]);
        assert_eq!(proposed("deploy", "ref", "").len(), OPTIONS);
        assert_eq!(proposed("deploy", "ref", "1.39"), ["v1.39.0"]);
        assert_eq!(proposed("approve", "run", "r-"), ["r-3f2a"]);
        assert_eq!(proposed("status", "run", "r-"), ["r-3f2a", "r-3e11"]);
        assert_eq!(proposed("deploy", "canary", "10")[0], "10/50/100", "what begins like it comes first");
    }
}
