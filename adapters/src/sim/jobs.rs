//! Jobs of the application: rows with keys from 1, filled in their order, and jobs that do it wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use engine::backfill::Cursor;
use engine::ports::JobEnded;

/// A job and the rows it has to fill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SimJob {
    /// How many rows there are: their keys are 1 to this.
    pub rows: u64,
    /// Rows that can't be filled, and the reason code of each.
    pub poison: BTreeMap<u64, String>,
    /// What is wrong with it; absent when it keeps to the protocol.
    pub lies: Option<JobLie>,
    /// Rows that are filled.
    pub filled: BTreeSet<u64>,
    /// How often rows that were filled already were filled again: what an idempotent job shrugs off.
    pub repeated: u64,
    /// Every batch it ran: behind which row, and the most rows.
    pub batches: Vec<(u64, u32)>,
}

/// How a job breaks the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobLie {
    /// It says that there is more, and its cursor stays.
    Stays,
    /// Its cursor goes back by one.
    GoesBack,
    /// It says one row more than it was asked for.
    TooMany,
    /// It prints a line that is no JSON.
    Chats,
    /// It ends without the line of the batch.
    Silent,
    /// It never stops printing.
    Endless,
    /// It does its batch, and ends with this exit code all the same.
    Exits(i32),
}

impl SimJob {
    /// So many rows, none filled.
    pub fn of(rows: u64) -> Self {
        Self { rows, ..Self::default() }
    }

    /// Fills a batch.
    pub(super) fn run(&mut self, cursor: Option<&Cursor>, batch: u32) -> JobEnded {
        let from = from(cursor);
        self.batches.push((from, batch));
        for row in self.rows_of(from, batch) {
            if !self.poison.contains_key(&row) && !self.filled.insert(row) {
                self.repeated += 1;
            }
        }
        self.says(from, batch, false)
    }

    /// Says what it would fill.
    pub(super) fn dry_run(&self, cursor: Option<&Cursor>, batch: u32) -> JobEnded {
        self.says(from(cursor), batch, true)
    }

    fn rows_of(&self, from: u64, batch: u32) -> std::ops::RangeInclusive<u64> {
        from + 1..=(from + u64::from(batch)).min(self.rows)
    }

    fn says(&self, from: u64, batch: u32, dry_run: bool) -> JobEnded {
        let rows = self.rows_of(from, batch);
        let mut output = String::new();
        let mut good = 0;
        for row in rows.clone() {
            if let Some(code) = self.poison.get(&row) {
                let _ = writeln!(output, r#"{{"type":"quarantined","key":{row},"code":"{code}"}}"#);
                continue;
            }
            good += 1;
            if dry_run && good <= 3 {
                let _ =
                    writeln!(output, r#"{{"type":"sample","key":{row},"before":null,"after":"zone {row}"}}"#);
            }
        }
        let last = (*rows.end()).max(from);
        let (mut cursor, mut done) = (last, last >= self.rows);
        match self.lies {
            Some(JobLie::Stays) => (cursor, done) = (from, false),
            Some(JobLie::GoesBack) => (cursor, done) = (from.saturating_sub(1), false),
            Some(JobLie::TooMany) => good = u64::from(batch) + 1,
            Some(JobLie::Chats) => output.insert_str(0, "filling zones …\n"),
            _ => {}
        }
        if self.lies != Some(JobLie::Silent) {
            let remaining = self.rows - last.min(self.rows);
            let _ = writeln!(
                output,
                r#"{{"type":"batch","rows":{good},"cursor":"{cursor}","done":{done},"remaining":{remaining}}}"#
            );
        }
        let code = if let Some(JobLie::Exits(code)) = self.lies { code } else { 0 };
        JobEnded {
            output,
            endless: self.lies == Some(JobLie::Endless),
            well: code == 0,
            how: format!("exit code {code}"),
            last_line: if code == 0 { String::new() } else { "no such column: timezone".to_owned() },
        }
    }
}

fn from(cursor: Option<&Cursor>) -> u64 {
    cursor.and_then(|cursor| cursor.as_str().parse().ok()).unwrap_or_default()
}
