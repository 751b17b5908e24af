//! Standard output and standard error, and whether they may be coloured. A reader that went away (`infra-chat … | head`)
//! is no error.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use crate::cli::ColorChoice;

static COLOUR: OnceLock<ColorChoice> = OnceLock::new();

/// Remembers what `--color` said, once.
pub(crate) fn colour_choose(choice: ColorChoice) {
    // A second call changes nothing, and there is none.
    let _ = COLOUR.set(choice);
}

/// Whether standard output may be coloured: as `--color` says, else on a terminal without `NO_COLOR`.
pub(crate) fn coloured() -> bool {
    match COLOUR.get().copied().unwrap_or(ColorChoice::Auto) {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => std::io::stdout().is_terminal() && wants_colour(),
    }
}

fn wants_colour() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_colour && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Writes to standard output as it is.
pub(crate) fn text(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}

/// Writes a line to standard output.
pub(crate) fn line(line: &str) {
    text(&format!("{line}\n"));
}

/// Writes a line to standard error: for what is no part of an answer.
pub(crate) fn aside(line: &str) {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(format!("{line}\n").as_bytes());
}

/// Says on standard error what went wrong.
pub(crate) fn problem(what: &str) {
    aside(&format!("infra-chat: {what}"));
}

/// A line on standard error that the next one takes the place of; an empty one takes it away.
pub(crate) fn progress(what: &str) {
    let mut stderr = std::io::stderr().lock();
    let line = if what.is_empty() { "\r\u{1b}[K".to_owned() } else { format!("\r\u{1b}[K{what} …") };
    let _ = stderr.write_all(line.as_bytes());
    let _ = stderr.flush();
}

/// An error with all its causes, in one line.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        line = format!("{line}: {cause}");
        source = cause.source();
    }
    line
}
