//! The screen: one place everything is written through. On a terminal, cards are drawn anew in their place and above the
//! line being typed; elsewhere each outcome of a step is a line.
//!
//! While a line is open only the editor's thread writes: what is to be shown waits, the editor is woken, and in the middle of
//! its own drawing it comes for all that waits. What is shown is so worked out at the moment it is written, and whether a
//! line was ended before or after it is never a question. Between two lines whoever has something to show writes it.

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
/// An editor that was woken and does not come is woken again after this long.
const WAKE_AGAIN: Duration = Duration::from_secs(1);
/// What wakes the editor: wherever it is written, it leaves everything as it was.
const NOTHING: &str = "\u{1b}[A\n";
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
    /// What is to be written, in order, once the editor comes for it: one that lists proposals does not before the next
    /// key, and nobody may wait for that.
    pending: Vec<Event>,
    /// Times are to go on when the editor comes the next time.
    due: bool,
    /// A line is being edited.
    open: bool,
    /// The editor was woken and has not come yet.
    woken: bool,
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
}

impl Screen {
    /// Standard output as it is: a terminal with marks and colours, or plain.
    pub(crate) fn of_stdout() -> Arc<Self> {
        let terminal = std::io::stdout().is_terminal();
        let style = Style {
            coloured: out::coloured(),
            marks: terminal && is_utf8(),
            width: terminal.then(|| size().columns),
        };
        let term = std::env::var("TERM").unwrap_or_default();
        let live = terminal && !TERMS_STEADY.contains(&term.as_str());
        let paper =
            if live { Paper::Live(Tail::new(style, size())) } else { Paper::Plain(Plain::new(style)) };
        let state = State { paper, pending: Vec::new(), due: false, open: false, woken: false };
        let screen = Arc::new(Self {
            coloured: style.coloured,
            began: Instant::now(),
            state: Mutex::new(state),
            woken: Condvar::new(),
        });
        std::thread::spawn({
            let screen = Arc::clone(&screen);
            move || screen.tick()
        });
        screen
    }

    /// From now on an open line's editor is woken by this when there is something to show.
    pub(super) fn printer_set(self: &Arc<Self>, printer: Printer) {
        let screen = Arc::clone(self);
        std::thread::spawn(move || screen.wake(printer));
    }

    /// Whether colours are used.
    pub(super) fn coloured(&self) -> bool {
        self.coloured
    }

    /// Writes a line.
    pub(crate) fn line(&self, line: &str) {
        self.take(Event::Line(line.to_owned()));
    }

    /// Shows a message or what changed on a card.
    pub(crate) fn show(&self, outbound: &Outbound) {
        self.take(Event::Show(Box::new(outbound.clone()), false));
    }

    /// Shows an answer. What happens meanwhile is reported beside it, and a report is the newer word on a run.
    pub(crate) fn answer(&self, outbound: &Outbound) {
        self.take(Event::Show(Box::new(outbound.clone()), true));
    }

    /// The editor draws its line because of something typed: it is open.
    pub(super) fn opened(&self) {
        let mut state = self.locked();
        if !state.open {
            state.open = true;
            self.woken.notify_all();
        }
    }

    /// The editor has been woken: it has taken its line away, stands where that was, and draws it anew once this returns.
    pub(super) fn make_way(&self) {
        let mut state = self.locked();
        let text = state.waiting(self.now_ms());
        state.woken = false;
        out::text(&text);
        self.woken.notify_all();
    }

    /// The person ended a line, which stands on the screen after its prompt.
    pub(super) fn typed(&self, prompt: &str, line: &str) {
        let plain = !line.chars().any(char::is_control);
        self.closed(plain.then(|| format!("{prompt}{line}")));
    }

    /// The line is over without having been ended: how it stands on the screen, nobody knows.
    pub(super) fn dropped(&self) {
        self.closed(None);
    }

    /// The editor writes something of its own under the blocks.
    pub(super) fn lost(&self) {
        self.locked().paper.lost();
    }

    /// Returns when all has been written.
    pub(crate) fn flush(&self) {
        let state = self.locked();
        // An editor that takes nothing any more has nobody before it.
        let _ = self.woken.wait_timeout_while(state, FLUSH_AT_MOST, |state| !state.pending.is_empty());
    }

    fn closed(&self, typed: Option<String>) {
        let mut state = self.locked();
        match typed {
            Some(line) => state.paper.typed(&line),
            None => state.paper.lost(),
        }
        state.open = false;
        // Whoever is woken now finds nothing at the next line, which harms nobody.
        state.woken = false;
        let text = state.waiting(self.now_ms());
        out::text(&text);
        self.woken.notify_all();
    }

    fn take(&self, event: Event) {
        let mut state = self.locked();
        if state.open {
            state.pending.push(event);
            self.woken.notify_all();
        } else {
            let text = state.paper.written(event, self.now_ms());
            out::text(&text);
        }
    }

    /// Wakes the editor whenever something waits for it.
    fn wake(&self, mut printer: Printer) {
        let mut state = self.locked();
        loop {
            let idle = |state: &mut State| state.woken || !state.has_news();
            let (now, waited) = self
                .woken
                .wait_timeout_while(state, WAKE_AGAIN, idle)
                .unwrap_or_else(PoisonError::into_inner);
            state = now;
            // One that was stopped and brought to the front again may not have heard.
            if waited.timed_out() && !state.has_news() {
                continue;
            }
            state.woken = true;
            drop(state);
            // Nothing comes of it where the line has just been ended: then what waited is written already.
            let heard = printer.print(NOTHING.to_owned());
            state = self.locked();
            if heard.is_err() {
                // No editor, no line: everything is written where it is.
                let text = state.waiting(self.now_ms());
                state.open = false;
                out::text(&text);
                return;
            }
        }
    }

    /// Lets times go on.
    fn tick(&self) {
        loop {
            std::thread::sleep(TICK);
            let mut state = self.locked();
            if state.open {
                state.due |= state.paper.ticks();
                self.woken.notify_all();
            } else {
                let text = state.paper.ticked(self.now_ms());
                out::text(&text);
            }
        }
    }

    fn now_ms(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whether the editor of an open line is to come.
    fn has_news(&self) -> bool {
        self.open && (self.due || !self.pending.is_empty())
    }

    /// All that waits, worked out now.
    fn waiting(&mut self, now_ms: i64) -> String {
        let mut text = if self.due { self.paper.ticked(now_ms) } else { String::new() };
        self.due = false;
        for event in std::mem::take(&mut self.pending) {
            text.push_str(&self.paper.written(event, now_ms));
        }
        text
    }
}

impl Paper {
    fn written(&mut self, event: Event, now_ms: i64) -> String {
        match self {
            Self::Live(tail) => {
                tail.resized(size());
                match event {
                    Event::Line(line) => tail.line(&line),
                    Event::Show(outbound, answer) => tail.show(&outbound, answer, now_ms),
                }
            }
            Self::Plain(plain) => match event {
                Event::Line(line) => plain.line(&line),
                Event::Show(outbound, answer) => plain.show(&outbound, answer, now_ms),
            },
        }
    }

    /// A line stands under the blocks as it was typed.
    fn typed(&mut self, line: &str) {
        if let Self::Live(tail) = self {
            tail.resized(size());
            tail.typed(line);
        }
    }

    /// Something else stands under the blocks.
    fn lost(&mut self) {
        if let Self::Live(tail) = self {
            tail.lost();
        }
    }

    /// Whether time alone changes something.
    fn ticks(&self) -> bool {
        match self {
            Self::Live(tail) => tail.ticks(),
            Self::Plain(plain) => plain.ticks(),
        }
    }

    fn ticked(&mut self, now_ms: i64) -> String {
        match self {
            Self::Live(tail) if tail.ticks() => {
                tail.resized(size());
                tail.tick(now_ms)
            }
            Self::Live(_) => String::new(),
            Self::Plain(plain) => plain.tick(now_ms),
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
