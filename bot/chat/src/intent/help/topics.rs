//! What help is about beside single actions: how things work, each in a few lines with sentences to try.

use crate::intent::actions::Action;

/// Something help can be asked about that is no action.
#[derive(Debug)]
pub(super) struct Topic {
    /// Words that ask for it, the usual one first.
    pub(super) words: &'static [&'static str],
    /// How it works, a line each; filled like examples.
    pub(super) says: &'static [&'static str],
    /// Sentences to try.
    pub(super) examples: &'static [&'static str],
}

macro_rules! topics {
    ($([$($word:literal),+] $($says:literal)+ => $($example:literal)*;)*) => {
        /// All topics, in the order they are listed.
        pub(super) static TOPICS: &[Topic] = &[$(Topic {
            words: &[$($word),+], says: &[$($says),+], examples: &[$($example),*],
        }),*];
    };
}

topics! {
    ["approvals", "approval", "approvers", "approver"]
        "Where an environment asks for them, a run waits until others approve it. They approve the plan"
        "on the card and no other: when anything has changed by then, it is planned and asked anew."
        "Nobody approves their own run, unless the team is one person and the environment says so."
        => "can I deploy {env}?" "approve" "reject";
    ["canary", "canaries", "stages", "weights"]
        "Traffic moves to the new release in stages, each judged every second against the live one; a release"
        "that is worse goes back by itself. Without enough data it holds and asks: `promote`, `resume`, or"
        "`rollback`, which always means the last stable release. What a deploy means that says nothing about"
        "a canary stands in the environment's policy: `canary: 10/50/100`, `off`, or `ask`, which asks."
        "Health, crashes and critical log lines take it back at once. How much data a pass takes, when a low"
        "score asks, and log patterns of your own stand in the policy too (`judging`); plans show what is not"
        "as usual."
        => "deploy {env} with canary 10/50/100" "deploy {env} without canary" "promote";
    ["secrets", "secret", "credentials", "passwords", "password", "tokens"]
        "Secrets never pass through a conversation, and are never shown. On the machine:"
        "  infra-chat secret set {project}/{env}/NAME"
        "On Slack and Discord `/infra secret` opens a form. Services get the new value with their next start."
        => "restart {service} in {env}";
    ["locks", "locking", "freezes", "freezing"]
        "A lock keeps everybody else from changing an environment, until it is taken away or its time is"
        "over. A run holds one of its own while it works; the next run waits in line."
        => "lock {env} for 2h: database maintenance" "unlock {env}" "status {env}";
    ["standing", "rules", "alerts", "notifications"]
        "Alerts tell you, and rules act in your name, when something happens. They take effect at once, save"
        "alerts by e-mail, which is to come. `alerts`, `rules` and `standing orders` list them; `remove alert 1`"
        "takes one away."
        => "text me if a deploy fails" "if we see repeated 500s, rollback and open an incident";
    ["questions", "question", "answers", "answering", "asking"]
        "What is missing is asked for, one thing at a time. Answer with a number, a name, a click, or"
        "`default`. `no, v1.2` corrects what was said before, `so far` shows what is put together, and"
        "`never mind` drops it. A question stays open for half an hour, also over a restart."
        "`lock` alone, for example, asks where."
        => "lock" "never mind";
    ["threads", "thread", "channels"]
        "Under a run's card, `approve`, `cancel`, `pause`, `status` and `logs` are about that run, and"
        "`rollback` takes back that run alone."
        => "status {env}";
    ["roles", "role", "people", "users", "user", "permissions", "rights"]
        "Viewers look, deployers change things, admins also decide about projects, people and secrets."
        "An admin makes somebody known: infra-chat user add NAME --role deployer"
        => "whoami" "can I deploy {env}?";
    ["environments", "environment", "production", "env"]
        "Say an environment by its name or another word for it. Production is never meant unless it is said."
        => "status" "status {env}" "releases {env}";
    ["plans", "plan", "dry", "preview", "previews"]
        "Before anything is done there is a plan: what changes, how risky it is, and the way back. A dry run"
        "shows it and changes nothing."
        => "dry run deploy {env}" "dry run rollback {env}";
    ["schedule", "schedules", "scheduling", "later", "time", "times"]
        "A run can be planned and approved now, and start later. Times are UTC."
        => "deploy {env} at 22:00" "deploy {env} in 10 minutes" "cancel";
    ["runs", "run"]
        "Each order that changes something is a run, with a card that is kept up to date. Where you do not"
        "say which, the one you asked for last is meant."
        => "status r-3f2a" "pause r-3f2a" "resume r-3f2a" "cancel r-3f2a" "logs of r-3f2a";
    ["refs", "ref", "versions", "version", "tags", "branches", "branch", "commits"]
        "A ref is a branch, a tag or a commit. Without one, an environment gets the newest code, and"
        "production what is proved on the environment before it."
        => "deploy v1.2.0 to {env}" "deploy {env} branch main" "releases {env}";
    ["glass", "emergency", "emergencies"]
        "In an emergency a run passes freeze and limits when you say why; that is recorded loudly."
        => "deploy {env}, break glass: checkout is down";
}

/// What helps with single actions beyond their row, a line each.
static MORE: &[(Action, &[&str])] = &[
    (
        Action::Deploy,
        &[
            "Without a ref, an environment gets the newest code, and production what is proved before it.",
            "You see the plan, then how far it is. What never gets healthy is taken back by itself.",
        ],
    ),
    (
        Action::Rollback,
        &[
            "Traffic goes back first where the release before still runs; deploys that start by themselves are held.",
        ],
    ),
    (
        Action::Migrate,
        &["A deploy runs what is new by itself, before the code, unless you say `skip migrations`."],
    ),
    (
        Action::Setup,
        &[
            "I ask for what you don't say: platform, repository, services and how each is built and started,",
            "domains, components, connections, who gets texts. `so far` shows what is there, `no, NAME is",
            "VALUE` corrects it, and the whole is shown before an admin takes it in.",
        ],
    ),
    (
        Action::Backfill,
        &["I ask for what you don't say: rows a batch, how fast at most, a dry run first, at which hours."],
    ),
    (
        Action::Lock,
        &["`for 2h` or `until 18:00` ends it by itself; what you say behind `:` is shown to the others."],
    ),
    (
        Action::Approve,
        &["What was approved is what runs: another plan is asked for anew. `help approvals` has more."],
    ),
    (Action::Alert, &["`alerts` lists them, `remove alert 1` takes one away."]),
    (Action::Rule, &["`rules` lists them, `remove rule 1` takes one away."]),
];

/// What helps with an action beyond its row.
pub(super) fn more(action: Action) -> &'static [&'static str] {
    MORE.iter().find(|(of, _)| *of == action).map_or(&[], |(_, more)| more)
}

/// The topic a word asks for.
pub(super) fn topic(word: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.words.contains(&word))
}
