//! The two tables: one row for each slot, and the slots actions have beyond what they can't start without.

use super::Slot;
use super::takes::{Takes, valid};
use crate::intent::Action;

impl SlotRow {
    /// Whether it takes a number: then the number of a choice would be taken for it.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self.takes, Takes::Count { .. } | Takes::Rate)
    }
}

/// All that is particular to a slot.
#[derive(Debug)]
pub(crate) struct SlotRow {
    /// The slot this row describes.
    pub(crate) slot: Slot,
    /// What people call it, the usual word first: shown on cards, and heard in corrections.
    pub(crate) called: &'static [&'static str],
    /// The question; `{verb}` is the action, `{of}` the service or environment it is about.
    pub(crate) asks: &'static str,
    /// Why it is asked: what depends on it.
    pub(crate) why: &'static str,
    /// What may be answered, when the choices do not say it.
    pub(crate) hint: &'static str,
    /// What it takes.
    pub(crate) takes: Takes,
    /// What is taken for "default": offered first, never taken silently.
    pub(crate) usual: Option<&'static str>,
}

macro_rules! slots {
    ($($slot:ident [$($called:literal),+] $asks:literal $why:literal $hint:literal $takes:expr, $usual:expr;)*) => {
        /// Every slot, in the order of [`Slot`]'s variants.
        pub(super) static SLOTS: &[SlotRow] = &[$(SlotRow {
            slot: Slot::$slot, called: &[$($called),+], asks: $asks, why: $why, hint: $hint, takes: $takes, usual: $usual,
        }),*];
    };
}

slots! {
    Environments ["environment", "environments", "env"] "{verb} where?"
        "It changes an environment, and I never guess which: production least of all."
        "" Takes::Several, None;
    Ref ["ref", "version", "tag", "branch", "commit"] "Which ref?"
        "It decides which code runs, and nothing proved is there to be taken for it."
        "A branch, a tag or a commit."
        Takes::OneOr(valid::git_ref), None;
    Canary ["canary"] "Which canary?"
        "It decides how much traffic the new release gets before it is judged."
        "Percentages that rise to 100, like `10/50/100`, or `no canary`."
        Takes::OneOr(valid::canary), None;
    Replicas ["replicas", "instances"] "How many replicas?"
        "It decides how many processes run, and no number is safe to guess."
        "A number from 1 to 1000." Takes::Count { most: 1_000, what: "a number from 1 to 1000", units: &["replica", "replicas", "instance", "instances", "copy", "copies"] }, None;
    Name ["variable", "name"] "Which variable?"
        "Each service reads its variables by their names."
        "Its name, like `LOG_LEVEL`."
        Takes::Words(valid::variable), None;
    Value ["value"] "Which value?"
        "It is written as it is said, and can be read by everybody: no place for a secret."
        "One word; several between ticks, like `` `see you soon` ``."
        Takes::Loose(valid::value), None;
    Secret ["secret", "name"] "Which secret?"
        "It gets a new value, and what uses it is started again with that."
        "" Takes::One, None;
    Component ["component"] "Which component?"
        "Services are told of it by its name, and it is made or taken away by that."
        "" Takes::One, None;
    Environment ["environment", "name"] "What is the new environment called?"
        "Orders, addresses and the record call it by that name."
        "A short name like `qa`." Takes::Words(valid::environment), None;
    From ["from", "like"] "Like which environment?"
        "It decides where the new one runs, and with which services and components."
        "" Takes::One, None;
    Production ["production"] "Is it production?"
        "There, somebody else approves what changes it, and live keys are used."
        "" Takes::YesNo, None;
    Destroyed ["environment", "env"] "Which environment is to be destroyed?"
        "All that runs of it is ended, and I never guess which."
        "" Takes::One, None;
    Retype ["its name once more"] "Really {of}? To be sure, what is its name?"
        "What is taken away is missed by whoever relies on it, and a click is quickly done."
        "" Takes::Words(valid::name), None;
    Provider ["provider"] "Which provider?"
        "Its key is asked for, kept as a secret, and tried out."
        "" Takes::One, None;
    Job ["job"] "Which job?"
        "There are several, and each changes other data."
        "" Takes::One, None;
    Source ["from", "source"] "Filled from what?"
        "It decides what is written into the column."
        "A column, like `address`." Takes::Loose(valid::column), None;
    BatchSize ["batch size", "batch"] "How many rows a batch?"
        "A batch is written in one go: a large one is quick and holds rows longer, a small one is gentle."
        "A number from 1 to 100000."
        Takes::Count { most: 100_000, what: "a number from 1 to 100000", units: &["row", "rows", "record", "records", "batch", "batches", "at", "time"] }, Some("500");
    Rate ["rate", "speed"] "How fast at most{in}?"
        "It keeps the database free for those who use it meanwhile."
        "Rows a minute, like `500`; or say of what: `500 users/min`, `10 users/s`."
        Takes::Rate, Some("500/min");
    DryRunFirst ["dry run first", "dry run"] "A dry run first?"
        "It shows how many rows would change before any does."
        "It counts what would change and changes nothing."
        Takes::YesNo, Some("yes");
    Window ["window", "hours"] "At which hours may it run?"
        "Data jobs load the database: at quiet hours nobody notices."
        "Like `22:00-06:00` (UTC), or `any time`."
        Takes::Words(valid::window), Some("any time");
    Signals ["signal", "signals", "when"] "When?"
        "An alert has to know what it waits for."
        "Several at once: `1, 3`." Takes::Several, None;
    Project ["project", "name"] "What is the project called?"
        "Orders, addresses and the record call it by that name."
        "Letters, digits and hyphens." Takes::Words(valid::name), None;
    Platform ["platform"] "Which platform runs it?"
        "It decides where the services run, and who is asked to run them."
        "`local` is the embedded one: processes on this machine."
        Takes::One, Some("local");
    Edge ["dns", "edge"] "Who does its DNS?"
        "Whoever does DNS leads people to the project and spreads traffic."
        "" Takes::One, None;
    Repository ["repository", "repo"] "Where is its code?"
        "Every deploy takes its code from there."
        "A git URL, or the absolute path of a git repository on this machine; no password in it."
        Takes::Words(valid::repository), None;
    Services ["services", "service"] "Which services is it made of?"
        "Each is built, started, checked and scaled by itself."
        "Their names, like `api, web`."
        Takes::Words(valid::names), None;
    Build ["build"] "How is {of} built?"
        "It is run in a copy of the code before the service starts; without one the code runs as it is."
        "A command, or `none`." Takes::Loose(valid::command_line), Some("none");
    Start ["start"] "How is {of} started?"
        "It starts the service, in every environment."
        "A command." Takes::Loose(valid::start_line), None;
    Domain ["domain"] "Which domain leads to {of}?"
        "People reach the environment there."
        "Like `app.example.com`, or `none`." Takes::Words(valid::domain), Some("none");
    Port ["port", "address"] "Which port leads to {of}?"
        "The service is reached there on this machine."
        "A number from 1024 to 65535."
        Takes::Count { most: 65_535, what: "a number from 1 to 65535", units: &[] }, None;
    Components ["components", "component"] "Which components does it need?"
        "They are there before the services start, which are told their addresses."

        "Several at once: `postgres, redis`. Or `none`." Takes::Several, Some("none");
    Connections ["connections", "connection"] "Which providers are to be connected?"
        "Services need their keys, and I look whether these work."

        "Several at once: `stripe, sendgrid`. Or `none`." Takes::Several, Some("none");
    Texts ["texts", "sms", "phone", "numbers"] "Who gets text messages?"
        "They are told on the phone when something needs a person."

        "Telephone numbers with `+` and their country, like `+491701234567`; or `none`." Takes::Words(valid::phones), Some("none");
    Confirm ["confirm"] "Is that right?"
        "The whole is shown once before anything is done with it."
        "Correct anything by the name it has here: `no, NAME is VALUE`." Takes::YesNo, Some("yes");
}

/// What is asked for beyond an action's needs, in this order. The ref of a deploy is asked for by the desk, when nothing
/// is proved, and so is its canary, where the environment's policy wants that asked.
static MORE: &[(Action, &[Slot])] = &[
    (
        Action::Backfill,
        &[Slot::Source, Slot::BatchSize, Slot::Rate, Slot::DryRunFirst, Slot::Window, Slot::Confirm],
    ),
    (
        Action::Setup,
        &[
            Slot::Project,
            Slot::Platform,
            Slot::Edge,
            Slot::Repository,
            Slot::Services,
            Slot::Build,
            Slot::Start,
            Slot::Domain,
            Slot::Port,
            Slot::Components,
            Slot::Connections,
            Slot::Texts,
            Slot::Confirm,
        ],
    ),
    (Action::CreateEnvironment, &[Slot::From, Slot::Production, Slot::Domain, Slot::Port, Slot::Confirm]),
    (Action::Alert, &[Slot::Signals]),
    (Action::RemoveComponent, &[Slot::Retype]),
    (Action::DestroyEnvironment, &[Slot::Retype]),
];

/// The slots of an action, in the order they are asked for.
pub(crate) fn slots_of(action: Action) -> impl Iterator<Item = Slot> {
    let needs = action.row().needs.iter().filter_map(move |key| match (action, Slot::of(*key)) {
        (Action::RotateSecret, Some(Slot::Name)) => Some(Slot::Secret),
        (Action::DestroyEnvironment, Some(Slot::Environment)) => Some(Slot::Destroyed),
        (_, slot) => slot,
    });
    let more = MORE.iter().find(|(of, _)| *of == action).map_or(&[][..], |(_, more)| more);
    needs.chain(more.iter().copied())
}
