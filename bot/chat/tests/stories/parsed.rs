//! What `infra-chat parse` says of a sentence is what the desk takes it for, for every action.

use std::fmt::Write as _;

use chat::intent::{Action, Key, Names, Vocabulary};
use chat::{Inbound, Outbound, parse_said};
use engine::model::Identity;
use expect_test::expect;

use crate::harness::chat;
use crate::stage::FRONT;

/// Sentences for every action, none of which makes a run: those that could leave out where, and so are asked about.
fn sentences(vocabulary: &Vocabulary) -> Vec<String> {
    let names: &Names = vocabulary.names();
    let mut all = Vec::new();
    for action in Action::all() {
        let row = action.row();
        for example in row.examples {
            let example = example.replace("{env}", "staging").replace("{service}", "api");
            let example = example.replace("{component}", &names.components[0].name);
            let example = example.replace("{job}", &names.jobs[0].name).replace("{provider}", "stripe");
            let example = example.replace("{project}", &names.project).replace("{column}", "timezone");
            let mut command = parse_said(&example, vocabulary).parsed.commands.remove(0);
            let kept = matches!(action, Action::Lock | Action::Unlock | Action::Alert | Action::Rule);
            let runs = row.changes && row.built && !kept && action.has(Key::Environments);
            if runs {
                command.environments.clear();
                all.push(command.canonical());
            } else {
                all.push(example);
            }
        }
    }
    all
}

fn said(number: usize, text: &str) -> Inbound {
    Inbound {
        identity: Identity { front: FRONT.to_owned(), external_id: "zoe".to_owned() },
        // Each in a conversation of its own: no question of one waits for the answer to another.
        conversation: format!("room-{number}"),
        event: None,
        text: text.to_owned(),
    }
}

#[test]
fn of_every_action() {
    chat(async |t| {
        let desk = t.desk();
        let vocabulary = Vocabulary::new(&desk.names().await);
        let mut apart = String::new();
        for (number, text) in sentences(&vocabulary).iter().enumerate() {
            let heard = desk.hear(&said(number, text)).await;
            let shown: Vec<&str> =
                heard.outbound.iter().map(Outbound::card).map(|card| card.command.as_str()).collect();
            let parsed = parse_said(text, &vocabulary).parsed;
            let meant: Vec<String> = parsed.commands.iter().map(chat::intent::Command::canonical).collect();
            if meant.len() != 1 || !shown.contains(&meant[0].as_str()) {
                writeln!(apart, "{text:?} is {meant:?} to parse, and {shown:?} at the desk").unwrap();
            }
        }
        assert_eq!(apart, "");
        t.never_mind_the_rest();
    });
}

/// What no key of a command holds stands beside the commands.
#[test]
fn what_only_the_chat_does() {
    chat(async |t| {
        let desk = t.desk();
        let vocabulary = Vocabulary::new(&desk.names().await);
        let mut lines = Vec::new();
        for (number, text) in [
            "alerts",
            "what are my rules?",
            "standing orders",
            "remove alert 1",
            "lock staging for 2h: a load test",
            "unlock staging",
            "lock staging until 18:00",
            "lock staging for 2 huors",
            "lock production until tomorrow 9am: audit",
            "lock staging until the deploy is done",
            "lock staging until further notice",
            "backfill timezone in staging at 100/min, dry run first: no, window: 22:00-06:00",
            "backfill timezone in staging at 100/min, dry run first: yes",
            "status nowhere",
            "help me with backfills",
            "reject r-3f2a because not on a Friday",
            "rollback r-3f2a",
        ]
        .iter()
        .enumerate()
        {
            let heard = desk.hear(&said(number, text)).await;
            let shown: Vec<String> = heard
                .outbound
                .iter()
                .map(Outbound::card)
                .map(|card| format!("{} > {}", card.headline, card.command))
                .collect();
            let understood = serde_json::to_string(&parse_said(text, &vocabulary)).unwrap();
            lines.push(format!("{text}\n  {understood}\n  {}", shown.join("\n  ")));
        }
        expect![[r#"
            alerts
              {"commands":[],"missing":[],"problem":{"kind":"not-a-command","message":"The chat does that (`alerts`); it is no typed command.","suggestions":["alerts"]},"beside":{"standing":"alerts"}}
              There are no alerts. > alerts
            what are my rules?
              {"commands":[],"missing":[],"problem":{"kind":"not-a-command","message":"The chat does that (`rules`); it is no typed command.","suggestions":["rules"]},"beside":{"standing":"rules"}}
              There are no rules. > rules
            standing orders
              {"commands":[],"missing":[],"problem":{"kind":"not-a-command","message":"The chat does that (`standing orders`); it is no typed command.","suggestions":["standing orders"]},"beside":{"standing":"standing orders"}}
              There are no standing orders. > standing orders
            remove alert 1
              {"commands":[],"missing":[],"problem":{"kind":"unknown-name","message":"The chat does that (`remove alert 1`); it is no typed command.","suggestions":["remove alert 1"]},"beside":{"standing":"remove alert 1"}}
              There is no alert 1. > remove alert 1
            lock staging for 2h: a load test
              {"commands":[{"action":"lock","environments":["staging"],"reason":"a load test"}],"missing":[],"problem":null,"beside":{"until":"2h"}}
              staging is locked by zoe until 2026-11-18 14:00 UTC: a load test. > lock staging for 2h: a load test
            unlock staging
              {"commands":[{"action":"unlock","environments":["staging"]}],"missing":[],"problem":null}
              staging is unlocked. > unlock staging
            lock staging until 18:00
              {"commands":[],"missing":[],"problem":{"kind":"bad-value","message":"The chat does that (`lock staging until 18:00`); a typed command has no key for a lock's end.","suggestions":["lock staging until 18:00"]},"beside":{"until":"18:00"}}
              staging is locked by zoe until 2026-11-18 18:00 UTC. > lock staging until 18:00
            lock staging for 2 huors
              {"commands":[],"missing":[],"problem":{"kind":"bad-value","message":"`for 2 huors` is no length of time I know; I expected one like `for 2h` or `until 18:00`.","suggestions":["lock staging for 2 hours"]}}
              I can't read the time «2 huors». > lock staging
            lock production until tomorrow 9am: audit
              {"commands":[],"missing":[],"problem":{"kind":"bad-value","message":"The chat does that (`lock production until tomorrow 9am: audit`); a typed command has no key for a lock's end.","suggestions":["lock production until tomorrow 9am: audit"]},"beside":{"until":"tomorrow 9am"}}
              production is locked by zoe until 2026-11-19 09:00 UTC: audit. > lock production until tomorrow 9am: audit
            lock staging until the deploy is done
              {"commands":[],"missing":[],"problem":{"kind":"ambiguous","message":"This holds a condition I can't watch, so I did nothing. Say the order when the time has come, or make a rule of it.","suggestions":["lock staging","can I deploy staging?","if we see repeated 500s, rollback"]}}
              I can't read the time «the deploy is done». > lock staging
            lock staging until further notice
              {"commands":[],"missing":[],"problem":{"kind":"ambiguous","message":"The chat does that (`lock staging`); a typed command has no key for a lock's end.","suggestions":["lock staging"]}}
              staging stays locked by zoe until it is unlocked. > lock staging
            backfill timezone in staging at 100/min, dry run first: no, window: 22:00-06:00
              {"commands":[{"action":"backfill","environments":["staging"],"job":"backfillTimezone","rate_per_min":100}],"missing":[],"problem":null,"beside":{"dry_run_first":"no","window":"22:00-06:00 UTC"}}
              How many rows a batch? > backfill backfillTimezone in staging at 100/min, dry run first: no, window: 22:00-06:00 UTC
            backfill timezone in staging at 100/min, dry run first: yes
              {"commands":[{"action":"backfill","environments":["staging"],"job":"backfillTimezone","rate_per_min":100}],"missing":[],"problem":null,"beside":{"dry_run_first":"yes"}}
              How many rows a batch? > backfill backfillTimezone in staging at 100/min, dry run first: yes
            status nowhere
              {"commands":[],"missing":[],"problem":{"kind":"unknown-name","message":"I don't know `nowhere`. Environments: staging, production. Services: api, web, cron.","suggestions":["status in staging","status in production"]}}
              I don't know `nowhere`. Environments: staging, production. Services: api, web, cron. > 
            help me with backfills
              {"commands":[{"action":"help","topic":"backfills"}],"missing":[],"problem":null}
              Help > help backfills
            reject r-3f2a because not on a Friday
              {"commands":[{"action":"reject","run":"r-3f2a"}],"missing":[],"problem":null}
              There is no run r-3f2a. > reject r-3f2a: "not on a Friday"
            rollback r-3f2a
              {"commands":[{"action":"rollback"}],"missing":["environments"],"problem":null,"beside":{"takes_back":"r-3f2a"}}
              There is no run r-3f2a. > rollback"#]].assert_eq(&lines.join("\n"));
        t.never_mind_the_rest();
    });
}
