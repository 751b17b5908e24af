//! Reads what a job prints of a batch. Strict: what is not understood is not guessed at, and what is said is checked against
//! what was asked for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Cursor;

/// Samples of a dry run that are read.
const SAMPLES_MAX: usize = 20;
/// The longest reason code, in characters.
const CODE_MAX: usize = 40;
/// What is shown of a line that is wrong, in characters.
const LINE_SHOWN: usize = 120;
/// The most a batch of no rows may print, in bytes …
const OUTPUT_LEAST: usize = 64 * 1024;
/// … and for each row on top.
const OUTPUT_A_ROW: usize = 512;

/// The most a job may print about a batch of so many rows, in bytes.
pub fn output_max(batch: u32) -> usize {
    OUTPUT_LEAST + OUTPUT_A_ROW * batch as usize
}

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Behind which row; absent at the beginning.
    pub cursor: Option<&'a Cursor>,
    /// The most rows.
    pub batch: u32,
    /// Nothing was to be changed.
    pub dry_run: bool,
}

/// A row that can't be handled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its key.
    pub key: Cursor,
    /// Why: a word of the job's own, `unknown-country`.
    pub code: String,
}

/// A row before and after, of a dry run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Its key.
    pub key: Cursor,
    /// As it is, in JSON.
    pub before: serde_json::Value,
    /// As it would be, in JSON.
    pub after: serde_json::Value,
}

/// What came of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Rows handled well.
    pub rows: u32,
    /// Rows that can't be handled, each once.
    pub quarantined: Vec<Quarantined>,
    /// Of a dry run.
    pub samples: Vec<Sample>,
    /// Where the next batch begins; absent when it is done.
    pub cursor: Option<Cursor>,
    /// No row is left.
    pub done: bool,
    /// Rows left behind the cursor, when the job counts them.
    pub remaining: Option<u64>,
}

impl Batch {
    /// All rows it looked at, which is what a rate counts.
    pub fn handled(&self) -> u64 {
        u64::from(self.rows) + self.quarantined.len() as u64
    }
}

/// Keys are texts or whole numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Key {
    Text(String),
    Number(i64),
}

impl Key {
    fn checked(self, what: &str) -> Result<Cursor, String> {
        let text = match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        };
        Cursor::try_from(text).map_err(|error| format!("its {what} is wrong: {error}"))
    }
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", deny_unknown_fields)]
enum Line {
    Quarantined {
        key: Key,
        code: String,
    },
    Sample {
        key: Key,
        before: serde_json::Value,
        after: serde_json::Value,
    },
    Batch {
        rows: u64,
        #[serde(default)]
        cursor: Option<Key>,
        done: bool,
        #[serde(default)]
        remaining: Option<u64>,
    },
}

/// Reads the output of a job that ended well. The error says what was wrong with it, as the rest of a sentence about the job.
pub fn read(asked: Asked<'_>, output: &str) -> Result<Batch, String> {
    let mut quarantined: Vec<Quarantined> = Vec::new();
    let (mut keys, mut samples, mut batch) = (BTreeSet::new(), Vec::new(), None);
    for (number, text) in output.lines().enumerate() {
        let number = number + 1;
        let wrong =
            |what: String| format!("printed in line {number} what is no part of the protocol: {what}");
        if batch.is_some() {
            return Err(wrong(format!("nothing may follow the line of the batch, and {} does", shown(text))));
        }
        let line = serde_json::from_str(text)
            .map_err(|error| wrong(format!("{} ({})", shown(text), without_place(&error))))?;
        match line {
            Line::Quarantined { key, code } => {
                let key = key.checked("key").map_err(wrong)?;
                if !is_code(&code) {
                    return Err(wrong(format!(
                        "a reason code has 1 to {CODE_MAX} of a-z, 0-9, `-`, `_` and `.`, and {} is none",
                        shown(&code)
                    )));
                }
                if quarantined.len() >= asked.batch as usize {
                    return Err(more_than_asked(asked.batch));
                }
                if !keys.insert(key.as_str().to_owned()) {
                    return Err(wrong(format!("row {} is quarantined twice", shown(key.as_str()))));
                }
                quarantined.push(Quarantined { key, code });
            }
            Line::Sample { key, before, after } => {
                if !asked.dry_run {
                    return Err(wrong("samples belong to a dry run".to_owned()));
                }
                if samples.len() >= SAMPLES_MAX {
                    return Err(wrong(format!("more than {SAMPLES_MAX} samples")));
                }
                samples.push(Sample { key: key.checked("key").map_err(wrong)?, before, after });
            }
            Line::Batch { rows, cursor, done, remaining } => {
                let cursor = cursor.map(|key| key.checked("cursor")).transpose().map_err(wrong)?;
                batch = Some((rows, cursor, done, remaining));
            }
        }
    }
    let Some((rows, cursor, done, remaining)) = batch else {
        return Err(
            "ended without saying what came of the batch: the line `{\"type\":\"batch\",…}` is missing"
                .to_owned(),
        );
    };
    let rows = u32::try_from(rows).map_err(|_| more_than_asked(asked.batch))?;
    let batch = Batch { rows, quarantined, samples, cursor, done, remaining };
    if batch.handled() > u64::from(asked.batch) {
        return Err(more_than_asked(asked.batch));
    }
    moves(asked, &batch)?;
    if done && remaining.is_some_and(|left| left > 0) {
        return Err(format!("says that it is done and that {} rows remain", remaining.unwrap_or_default()));
    }
    Ok(batch)
}

/// The cursor goes on, or there is nothing left to go on to.
fn moves(asked: Asked<'_>, batch: &Batch) -> Result<(), String> {
    match (asked.cursor, &batch.cursor) {
        (_, None) if batch.done => Ok(()),
        (_, None) => Err("is not done and says no cursor to go on from".to_owned()),
        (Some(before), Some(after)) if before == after && batch.done => Ok(()),
        (Some(before), Some(after)) if before == after => {
            Err(format!("is not done, and its cursor stays at {}: it would never end", shown(after.as_str())))
        }
        (Some(before), Some(after)) if !after.is_behind(before) => Err(format!(
            "says a cursor that goes back, from {} to {}",
            shown(before.as_str()),
            shown(after.as_str())
        )),
        (_, Some(_)) => Ok(()),
    }
}

fn more_than_asked(batch: u32) -> String {
    format!("says that it handled more rows than the {batch} it was asked for")
}

fn is_code(code: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    (1..=CODE_MAX).contains(&code.len()) && code.chars().all(fits)
}

/// The beginning of what was printed, in one line.
fn shown(text: &str) -> String {
    let begin: String = text.chars().take(LINE_SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let more = if text.chars().nth(LINE_SHOWN).is_some() { "…" } else { "" };
    format!("\u{ab}{begin}{more}\u{bb}")
}

/// What is wrong with a line's JSON; where in the line says nobody anything.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn cursor(text: &str) -> Cursor {
        Cursor::try_from(text.to_owned()).unwrap()
    }

    fn read_from(at: Option<&str>, output: &str) -> Result<Batch, String> {
        let at = at.map(cursor);
        read(Asked { cursor: at.as_ref(), batch: 3, dry_run: false }, output)
    }

    #[test]
    fn a_batch_with_a_bad_row() {
        let output = "{\"type\":\"quarantined\",\"key\":17,\"code\":\"unknown-country\"}\n{\"type\":\"batch\",\"rows\":2,\"cursor\":\"18\",\"done\":false,\"remaining\":5}\n";
        let batch = read_from(Some("9"), output).unwrap();
        assert_eq!((batch.rows, batch.handled(), batch.done, batch.remaining), (2, 3, false, Some(5)));
        assert_eq!(batch.cursor, Some(cursor("18")));
        assert_eq!(
            batch.quarantined,
            [Quarantined { key: cursor("17"), code: "unknown-country".to_owned() }]
        );
    }

    #[test]
    fn done_may_say_no_cursor() {
        let batch = read_from(Some("9"), "{\"type\":\"batch\",\"rows\":0,\"done\":true}").unwrap();
        assert!(batch.done && batch.cursor.is_none() && batch.handled() == 0);
    }

    #[test]
    fn a_dry_run_has_samples() {
        let output = "{\"type\":\"sample\",\"key\":\"3\",\"before\":null,\"after\":\"Europe/Berlin\"}\n{\"type\":\"batch\",\"rows\":3,\"cursor\":5,\"done\":false,\"remaining\":9}";
        let batch = read(Asked { cursor: None, batch: 3, dry_run: true }, output).unwrap();
        assert_eq!(batch.samples.len(), 1);
        let refused = read(Asked { cursor: None, batch: 3, dry_run: false }, output).unwrap_err();
        assert!(refused.contains("samples belong to a dry run"), "{refused}");
    }

    #[test]
    fn what_is_not_the_protocol_is_refused_with_words() {
        let batch = |fields: &str| format!("{{\"type\":\"batch\",{fields}}}");
        for (at, output, words) in [
            (None, String::new(), "ended without saying what came of the batch"),
            (
                None,
                "hello".to_owned(),
                "printed in line 1 what is no part of the protocol: «hello» (expected value)",
            ),
            (None, format!("\n{}", batch("\"rows\":1,\"cursor\":1,\"done\":false")), "line 1"),
            (None, "{\"type\":\"row\"}".to_owned(), "unknown variant `row`"),
            (None, batch("\"rows\":1,\"cursor\":1,\"done\":false,\"more\":1"), "unknown field `more`"),
            (None, batch("\"rows\":-1,\"cursor\":1,\"done\":false"), "line 1"),
            (None, batch("\"rows\":1.5,\"cursor\":1,\"done\":false"), "line 1"),
            (None, batch("\"rows\":1,\"cursor\":1"), "missing field `done`"),
            (None, batch("\"rows\":4,\"cursor\":1,\"done\":false"), "more rows than the 3 it was asked for"),
            (None, batch("\"rows\":99999999999,\"cursor\":1,\"done\":false"), "more rows than the 3"),
            (None, batch("\"rows\":1,\"done\":false"), "says no cursor to go on from"),
            (None, batch("\"rows\":1,\"cursor\":\"\",\"done\":false"), "its cursor is wrong"),
            (None, batch("\"rows\":1,\"cursor\":\"a\\nb\",\"done\":false"), "its cursor is wrong"),
            (Some("9"), batch("\"rows\":1,\"cursor\":9,\"done\":false"), "stays at «9»: it would never end"),
            (Some("10"), batch("\"rows\":1,\"cursor\":9,\"done\":false"), "goes back, from «10» to «9»"),
            (Some("10"), batch("\"rows\":1,\"cursor\":9,\"done\":true"), "goes back"),
            (None, batch("\"rows\":1,\"done\":true,\"remaining\":4"), "done and that 4 rows remain"),
            (None, format!("{0}\n{0}", batch("\"rows\":1,\"done\":true")), "nothing may follow"),
            (
                None,
                "{\"type\":\"quarantined\",\"key\":1,\"code\":\"Bad Code\"}".to_owned(),
                "a reason code has",
            ),
            (None, "{\"type\":\"quarantined\",\"key\":1,\"code\":\"a\"}\n".repeat(2), "quarantined twice"),
        ] {
            let refused = read_from(at, &output).unwrap_err();
            assert!(refused.contains(words), "{output}: {refused}");
            assert!(refused.chars().count() < 400, "{refused}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_printed_never_panics_and_never_counts_more_than_asked(output in ".{0,200}", at in "[0-9a-z]{1,4}") {
            if let Ok(batch) = read_from(Some(&at), &output) {
                proptest::prop_assert!(batch.handled() <= 3);
            }
        }
    }
}
