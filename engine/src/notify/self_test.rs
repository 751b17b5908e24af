//! Once a week everybody on duty gets a text that says that texts work: before one is needed.

use std::collections::BTreeMap;

use super::turn::put;
use super::{Alert, AlertKind, AlertState};
use crate::clock::EpochMs;
use crate::control::{Engine, Refusal};
use crate::model::{EnvironmentKey, Urgency};
use crate::store::{Commit, TextWrite, Write};

/// The cursor on the weeks: the last one that was tested.
const CURSOR: &str = "self-test";
const HOUR_MS: i64 = 60 * 60_000;
const WEEK_MS: i64 = 7 * 24 * HOUR_MS;
/// Monday, 10:00 UTC, counted from 1970-01-01, which was a Thursday.
const MONDAY_MORNING_MS: i64 = (4 * 24 + 10) * HOUR_MS;
/// How long somebody has to answer, in milliseconds. Nobody is told after them.
const WAIT_MS: i64 = 24 * HOUR_MS;

/// The last time the week's text was due.
fn last_due(now_ms: EpochMs) -> EpochMs {
    (now_ms - MONDAY_MORNING_MS).div_euclid(WEEK_MS) * WEEK_MS + MONDAY_MORNING_MS
}

impl Engine {
    pub(super) async fn texts_test(&self) -> Result<bool, Refusal> {
        let now_ms = self.now_ms();
        let due_ms = last_due(now_ms);
        let before = self.store().text_cursor(CURSOR).await?;
        if before.is_some_and(|before| before >= due_ms) {
            return Ok(false);
        }
        let mut commit = Commit::at(now_ms);
        let cursor = TextWrite::CursorPut { name: CURSOR.to_owned(), from: before, to: due_ms };
        commit.writes.push(Write::Text(cursor));
        // A program that is started for the first time begins with the week to come.
        if before.is_some() {
            let mut people: BTreeMap<String, Vec<EnvironmentKey>> = BTreeMap::new();
            for project in self.store().project_list().await? {
                for (name, environment) in &project.value.environments {
                    let texts = environment.texts.as_ref().filter(|texts| texts.weekly_test);
                    for person in texts.into_iter().flat_map(|texts| &texts.people) {
                        let key = EnvironmentKey::new(project.value.project.clone(), name.clone());
                        people.entry(person.to_string()).or_default().push(key);
                    }
                }
            }
            commit.writes.extend(people.into_iter().filter_map(|(person, places)| {
                let names: Vec<&str> = places.iter().map(|place| place.environment.as_str()).collect();
                let says = names.join(", ");
                let environment = places.first()?.clone();
                Some(put(test(person, environment, says, due_ms, now_ms)))
            }));
        }
        self.store().commit(commit).await?;
        Ok(true)
    }
}

fn test(
    person: String,
    environment: EnvironmentKey,
    says: String,
    week_ms: EpochMs,
    now_ms: EpochMs,
) -> Alert {
    let id = format!("self-test/{week_ms}/{person}");
    Alert {
        fold: id.clone(),
        id,
        environment,
        run: None,
        kind: AlertKind::SelfTest,
        severity: Urgency::Info,
        says,
        score: None,
        chain: vec![person],
        turns: 0,
        wait_ms: WAIT_MS,
        times: 1,
        state: AlertState::Open,
        due_ms: Some(now_ms),
        at_ms: now_ms,
        version: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_weeks_text_is_due_on_monday_morning() {
        // Wednesday, 2026-11-18, 12:00 UTC; the Monday before is the 16th.
        let wednesday_ms = 1_795_003_200_000;
        let monday_ms = wednesday_ms - (2 * 24 + 2) * HOUR_MS;
        assert_eq!(last_due(wednesday_ms), monday_ms);
        assert_eq!(last_due(monday_ms), monday_ms);
        assert_eq!(last_due(monday_ms - 1), monday_ms - WEEK_MS);
    }
}
