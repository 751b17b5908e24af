//! Lines from standard input when it is no terminal.

use std::io::BufRead;

use tokio::sync::mpsc;

/// Longest line read, in bytes; the rest of a longer one is left out. No order is that long.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// What comes from whoever types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// A line.
    Line(String),
    /// Ctrl-C behind a line that was begun: it is dropped.
    Dropped,
    /// Ctrl-C at the empty prompt.
    Interrupted,
    /// No more lines.
    End,
}

/// Reads lines in a thread of its own, as many as are asked for and one more.
pub(super) fn lines() -> mpsc::Receiver<Typed> {
    let (typed, receiver) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().split(b'\n') {
            let Ok(mut bytes) = line else { break };
            bytes.truncate(LINE_BYTES_MAX);
            let line = String::from_utf8_lossy(&bytes).trim_end_matches('\r').to_owned();
            if typed.blocking_send(Typed::Line(line)).is_err() {
                return;
            }
        }
        // Nobody may be listening any more.
        let _ = typed.blocking_send(Typed::End);
    });
    receiver
}
