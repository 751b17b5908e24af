//! A sentence, and what is said and suggested in its place.

use chat::intent::{Names, parse};
use expect_test::Expect;

#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "snapshots are written in place")]
pub(crate) fn check(said: &str, suggested: Expect) {
    let parsed = parse(said, &Names::sample());
    let problem = parsed.problem.as_ref();
    let mut lines = vec![problem.map_or("no problem", |problem| &problem.message).to_owned()];
    lines
        .extend(problem.iter().flat_map(|problem| &problem.suggestions).map(|said| format!("  try: {said}")));
    suggested.assert_eq(&lines.join("\n"));
}
