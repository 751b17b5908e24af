//! Commands with any of their keys filled, as no sentence of the corpora may have them.

use chat::intent::actions::TABLE;
use chat::intent::{ActionRow, Command, Key};
use serde_json::{Map, Value, json};

use crate::rules::Random;

/// Commands of each action: with every key, and with some of them.
pub(crate) fn commands(each: usize, seed: u64) -> Vec<Command> {
    let mut random = Random::new(seed);
    TABLE
        .iter()
        .flat_map(|row| (0..each).map(|round| command(row, round == 0, &mut random)).collect::<Vec<_>>())
        .collect()
}

fn command(row: &ActionRow, every: bool, random: &mut Random) -> Command {
    let mut said = Map::new();
    said.insert("action".to_owned(), json!(row.name));
    for key in row.keys {
        if every || needed(row, *key) || random.below(2) == 0 {
            said.insert(key.name().to_owned(), value(*key, random));
        }
    }
    // Nothing is tried and rehearsed at once, and no migration of a release that is skipped is first.
    if said.get("rehearse") == Some(&json!(true)) && random.below(2) == 0 {
        said.remove("dry_run");
    } else {
        said.remove("rehearse");
    }
    let mut command: Command = serde_json::from_value(Value::Object(said)).unwrap();
    // A question is about what its verb is about.
    if command.verb.is_some_and(|verb| !verb.has(Key::Services)) {
        command.services.clear();
    }
    command
}

/// Without it there is no sentence for the command, only a question.
fn needed(row: &ActionRow, key: Key) -> bool {
    row.needs.contains(&key)
        || matches!(key, Key::On | Key::When | Key::Then | Key::Verb | Key::Bundle | Key::Column | Key::Value)
        || row.name == "setup" && key == Key::Environments
        || matches!(row.name, "bootstrap-local" | "provision") && key == Key::Project
}

/// Something that may be said for a key of the sample project.
fn value(key: Key, random: &mut Random) -> Value {
    let mut one = |values: &[Value]| values[random.below(values.len())].clone();
    match key {
        Key::Environments => one(&[
            json!(["staging"]),
            json!(["production"]),
            json!(["staging", "production"]),
            json!(["local", "staging", "production"]),
        ]),
        Key::Services => {
            one(&[json!(["api"]), json!(["web"]), json!(["api", "web"]), json!(["web", "cron"])])
        }
        Key::Ref => one(&[json!("v1.4.2"), json!("main"), json!("feature/new-login"), json!("9fceb02")]),
        Key::Canary => one(&[
            json!(true),
            json!(false),
            json!({"weights": [10, 50, 100]}),
            json!({"weights": [5, 25, 100], "soak_s": 600}),
            json!({"soak_s": 90}),
        ]),
        Key::Migrate => one(&[json!("first"), json!("skip")]),
        Key::At => {
            one(&[json!("tonight 22:00"), json!("in 10 minutes"), json!("22:00"), json!("tomorrow 9am")])
        }
        Key::DryRun | Key::Rehearse => json!(true),
        Key::To => one(&[json!("previous"), json!("v1.4.1"), json!("fix-login")]),
        Key::Run => one(&[json!("r-3f2a"), json!("r-9b1c")]),
        Key::Job => one(&[json!("backfillTimezone"), json!("backfillInvoiceTotals")]),
        Key::BatchSize => one(&[json!(200), json!(1000)]),
        Key::RatePerMin => one(&[json!(500), json!(1)]),
        Key::MaxRuntime => one(&[json!(7200), json!(90)]),
        Key::Column => one(&[json!("timezone"), json!("users.timezone")]),
        Key::Project => json!("invoice-perfect"),
        Key::Platform => one(&[json!("railway"), json!("render")]),
        Key::Edge => json!("cloudflare"),
        Key::Connections => one(&[json!(["stripe"]), json!(["stripe", "sendgrid"])]),
        Key::Environment => one(&[json!("staging"), json!("production")]),
        Key::From => one(&[json!("local"), json!("staging")]),
        Key::Component => one(&[json!("postgres"), json!("redis")]),
        Key::Name => one(&[json!("LOG_LEVEL"), json!("STRIPE_SECRET_KEY")]),
        Key::Value => one(&[json!("debug"), json!("a b"), json!("production"), json!("")]),
        Key::Provider => one(&[json!("stripe"), json!("sendgrid")]),
        Key::Mode => one(&[json!("test"), json!("live")]),
        Key::Replicas => one(&[json!(3), json!(0), json!(1)]),
        Key::Reason => one(&[json!("database maintenance"), json!("for 2h"), json!("done")]),
        Key::On | Key::When => one(&[
            json!(["canary-anomaly"]),
            json!(["rollback"]),
            json!(["deploy-failed", "repeated-5xx"]),
            json!(["unhealthy"]),
            json!(["canary-anomaly", "rollback", "deploy-failed", "repeated-5xx", "unhealthy"]),
        ]),
        Key::By => one(&[json!(["sms"]), json!(["email", "chat"]), json!(["sms", "email", "chat"])]),
        Key::Then => one(&[
            json!(["rollback"]),
            json!(["rollback", "incident"]),
            json!(["halt-canary", "cron-disable"]),
            json!(["rollback", "incident", "restart", "scale", "cron-disable", "halt-canary"]),
            json!(["incident"]),
        ]),
        Key::Providers => one(&[json!(["stripe"]), json!(["railway", "cloudflare"])]),
        Key::Bundle => one(&[json!("health"), json!("security"), json!("backup"), json!("deploy")]),
        Key::Verb => one(&[json!("deploy"), json!("restart"), json!("rollback"), json!("migrate")]),
        Key::Since => one(&[json!(600), json!(604_800), json!(90)]),
        Key::Actor => one(&[json!("ana"), json!("ben")]),
        Key::Topic => one(&[json!("deploy"), json!("canary")]),
    }
}
