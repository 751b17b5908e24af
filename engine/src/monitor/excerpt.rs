//! Excerpts of what services printed: the end of it, bounded in bytes, and said so where something is left out.

use std::fmt::Write as _;

use super::time::instant;
use crate::ports::LogLine;

/// Most bytes of a service's output that are kept with a run.
pub const EXCERPT_MAX_BYTES: usize = 64 * 1024;

/// Lines as they are kept, oldest first. `maybe_more`: the platform may have had earlier ones.
pub(crate) fn excerpt(lines: &[LogLine], maybe_more: bool) -> String {
    let shown: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {}@{} {}\n", instant(line.at_ms), line.service, line.release, line.text))
        .collect();
    let mut bytes = 0;
    let kept = shown
        .iter()
        .rev()
        .take_while(|line| {
            bytes += line.len();
            bytes <= EXCERPT_MAX_BYTES
        })
        .count();
    let left_out = shown.len() - kept;
    let mut text = String::new();
    if left_out > 0 || maybe_more {
        let at_least = if maybe_more { "at least " } else { "" };
        let _ = writeln!(text, "# cut: {at_least}{left_out} earlier lines are left out here");
    }
    text.extend(shown[left_out..].iter().map(String::as_str));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize, length: usize) -> LogLine {
        LogLine {
            at_ms: number as i64,
            service: "api".parse().unwrap_or_else(|_| unreachable!()),
            release: 2,
            text: "x".repeat(length),
        }
    }

    #[test]
    fn what_fits_is_whole() {
        assert_eq!(excerpt(&[line(7, 3)], false), "1970-01-01 00:00:00.007 api@2 xxx\n");
        assert_eq!(excerpt(&[], false), "");
    }

    #[test]
    fn the_end_is_kept_and_the_cut_is_said() {
        let lines: Vec<LogLine> = (0..100).map(|number| line(number, 1_000)).collect();
        let text = excerpt(&lines, false);
        let kept = text.lines().count() - 1;
        assert!(text.starts_with(&format!("# cut: {} earlier lines", 100 - kept)), "{}", &text[..80]);
        assert!(text.len() <= EXCERPT_MAX_BYTES + 80 && kept > 60, "{kept}");
        assert!(text.contains("00:00:00.099"));
        assert!(excerpt(&lines[..1], true).starts_with("# cut: at least 0 earlier"));
    }
}
