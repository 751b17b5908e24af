//! One change at a time: at most one run at work on an environment, which holds its lock; and a line that is fair.

use crate::event::PLACES;
use crate::life::{Broken, Kept, Life};
use crate::peek::{RunRow, Sight};

const ALONE: &str = "one at a time";
const LOCKS: &str = "locks have holders";
const FAIR: &str = "the line is fair";

/// How far time may go on while a program works: a run whose time came meanwhile may have been too early for its turn.
const SLACK_MS: i64 = 120_000;

pub(super) fn one_at_a_time(sight: &Sight) -> Kept {
    for place in PLACES {
        let at_work: Vec<&str> = sight
            .runs
            .iter()
            .filter(|row| row.place == place && row.changes())
            .map(|row| row.id.as_str())
            .collect();
        if at_work.len() > 1 {
            return Err(Broken::new(ALONE, format!("{} are at work on {place}", at_work.join(" and "))));
        }
        for run in at_work {
            let holds = |kind: &str, holder: &str| kind == "run" && holder == run;
            if !sight.locks.iter().any(|lock| lock.place == place && holds(&lock.kind, &lock.holder)) {
                return Err(Broken::new(ALONE, format!("{run} is at work on {place} without its lock")));
            }
        }
    }
    Ok(())
}

pub(super) fn locks_have_holders(sight: &Sight) -> Kept {
    for lock in sight.locks.iter().filter(|lock| lock.kind == "run") {
        let holder = sight.run(&lock.holder);
        if !holder.is_some_and(|row| row.place == lock.place && row.changes()) {
            let state = holder.map_or("unknown", |row| row.state.as_str());
            let what = format!("{} holds the lock of {} and is {state}", lock.holder, lock.place);
            return Err(Broken::new(LOCKS, what));
        }
    }
    Ok(())
}

/// Somebody's lock keeps this one from starting.
fn kept_out(sight: &Sight, row: &RunRow) -> bool {
    let others = |holder: &str| holder != row.run.requester.name;
    sight.locks.iter().any(|lock| lock.place == row.place && lock.kind == "person" && others(&lock.holder))
}

impl Life<'_> {
    /// Whoever has just begun had nobody before them who could have.
    pub(super) fn line_is_fair(&self, sight: &Sight) -> Kept {
        let now_ms = self.now_ms();
        for row in &sight.runs {
            let Some(joined_ms) = self.promises.joined.get(&row.id) else { continue };
            if row.state == "queued" || !row.changes() || self.promises.was_at_work(&row.id) {
                continue;
            }
            for other in sight.runs.iter().filter(|other| other.place == row.place) {
                let before = self.promises.joined.get(&other.id).is_some_and(|ms| ms < joined_ms);
                let due = other.run.request.not_before_ms.is_none_or(|ms| ms < now_ms - SLACK_MS);
                if before && due && other.state == "queued" && !kept_out(sight, other) {
                    let (first, then) = (self.called(&row.id), self.called(&other.id));
                    return Err(Broken::new(
                        FAIR,
                        format!("{first} has begun before {then}, which was first"),
                    ));
                }
            }
        }
        Ok(())
    }

    /// After the program has done all it could, nobody waits whom nothing holds.
    pub(super) fn line_moves(&self, sight: &Sight) -> Kept {
        let now_ms = self.now_ms();
        for row in sight.runs.iter().filter(|row| row.state == "queued") {
            let due = row.run.request.not_before_ms.is_none_or(|ms| ms <= now_ms);
            let taken = sight.locks.iter().any(|lock| lock.place == row.place && lock.kind == "run");
            let first = sight
                .runs
                .iter()
                .filter(|other| other.place == row.place && other.state == "queued")
                .all(|other| other.queued_ms >= row.queued_ms);
            if due && first && !taken && !kept_out(sight, row) {
                let what =
                    format!("{} is first, nothing holds it, and it has not begun", self.called(&row.id));
                return Err(Broken::new("the line moves", what));
            }
        }
        Ok(())
    }
}
