//! Standard output and standard error, and whether they may be coloured. A reader that went away (`infra-chat … | head`)
//! is no error.

use std::borrow::Cow;
use std::io::{BufWriter, IsTerminal, StdoutLock, Write};
use std::os::fd::AsFd;
use std::sync::OnceLock;

use engine::model::in_plain_sight;

use crate::cli::ColorChoice;
use crate::terminal::wrap::broken;

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

/// Writes a line for people to standard output. A terminal is shown nothing that could steer it, and no word in two pieces;
/// elsewhere it is data.
pub(crate) fn line(line: &str) {
    if std::io::stdout().is_terminal() {
        text(&broken(&harmless(line), width(std::io::stdout())));
    } else {
        data(line);
    }
}

/// Writes a line for programs to standard output. A terminal is shown nothing that could steer it.
pub(crate) fn data(line: &str) {
    file(&format!("{line}\n"));
}

/// Writes what is in a file to standard output. A terminal is shown nothing that could steer it.
pub(crate) fn file(content: &str) {
    if std::io::stdout().is_terminal() {
        text(&harmless(content));
    } else {
        text(content);
    }
}

/// How wide a terminal is, in columns; nothing when it is none, or does not say.
fn width(terminal: impl AsFd) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(terminal).ok()?;
    (size.ws_col > 0).then_some(size.ws_col.into())
}

/// Lines for standard output, written together.
pub(crate) struct Lines {
    stdout: BufWriter<StdoutLock<'static>>,
    terminal: bool,
}

impl Lines {
    /// Keeps up to so many bytes before it writes them.
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal();
        Self { stdout: BufWriter::with_capacity(bytes, stdout.lock()), terminal }
    }

    /// As [`data()`] of this module.
    pub(crate) fn line(&mut self, line: &str) {
        let shown = if self.terminal { Cow::Owned(harmless(line)) } else { Cow::Borrowed(line) };
        let _ = self.stdout.write_all(shown.as_bytes());
        let _ = self.stdout.write_all(b"\n");
    }

    /// Writes what was kept.
    pub(crate) fn flush(&mut self) {
        let _ = self.stdout.flush();
    }
}

/// Text without what could steer a terminal or turn its order round: names, refs, reasons, logs and commit subjects are
/// other people's words. Line breaks and tabs stay.
pub(crate) fn harmless(text: &str) -> String {
    in_plain_sight(text).into_owned()
}

/// Writes a line to standard error: for what is no part of an answer.
pub(crate) fn aside(line: &str) {
    let line = broken(&harmless(line), width(std::io::stderr()));
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(line.as_bytes());
}

/// Says on standard error what went wrong.
pub(crate) fn problem(what: &str) {
    aside(&format!("infra-chat: {what}"));
}

/// A line on standard error that the next one takes the place of; an empty one takes it away.
pub(crate) fn progress(what: &str) {
    let mut stderr = std::io::stderr().lock();
    let line =
        if what.is_empty() { "\r\u{1b}[K".to_owned() } else { format!("\r\u{1b}[K{} …", harmless(what)) };
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
