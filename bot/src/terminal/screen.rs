//! The screen: one place everything is written through. On a terminal, cards are drawn anew in their place and above the
//! line being typed; elsewhere each outcome of a step is a line.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat::{Front, FrontError, Outbound, Tone};
use rustyline::ExternalPrinter;

use super::live::{Size, Tail};
use super::plain::Plain;
use super::render::Style;
use crate::out;

/// The terminal's name in identities.
pub(crate) const FRONT: &str = "terminal";
/// How often times on cards go on.
const TICK: Duration = Duration::from_secs(1);
/// How long the end of the program waits for the last words to be written.
const FLUSH_AT_MOST: Duration = Duration::from_secs(2);
/// Terminals, by their `TERM`, that can't move the cursor.
const TERMS_STEADY: [&str; 3] = ["dumb", "cons25", "emacs"];
/// A terminal that does not say its size.
const SIZE_USUAL: Size = Size { rows: 24, columns: 80 };

/// A way to write while a line is being edited.
pub(super) type Printer = Box<dyn ExternalPrinter + Send>;

/// The screen.
pub(crate) struct Screen {
    coloured: bool,
    began: Instant,
    state: Mutex<State>,
    woken: Condvar,
}

struct State {
    paper: Paper,
    /// What is to be written, in order, while lines are being edited: an editor that lists proposals takes nothing
    /// until the next key, and nobody may wait for that.
    pending: Vec<Event>,
    /// The line editor takes what is written.
    edited: bool,
    /// The painter is handing something over.
    writing: bool,
}

/// What is written on.
enum Paper {
    /// A terminal.
    Live(Tail),
    /// Anything else: only ever added to.
    Plain(Plain),
}

enum Event {
    Line(String),
    /// An answer to what was said, or else a report of what happened.
    Show(Box<Outbound>, bool),
    Typed(String),
    Lost,
}

impl Screen {
    /// Standard output as it is: a terminal with marks and colours, or plain.
    pub(crate) fn of_stdout() -> Arc<Self> {
        let terminal = std::io::stdout().is_terminal();
        let style = Style { coloured: out::coloured(), marks: terminal && is_utf8(), width: None };
        let term = std::env::var("TERM").unwrap_or_default();
        let live = terminal && !TERMS_STEADY.contains(&term.as_str());
        let paper =
            if live { Paper::Live(Tail::new(style, size())) } else { Paper::Plain(Plain::new(style)) };
        let state = State { paper, pending: Vec::new(), edited: false, writing: false };
        let screen = Arc::new(Self {
            coloured: style.coloured,
            began: Instant::now(),
            state: Mutex::new(state),
            woken: Condvar::new(),
        });
        if live {
            let screen = Arc::clone(&screen);
            std::thread::spawn(move || screen.tick());
        }
        screen
    }

    /// From now on lines are put above the one being edited.
    pub(super) fn printer_set(self: &Arc<Self>, printer: Printer) {
        self.locked().edited = true;
        let screen = Arc::clone(self);
        std::thread::spawn(move || screen.paint(printer));
    }

    /// Whether colours are used.
    pub(super) fn coloured(&self) -> bool {
        self.coloured
    }

    /// Writes a line.
    pub(crate) fn line(&self, line: &str) {
        self.take(Event::Line(format!("{}\n", out::harmless(line))));
    }

    /// Shows a message or what changed on a card.
    pub(crate) fn show(&self, outbound: &Outbound) {
        self.take(Event::Show(Box::new(outbound.clone()), false));
    }

    /// Shows an answer. What happens meanwhile is reported beside it, and a report is the newer word on a run.
    pub(crate) fn answer(&self, outbound: &Outbound) {
        self.take(Event::Show(Box::new(outbound.clone()), true));
    }

    /// The person ended a line, which stands on the screen after its prompt.
    pub(super) fn typed(&self, prompt: &str, line: &str) {
        let plain = !line.chars().any(char::is_control);
        self.take(if plain { Event::Typed(format!("{prompt}{line}")) } else { Event::Lost });
    }

    /// The editor wrote something of its own.
    pub(super) fn lost(&self) {
        self.take(Event::Lost);
    }

    /// Returns when all has been written.
    pub(crate) fn flush(&self) {
        let state = self.locked();
        // An editor that takes nothing any more has nobody before it.
        let _ = self.woken.wait_timeout_while(state, FLUSH_AT_MOST, |state| {
            state.edited && (state.writing || !state.pending.is_empty())
        });
    }

    fn take(&self, event: Event) {
        let mut state = self.locked();
        if state.edited {
            if state.writing && matches!(event, Event::Typed(_)) {
                // What is being handed over was worked out without this line.
                state.pending.push(Event::Lost);
            }
            state.pending.push(event);
            self.woken.notify_all();
        } else {
            let text = state.paper.written(event, self.now_ms());
            out::text(&text);
        }
    }

    /// Hands to the editor what is to be written.
    fn paint(&self, mut printer: Printer) {
        let mut state = self.locked();
        loop {
            let waited = self.woken.wait_timeout_while(state, TICK, |state| state.pending.is_empty());
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            let now_ms = self.now_ms();
            let mut text = state.paper.ticked(now_ms);
            for event in std::mem::take(&mut state.pending) {
                text.push_str(&state.paper.written(event, now_ms));
            }
            if !text.is_empty() {
                state.writing = true;
                drop(state);
                if printer.print(text.clone()).is_err() {
                    out::text(&text);
                }
                state = self.locked();
                state.writing = false;
            }
            self.woken.notify_all();
        }
    }

    /// Lets times go on while no line is edited.
    fn tick(&self) {
        loop {
            std::thread::sleep(TICK);
            let mut state = self.locked();
            if state.edited {
                return;
            }
            let text = state.paper.ticked(self.now_ms());
            out::text(&text);
        }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Paper {
    fn written(&mut self, event: Event, now_ms: i64) -> String {
        match self {
            Self::Live(tail) => {
                tail.resized(size());
                match event {
                    Event::Line(line) => tail.said(&line),
                    Event::Show(outbound, answer) => tail.show(&outbound, answer, now_ms),
                    Event::Typed(line) => {
                        tail.typed(&line);
                        String::new()
                    }
                    Event::Lost => {
                        tail.lost();
                        String::new()
                    }
                }
            }
            Self::Plain(plain) => match event {
                Event::Line(line) => line,
                Event::Show(outbound, answer) => plain.show(&outbound, answer, now_ms),
                Event::Typed(_) | Event::Lost => String::new(),
            },
        }
    }

    fn ticked(&mut self, now_ms: i64) -> String {
        match self {
            Self::Live(tail) if tail.ticks() => {
                tail.resized(size());
                tail.tick(now_ms)
            }
            Self::Live(_) | Self::Plain(_) => String::new(),
        }
    }
}

/// The terminal's size at this moment.
fn size() -> Size {
    let told = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let told = told.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    told.map_or(SIZE_USUAL, |size| Size { rows: size.ws_row.into(), columns: size.ws_col.into() })
}

/// Whether the terminal's language says that it shows more than ASCII.
fn is_utf8() -> bool {
    ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .is_none_or(|value| {
            let value = value.to_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        })
}

/// The screen as a front.
pub(crate) struct TerminalFront {
    name: &'static str,
    screen: Arc<Screen>,
    refused: AtomicBool,
}

impl TerminalFront {
    /// A front called `terminal` or `cli`.
    pub(crate) fn new(name: &'static str, screen: Arc<Screen>) -> Arc<Self> {
        Arc::new(Self { name, screen, refused: AtomicBool::new(false) })
    }

    /// Whether something that had been held back was refused or not begun.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Front for TerminalFront {
    fn name(&self) -> &str {
        self.name
    }

    async fn show(&self, _conversation: &str, outbound: &Outbound) -> Result<(), FrontError> {
        if matches!(outbound, Outbound::Say(card) if card.tone == Tone::Bad) {
            self.refused.store(true, Ordering::Relaxed);
        }
        self.screen.show(outbound);
        Ok(())
    }
}
