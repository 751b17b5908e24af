//! The line editor: history, completion, and a prompt that waits until the answer to the line before is there.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use chat::intent::{Known, complete};
use chat::looks_secret;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper, Validator};
use tokio::sync::mpsc;

use super::input::Typed;
use super::screen::Screen;
use super::slash;

/// The history's file within the data folder.
const HISTORY_FILE: &str = "history";
/// Lines kept in it.
const HISTORY_LINES: usize = 1_000;

/// What is proposed, as of the last answer.
#[derive(Helper, Validator)]
struct Proposals {
    known: Arc<RwLock<Known>>,
    screen: Arc<Screen>,
    /// The editor is about to draw its line because of something typed.
    typing: AtomicBool,
    /// Whether anything stands in the line.
    begun: Arc<AtomicBool>,
}

impl Hinter for Proposals {
    type Hint = String;

    /// Proposes nothing, and is asked at every change of the line: so it is known whether one was begun.
    fn hint(&self, line: &str, _: usize, _: &Context<'_>) -> Option<String> {
        self.begun.store(!line.is_empty(), Ordering::Relaxed);
        None
    }
}

/// Colours nothing. It is asked at every drawing of the line, and so knows what the editor does: before drawing what was
/// typed it asks for each character, and when it was woken it does not.
impl Highlighter for Proposals {
    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.typing.store(true, Ordering::Relaxed);
        // The line is drawn whole each time, so that this is always followed by the prompt.
        true
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.typing.swap(false, Ordering::Relaxed) {
            self.screen.opened();
        } else {
            self.screen.make_way();
        }
        Cow::Borrowed(prompt)
    }
}

impl Completer for Proposals {
    type Candidate = String;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let before = line.get(..at).unwrap_or(line);
        let start = before.rfind(char::is_whitespace).map_or(0, |blank| blank + 1);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (start, mut found) = if before.starts_with('/') {
            (0, slash::complete(before, &known))
        } else {
            // What is completed is followed by something more often than not.
            (start, complete(before, &known).into_iter().map(|proposal| proposal + " ").collect::<Vec<_>>())
        };
        found.retain(|proposal| !proposal.chars().any(char::is_control));
        if found.len() > 1 {
            // They may be listed under the line.
            self.screen.lost();
        }
        Ok((start, found))
    }
}

/// The editor's end in the chat.
pub(super) struct Prompt {
    asks: std::sync::mpsc::Sender<String>,
    typed: mpsc::Receiver<Typed>,
    /// Lines that were pasted together with the one before.
    pasted: VecDeque<String>,
    terminal: Option<Termios>,
    /// The editor is at a line: somebody gave up waiting for it, and it is not asked for another one meanwhile.
    asked: bool,
}

impl Prompt {
    /// Starts the editor in a thread of its own; lines are put above it through the screen from now on.
    pub(super) fn open(
        data_dir: &Path,
        screen: &Arc<Screen>,
        known: Arc<RwLock<Known>>,
    ) -> anyhow::Result<Self> {
        let config = Config::builder()
            .max_history_size(HISTORY_LINES)?
            .auto_add_history(false)
            .completion_type(CompletionType::List)
            // Else nobody is asked at the drawing; nothing is coloured by it.
            .color_mode(ColorMode::Forced)
            .build();
        let mut editor: Editor<Proposals, FileHistory> = Editor::with_config(config)?;
        let begun = Arc::new(AtomicBool::new(false));
        editor.set_helper(Some(Proposals {
            known,
            screen: Arc::clone(screen),
            typing: AtomicBool::new(false),
            begun: Arc::clone(&begun),
        }));
        let history = data_dir.join(HISTORY_FILE);
        // A first start has none.
        let _ = editor.load_history(&history);
        // A terminal that can't move its cursor has no such printer; there everything is written where it is.
        if let Ok(printer) = editor.create_external_printer() {
            screen.printer_set(Box::new(printer));
        }
        let (asks, asked) = std::sync::mpsc::channel::<String>();
        let (typed, receiver) = mpsc::channel(1);
        let terminal = tcgetattr(std::io::stdin()).ok();
        if let Some(mut silent) = terminal.clone() {
            // Between two lines nothing but the screen writes: what is typed ahead shows when its turn comes.
            silent.local_modes.remove(LocalModes::ECHO);
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &silent);
        }
        let screen = Arc::clone(screen);
        std::thread::spawn(move || {
            while let Ok(prompt) = asked.recv() {
                begun.store(false, Ordering::Relaxed);
                let next = match editor.readline(&prompt) {
                    Ok(line) => {
                        screen.typed(&prompt, &line);
                        if !looks_secret(&line) {
                            // A history that can't be written is no reason to stop talking.
                            let _ = editor.add_history_entry(&line);
                            let _ = editor.save_history(&history);
                        }
                        Typed::Line(line)
                    }
                    Err(error) => {
                        screen.dropped();
                        match error {
                            ReadlineError::Interrupted if begun.load(Ordering::Relaxed) => Typed::Dropped,
                            ReadlineError::Interrupted => Typed::Interrupted,
                            _ => Typed::End,
                        }
                    }
                };
                if typed.blocking_send(next).is_err() {
                    return;
                }
            }
        });
        Ok(Self { asks, typed: receiver, pasted: VecDeque::new(), terminal, asked: false })
    }

    /// Shows the prompt and waits for what is typed. Nothing is lost when the waiting is given up.
    pub(super) async fn next(&mut self, prompt: &str) -> Typed {
        if let Some(line) = self.pasted.pop_front() {
            return Typed::Line(line);
        }
        if !self.asked && self.asks.send(prompt.to_owned()).is_err() {
            return Typed::End;
        }
        self.asked = true;
        let typed = self.typed.recv().await.unwrap_or(Typed::End);
        self.asked = false;
        match typed {
            // Several lines pasted at once come as one.
            Typed::Line(text) if text.contains('\n') => {
                self.pasted.extend(text.lines().map(str::to_owned));
                Typed::Line(self.pasted.pop_front().unwrap_or_default())
            }
            typed => typed,
        }
    }
}

impl Drop for Prompt {
    /// The thread may still be editing a line when the program is told to end: the terminal gets its manners back.
    fn drop(&mut self) {
        if let Some(terminal) = &self.terminal {
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, terminal);
        }
    }
}
