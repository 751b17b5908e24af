//! What can happen, as values: a history is a list of these, rolled before any of it is played, so that a shorter list is a
//! history too. What an event is about (which run, which release) is found when it is played, from a number it carries.

use std::fmt;

use adapters::sim::{Call, FaultKind};
use engine::model::Role;

use crate::dice::Dice;

/// Where.
pub(crate) const PLACES: [&str; 2] = ["staging", "production"];
/// Tags of the repository.
pub(crate) const REFS: [&str; 3] = ["v1", "v2", "v3"];

const SECOND_MS: i64 = 1_000;
const MINUTE_MS: i64 = 60 * SECOND_MS;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// What somebody wants changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    Deploy {
        reference: &'static str,
    },
    DeployOne {
        reference: &'static str,
    },
    DeployNewest,
    Canary {
        reference: &'static str,
    },
    /// What staging runs, to production.
    Promote,
    Rollback,
    RollbackOne,
    RollbackTo {
        release: u32,
    },
    Migrate {
        reference: &'static str,
    },
    Scale {
        replicas: u32,
    },
    Restart,
    SetVariable {
        value: &'static str,
    },
    Add,
    Remove,
    Destroy,
    Rotate,
    Reconcile,
    CronOff,
    CronOn,
    ClearCache,
}

/// How code behaves from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Good,
    SlowToStart,
    SlowToBuild,
    Unhealthy,
    Crashing,
    Unbuildable,
    Failing,
    MigrationFails,
}

/// Where the program dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Death {
    /// At the n-th of these calls, before it happens.
    Before(Call, u32),
    /// At the n-th of these calls, after it happened and before it is heard of.
    After(Call, u32),
    /// After so many commits, before it hears of the last.
    Commits(u64),
}

/// One thing that happens. A `pick` chooses among what there is when it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Asks {
        who: &'static str,
        place: &'static str,
        wish: Wish,
        in_ms: Option<i64>,
        breaks_glass: bool,
    },
    Retries {
        who: &'static str,
        pick: u8,
    },
    Approves {
        who: &'static str,
        pick: u8,
    },
    Rejects {
        who: &'static str,
        pick: u8,
    },
    Cancels {
        who: &'static str,
        pick: u8,
    },
    Pauses {
        who: &'static str,
        pick: u8,
    },
    Resumes {
        who: &'static str,
        pick: u8,
    },
    /// Somebody moves a canary on before its judge does.
    Promotes {
        who: &'static str,
        pick: u8,
    },
    /// Or takes it back.
    TakesBack {
        who: &'static str,
        pick: u8,
    },
    Locks {
        who: &'static str,
        place: &'static str,
        for_ms: Option<i64>,
    },
    Unlocks {
        who: &'static str,
        place: &'static str,
        says_why: bool,
    },
    /// The program does all that can be done now.
    Works,
    /// Time passes, and the program works.
    Passes {
        ms: i64,
    },
    /// The clock is put forward or back.
    Jumps {
        ms: i64,
    },
    Fault {
        call: Call,
        kind: FaultKind,
        nth: Option<u32>,
    },
    FaultsEnd,
    /// The program works while time passes, dies, and is started again.
    Dies {
        at: Death,
    },
    /// One of two replicas begins to work and stalls in the midst of this call; of one alone, nothing is stalled.
    Stalls {
        replica: u8,
        call: Call,
        nth: u32,
    },
    /// Whoever stalls goes on where it was.
    Wakes,
    Turns {
        reference: &'static str,
        to: Turn,
    },
    TagMoves {
        tag: &'static str,
        to: &'static str,
    },
    Becomes {
        who: &'static str,
        role: Option<Role>,
    },
    /// The project's file is imported as it was at first.
    Describes {
        who: &'static str,
    },
    /// The reporter of a front reads what happened and shows it; it may die before it writes down how far it came.
    Reads {
        front: usize,
        dies: bool,
    },
}

fn write_call(dice: &mut Dice) -> Call {
    // Those that come with every deploy more often than those of one run type.
    dice.weighed(&[
        (4, Call::InstancesEnsure),
        (3, Call::WeightsSet),
        (3, Call::ConfigPut),
        (2, Call::InstancesStop),
        (2, Call::BuildStart),
        (2, Call::SchedulePut),
        (2, Call::MigrationApply),
        (2, Call::ShapeEnsure),
        (2, Call::InstancesReplace),
        (1, Call::CacheClear),
        (1, Call::BuildStop),
    ])
}

fn any_call(dice: &mut Dice) -> Call {
    if dice.percent(70) { write_call(dice) } else { dice.one_of(Call::ALL) }
}

fn wish(dice: &mut Dice) -> Wish {
    let reference = dice.one_of(&REFS);
    dice.weighed(&[
        (24, Wish::Deploy { reference }),
        (4, Wish::DeployOne { reference }),
        (4, Wish::DeployNewest),
        (4, Wish::Canary { reference }),
        (6, Wish::Promote),
        (10, Wish::Rollback),
        (2, Wish::RollbackOne),
        (3, Wish::RollbackTo { release: 1 + (reference.len() as u32 % 2) }),
        (4, Wish::Migrate { reference }),
        (6, Wish::Scale { replicas: 1 }),
        (4, Wish::Scale { replicas: 3 }),
        (1, Wish::Scale { replicas: 9 }),
        (6, Wish::Restart),
        (6, Wish::SetVariable { value: reference }),
        (3, Wish::Add),
        (3, Wish::Remove),
        (1, Wish::Destroy),
        (3, Wish::Rotate),
        (3, Wish::Reconcile),
        (4, Wish::CronOff),
        (4, Wish::CronOn),
        (4, Wish::ClearCache),
    ])
}

fn fault_kind(dice: &mut Dice) -> FaultKind {
    let after_ms = dice.between(100, 40_000);
    dice.weighed(&[
        (3, FaultKind::LostAnswer),
        (2, FaultKind::UnknownBefore),
        (2, FaultKind::RetryBefore { after_ms }),
        (2, FaultKind::FailBefore),
    ])
}

fn death(dice: &mut Dice) -> Death {
    let nth = dice.between(1, 4) as u32;
    match dice.below(4) {
        0 => Death::Before(write_call(dice), nth),
        1 => Death::After(write_call(dice), nth),
        _ => Death::Commits(dice.between(1, 14) as u64),
    }
}

fn passes_ms(dice: &mut Dice) -> i64 {
    let range = dice.weighed(&[
        (5, (1, SECOND_MS)),
        (5, (SECOND_MS, 20 * SECOND_MS)),
        (3, (MINUTE_MS, 30 * MINUTE_MS)),
        (2, (HOUR_MS, 3 * HOUR_MS)),
    ]);
    dice.between(range.0, range.1)
}

fn jumps_ms(dice: &mut Dice) -> i64 {
    let far = dice.weighed(&[(3, 20 * SECOND_MS), (2, 20 * MINUTE_MS), (2, 5 * HOUR_MS), (1, 48 * HOUR_MS)]);
    dice.between(-far, far + 1)
}

impl Event {
    fn asks(dice: &mut Dice, who: &'static str, place: &'static str, wish: Wish) -> Self {
        Self::Asks {
            who,
            place,
            wish,
            in_ms: dice.percent(6).then(|| dice.between(MINUTE_MS, 3 * HOUR_MS)),
            breaks_glass: dice.percent(4),
        }
    }

    fn work(dice: &mut Dice) -> Self {
        match dice.below(10) {
            0..5 => Self::Dies { at: death(dice) },
            5..7 => Self::Works,
            7..9 => Self::Passes { ms: passes_ms(dice) },
            _ => Self::Stalls { replica: dice.byte(), call: any_call(dice), nth: dice.between(1, 4) as u32 },
        }
    }

    /// What often goes together: somebody asks, others say yes, and it is worked on.
    fn ask(dice: &mut Dice, all: &mut Vec<Self>, who: &'static str, place: &'static str, wish: Wish) {
        all.push(Self::asks(dice, who, place, wish));
        if dice.percent(75) {
            let first = dice.one_of(&["ana", "ben", "zoe"]);
            all.push(Self::Approves { who: first, pick: 0 });
            if dice.percent(30) {
                all.push(Self::Approves { who: dice.one_of(&["ben", "zoe", "max"]), pick: 0 });
            }
        }
        for _ in 0..dice.below(3) {
            all.push(Self::work(dice));
        }
    }

    /// Two admins end an environment; mostly it is described again, sooner or later.
    fn end(dice: &mut Dice, all: &mut Vec<Self>) {
        Self::ask(dice, all, "zoe", "staging", Wish::Destroy);
        all.push(Self::Approves { who: "max", pick: 0 });
        for _ in 0..dice.below(3) {
            all.push(Self::work(dice));
        }
        if dice.percent(70) {
            all.push(Self::Describes { who: "zoe" });
        }
    }

    /// One of two replicas stalls, mostly over what it sees before it does something; the other has time to take over; it wakes up.
    pub(crate) fn stall(dice: &mut Dice) -> [Self; 3] {
        let seen =
            [Call::Observe, Call::BuildLook, Call::MigrationsApplied, Call::Weights, Call::InstancesReplaced];
        let call = if dice.percent(60) { dice.one_of(&seen) } else { write_call(dice) };
        let nth = dice.between(1, 4) as u32;
        let ms = dice.between(10 * SECOND_MS, 80 * SECOND_MS);
        [Self::Stalls { replica: dice.byte(), call, nth }, Self::Passes { ms }, Self::Wakes]
    }

    /// How most days begin: something is live.
    pub(crate) fn morning(dice: &mut Dice, all: &mut Vec<Self>) {
        let reference = dice.one_of(&REFS);
        Self::ask(dice, all, "ana", "staging", Wish::Deploy { reference });
        if dice.percent(50) {
            Self::ask(dice, all, "ben", "production", Wish::Deploy { reference });
            all.push(Self::Approves { who: "zoe", pick: 0 });
        }
        all.push(Self::Works);
    }

    /// Rolls the next, or a few that go together.
    pub(crate) fn roll(dice: &mut Dice, all: &mut Vec<Self>) {
        let who =
            dice.weighed(&[(6, "ana"), (5, "ben"), (5, "zoe"), (2, "max"), (1, "vera"), (1, "mallory")]);
        let place = dice.one_of(&PLACES);
        let pick = dice.byte();
        let one = match dice.below(100) {
            0..2 => return Self::end(dice, all),
            2..22 => {
                let wish = wish(dice);
                return Self::ask(dice, all, who, place, wish);
            }
            22..24 => Self::Retries { who, pick },
            24..31 => Self::Approves { who, pick },
            31..34 => Self::Rejects { who, pick },
            34..39 => Self::Cancels { who, pick },
            39..42 => Self::Pauses { who, pick },
            42..44 => Self::Resumes { who, pick },
            44..45 => dice.one_of(&[Self::Promotes { who, pick }, Self::TakesBack { who, pick }]),
            45..48 => Self::Locks {
                who,
                place,
                for_ms: dice.percent(60).then(|| dice.between(SECOND_MS, 2 * HOUR_MS)),
            },
            48..50 => Self::Unlocks { who, place, says_why: dice.percent(70) },
            50..70 => Self::work(dice),
            70..73 => Self::Jumps { ms: jumps_ms(dice) },
            73..79 => Self::Fault {
                call: any_call(dice),
                kind: fault_kind(dice),
                nth: dice.percent(85).then(|| dice.between(1, 4) as u32),
            },
            79..82 => Self::FaultsEnd,
            82..88 => Self::Turns {
                reference: dice.one_of(&REFS),
                to: dice.weighed(&[
                    (5, Turn::SlowToStart),
                    (3, Turn::SlowToBuild),
                    (2, Turn::Unhealthy),
                    (1, Turn::Crashing),
                    (1, Turn::Unbuildable),
                    (1, Turn::Failing),
                    (1, Turn::MigrationFails),
                    (3, Turn::Good),
                ]),
            },
            88..90 => Self::TagMoves { tag: dice.one_of(&REFS), to: dice.one_of(&REFS) },
            90..92 => Self::Becomes {
                // Somebody stays admin.
                who: dice.one_of(&["ana", "ben", "max"]),
                role: dice.one_of(&[None, Some(Role::Viewer), Some(Role::Deployer), Some(Role::Admin)]),
            },
            92..94 => Self::Wakes,
            94..95 => Self::Describes { who: "zoe" },
            _ => Self::Reads { front: dice.below(3) as usize, dies: dice.percent(30) },
        };
        all.push(one);
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deploy { reference } => write!(f, "deploy {reference}"),
            Self::DeployOne { reference } => write!(f, "deploy api {reference}"),
            Self::DeployNewest => f.write_str("deploy"),
            Self::Canary { reference } => write!(f, "deploy {reference} with canary 50/100"),
            Self::Promote => f.write_str("deploy what staging runs"),
            Self::Rollback => f.write_str("rollback"),
            Self::RollbackOne => f.write_str("rollback api"),
            Self::RollbackTo { release } => write!(f, "rollback to {release}"),
            Self::Migrate { reference } => write!(f, "migrate {reference}"),
            Self::Scale { replicas } => write!(f, "scale to {replicas}"),
            Self::Restart => f.write_str("restart"),
            Self::SetVariable { value } => write!(f, "set GREETING={value}"),
            Self::Add => f.write_str("add redis"),
            Self::Remove => f.write_str("remove redis"),
            Self::Destroy => f.write_str("destroy"),
            Self::Rotate => f.write_str("rotate session-secret"),
            Self::Reconcile => f.write_str("reconcile"),
            Self::CronOff => f.write_str("cron off"),
            Self::CronOn => f.write_str("cron on"),
            Self::ClearCache => f.write_str("clear cache"),
        }
    }
}

fn duration(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    match ms.abs() {
        ms if ms < SECOND_MS => format!("{sign}{ms} ms"),
        ms if ms < MINUTE_MS => format!("{sign}{}.{:03} s", ms / SECOND_MS, ms % SECOND_MS),
        ms => format!("{sign}{} min {} ms", ms / MINUTE_MS, ms % MINUTE_MS),
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asks { who, place, wish, in_ms, breaks_glass } => {
                let later = in_ms.map_or(String::new(), |ms| format!(" in {}", duration(ms)));
                let glass = if *breaks_glass { ", breaking the glass" } else { "" };
                write!(f, "{who} asks in {place}: {wish}{later}{glass}")
            }
            Self::Retries { who, .. } => write!(f, "{who} retries"),
            Self::Approves { who, .. } => write!(f, "{who} approves"),
            Self::Rejects { who, .. } => write!(f, "{who} rejects"),
            Self::Cancels { who, .. } => write!(f, "{who} cancels"),
            Self::Pauses { who, .. } => write!(f, "{who} pauses"),
            Self::Resumes { who, .. } => write!(f, "{who} resumes"),
            Self::Promotes { who, .. } => write!(f, "{who} moves the canary on:"),
            Self::TakesBack { who, .. } => write!(f, "{who} takes the canary back:"),
            Self::Locks { who, place, for_ms: Some(ms) } => {
                write!(f, "{who} locks {place} for {}", duration(*ms))
            }
            Self::Locks { who, place, for_ms: None } => write!(f, "{who} locks {place}"),
            Self::Unlocks { who, place, says_why } => {
                write!(f, "{who} unlocks {place}{}", if *says_why { " and says why" } else { "" })
            }
            Self::Describes { who } => write!(f, "{who} imports the project's file as it was at first"),
            Self::Works => f.write_str("the program works"),
            Self::Passes { ms } => write!(f, "{} pass", duration(*ms)),
            Self::Jumps { ms } if *ms < 0 => write!(f, "the clock is put back: {}", duration(*ms)),
            Self::Jumps { ms } => write!(f, "the clock is put forward: {}", duration(*ms)),
            Self::Fault { call, kind, nth } => {
                let which = nth.map_or("every".to_owned(), |nth| format!("no. {nth} of"));
                write!(f, "from now on {which} {call} meets {kind:?}")
            }
            Self::FaultsEnd => f.write_str("all faults end"),
            Self::Dies { at: Death::Before(call, nth) } => write!(f, "it works and dies before {call} {nth}"),
            Self::Dies { at: Death::After(call, nth) } => write!(f, "it works and dies after {call} {nth}"),
            Self::Dies { at: Death::Commits(count) } => write!(f, "it works and dies after {count} commits"),
            Self::Stalls { call, nth, .. } => write!(f, "a replica works and stalls in {call} {nth}"),
            Self::Wakes => f.write_str("whoever stalls wakes up"),
            Self::Turns { reference, to } => write!(f, "{reference} turns {to:?}"),
            Self::TagMoves { tag, to } => write!(f, "tag {tag} is moved to {to}"),
            Self::Becomes { who, role: Some(role) } => write!(f, "{who} becomes {role}"),
            Self::Becomes { who, role: None } => write!(f, "{who} is taken away"),
            Self::Reads { front, dies: true } => write!(f, "front {front} reads and dies"),
            Self::Reads { front, dies: false } => write!(f, "front {front} reads"),
        }
    }
}
