//! The screen: one place everything is written through, so that a card that changes shows only what changed, and what comes
//! while somebody types is put above their line.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use chat::{Card, Front, FrontError, Outbound, Tone};
use rustyline::ExternalPrinter;

use super::render::{self, Style};
use crate::out;

/// The terminal's name in identities.
pub(crate) const FRONT: &str = "terminal";
/// Cards remembered for showing changes; the oldest are forgotten, and then shown whole again.
const CARDS_MAX: usize = 200;

/// A step in progress says something new at most this often: a build has a word for every line.
const SAYS_EVERY: Duration = Duration::from_secs(5);

/// A way to write while a line is being edited.
pub(super) type Printer = Box<dyn ExternalPrinter + Send>;

/// The screen.
pub(crate) struct Screen {
    style: Style,
    state: Mutex<State>,
}

struct State {
    printer: Option<Printer>,
    cards: HashMap<String, Card>,
    /// When a step in progress last said something, by card and title.
    said: HashMap<(String, String), Instant>,
}

impl Screen {
    /// Standard output as it is: a terminal with marks and colours, or plain.
    pub(crate) fn of_stdout() -> Arc<Self> {
        let terminal = std::io::stdout().is_terminal();
        let width = terminal.then(|| rustix::termios::tcgetwinsize(std::io::stdout()).ok()).flatten();
        let style = Style {
            coloured: out::coloured(),
            marks: terminal && is_utf8(),
            width: width.map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0),
        };
        Arc::new(Self {
            style,
            state: Mutex::new(State { printer: None, cards: HashMap::new(), said: HashMap::new() }),
        })
    }

    /// From now on lines are put above the one being edited.
    pub(super) fn printer_set(&self, printer: Printer) {
        self.locked().printer = Some(printer);
    }

    /// Whether colours are used.
    pub(super) fn coloured(&self) -> bool {
        self.style.coloured
    }

    /// Writes a line.
    pub(crate) fn line(&self, line: &str) {
        write(&mut self.locked(), &format!("{line}\n"));
    }

    /// Shows a message or what changed on a card.
    pub(crate) fn show(&self, outbound: &Outbound) {
        let card = outbound.card();
        let state = &mut *self.locked();
        let before = match outbound {
            Outbound::Update(card) => state.cards.get(&card.key),
            Outbound::Say(_) => None,
        };
        let now = Instant::now();
        let due = |title: &str| {
            let said = state.said.get(&(card.key.clone(), title.to_owned()));
            said.is_none_or(|said| now.duration_since(*said) >= SAYS_EVERY)
        };
        let (text, card) = match before {
            Some(before) => {
                let card = render::held(before, card, due);
                (render::changes(before, &card, self.style), card)
            }
            None => (render::card(card, self.style), card.clone()),
        };
        for title in render::going_shown(before, &card) {
            state.said.insert((card.key.clone(), title), now);
        }
        if !card.key.is_empty() {
            if state.cards.len() >= CARDS_MAX {
                state.cards.clear();
                state.said.clear();
            }
            state.cards.insert(card.key.clone(), card);
        }
        if !text.is_empty() {
            write(state, &text);
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn write(state: &mut State, text: &str) {
    let printed = match &mut state.printer {
        Some(printer) => printer.print(text.to_owned()).is_ok(),
        None => false,
    };
    if !printed {
        out::text(text);
    }
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
