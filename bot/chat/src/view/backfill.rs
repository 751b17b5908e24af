//! Backfills: how far one is, how fast, what could not be filled, and what a dry run found.

use engine::backfill::Checkpoint;
use engine::control::{BackfillState, RunDetail, Tried, told};
use engine::model::{Change, JobName};
use engine::run::{Run, RunState};

use super::time::duration;
use crate::message::{Card, Tone};

/// The most of a value before or after that is shown, in characters.
const VALUE_SHOWN: usize = 60;
/// Samples shown of a dry run.
const SAMPLES_SHOWN: usize = 5;

/// A number as people write it: `12,400`.
fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut written = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// How far it is, a line each.
fn fields(at: &Checkpoint, is_at_work: bool) -> Vec<(String, String)> {
    let percent = at.percent().map(|percent| format!(" ({percent}%)")).unwrap_or_default();
    let all = at.remaining.map(|left| number(at.place.rows + at.quarantined() + left));
    let of = all.map(|all| format!(" of {all}")).unwrap_or_default();
    let mut fields = vec![("progress".to_owned(), format!("{}{of} rows{percent}", number(at.place.rows)))];
    if at.quarantined() > 0 {
        let codes: Vec<String> =
            at.place.quarantined.iter().map(|(code, count)| format!("{code} {}", number(*count))).collect();
        fields.push(("quarantined".to_owned(), codes.join(", ")));
    }
    if is_at_work && !at.done {
        let seen = at.rate_seen().map(|seen| format!("{} rows a minute, ", number(seen))).unwrap_or_default();
        fields.push(("rate".to_owned(), format!("{seen}at most {}", number(at.rate_per_min.into()))));
        if let Some(left_ms) = at.left_ms() {
            fields.push(("left".to_owned(), format!("about {}", duration(left_ms))));
        }
    }
    fields
}

/// How far a run's backfill is.
pub(super) fn stands(card: Card, detail: &RunDetail) -> Card {
    let is_at_work = matches!(detail.run.state, RunState::Running { .. });
    match &detail.backfill {
        Some(at) => card.fields(fields(at, is_at_work)),
        None => card,
    }
}

/// The job a run works on, when it is a backfill.
fn job(run: &Run) -> Option<&JobName> {
    match &run.request.change {
        Change::Backfill { job, .. } => Some(job),
        _ => None,
    }
}

/// Whether a run ended before its job did, and keeps its place.
pub(super) fn is_stopped(detail: &RunDetail) -> bool {
    let ended = matches!(detail.run.state, RunState::Cancelled { .. } | RunState::Failed { .. });
    ended && detail.backfill.as_ref().is_some_and(|at| !at.done)
}

/// What can be done with a backfill; none for other runs, and where the usual buttons are right.
pub(super) fn buttons(card: &Card, detail: &RunDetail) -> Option<Card> {
    let (run, environment) = (&detail.run, &detail.run.environment().environment);
    let job = job(run)?;
    let stop = |card: Card| card.button("Stop", format!("backfill-stop {job} in {environment}"), true);
    match &run.state {
        RunState::Running { .. } => {
            Some(stop(card.clone()).button("Pause", format!("pause {}", run.id), false))
        }
        RunState::Paused { .. } => {
            Some(stop(card.clone().button("Resume", format!("resume {}", run.id), false)))
        }
        _ if is_stopped(detail) => {
            Some(card.clone().button("Resume", format!("backfill-resume {job} in {environment}"), false))
        }
        _ => None,
    }
}

/// What a dry run found.
pub(super) fn tried(card: Card, tried: &Tried) -> Card {
    let mut found = vec![match (tried.all, tried.takes_ms) {
        (Some(all), Some(ms)) => {
            ("it would handle".to_owned(), format!("{} rows, in about {}", number(all), duration(ms)))
        }
        (Some(all), None) => ("it would handle".to_owned(), format!("{} rows", number(all))),
        (None, _) => ("it would handle".to_owned(), "rows the job does not count".to_owned()),
    }];
    let bad = tried.batch.quarantined.len() as u64;
    if bad > 0 {
        let first = tried.batch.quarantined.iter().take(SAMPLES_SHOWN);
        let rows: Vec<String> = first.map(|row| format!("{} ({})", row.key, row.code)).collect();
        let of = number(tried.batch.handled());
        found.push(("can't be handled".to_owned(), format!("{bad} of the first {of}: {}", rows.join(", "))));
    }
    let shown = |value: &serde_json::Value| {
        let text = value.to_string();
        let begin: String = text.chars().take(VALUE_SHOWN).collect();
        if begin.len() < text.len() { format!("{begin}…") } else { begin }
    };
    let samples = tried.batch.samples.iter().take(SAMPLES_SHOWN);
    let samples = samples.map(|it| format!("row {}: {} → {}", it.key, shown(&it.before), shown(&it.after)));
    card.fields(found).list("For example", samples.collect())
}

/// Why it is asked once more behind a dry run.
pub(crate) fn tried_first() -> String {
    "That was the dry run: nothing is changed yet. `yes` begins.".to_owned()
}

/// What becomes of a job that somebody stops.
pub(crate) fn job_stopped(job: &JobName, run: &Run) -> String {
    let environment = &run.environment().environment;
    if run.state.is_over() {
        format!("{job} in {environment} is stopped; it had not begun.")
    } else {
        format!(
            "{job} in {environment} is being stopped: the batch at hand is its last, and its place is kept."
        )
    }
}

/// How far jobs are.
pub(crate) fn job_states(states: &[BackfillState], now_ms: i64) -> Card {
    if states.is_empty() {
        return Card::new(Tone::Plain, "No data job was begun there.").text("Next: help backfill");
    }
    let mut card = Card::new(Tone::Plain, "How far data jobs are:");
    for BackfillState { run, at, rows } in states {
        let environment = &run.environment().environment;
        let is_at_work = run.state.holds_lock();
        let how = if at.done {
            "has come to its end".to_owned()
        } else if is_at_work {
            format!("is {} ({})", run.state.as_str(), run.id)
        } else {
            format!("stopped {} ({})", super::time::ago(at.at_ms, now_ms), run.id)
        };
        let job = &at.job;
        card = card.text(format!("{job} in {environment} {how}: {}.", told(at)));
        card = card.fields(
            fields(at, is_at_work).into_iter().filter(|(name, _)| name == "rate" || name == "left").collect(),
        );
        let told: Vec<String> = rows.iter().map(|(key, code)| format!("{key} ({code})")).collect();
        if !told.is_empty() {
            let first = if at.quarantined() > told.len() as u64 { "The first rows" } else { "Rows" };
            card = card.text(format!("{first} that could not be filled: {}.", told.join(", ")));
        }
        if is_at_work {
            card = card.button("Stop", format!("backfill-stop {job} in {environment}"), true);
        } else if !at.done {
            card = card.button("Resume", format!("backfill-resume {job} in {environment}"), false);
        }
    }
    card
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_are_written_in_threes() {
        for (count, written) in [(0, "0"), (999, "999"), (1_000, "1,000"), (12_345_678, "12,345,678")] {
            assert_eq!(number(count), written);
        }
    }
}
