//! What people write, what they are told, and that nothing is lost on the way there and back.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
#![expect(clippy::needless_pass_by_value, reason = "expectations are written where they are passed")]

use std::path::Path;

use crate::model::Project;

mod accepted;
mod any_text;
mod components;
mod connections;
mod differing;
mod faults;
mod likened;
mod round_trip;
mod trial;

/// The description the documentation shows.
fn documented() -> String {
    let (_, from) = include_str!("../README.md").split_once("```yaml\n").unwrap();
    from.split_once("```").unwrap().0.to_owned()
}

#[track_caller]
fn read(yaml: &str) -> Project {
    super::import(yaml, Path::new("/srv/ana/invoice")).unwrap_or_else(|faults| panic!("{faults}"))
}
