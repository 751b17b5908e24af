//! What stands at the end of the screen and can still be reached: the newest cards are drawn anew in their place, with
//! whatever came after them below. Pure: takes what happens, gives what is to be written.
//!
//! The cursor is always at the beginning of the row under the last block, which is where the prompt begins.

use std::collections::{HashSet, VecDeque};

use chat::{Card, Outbound};

use super::render::{self, Style};
use super::width::{columns, rows};

/// Rows left to the prompt and what is being typed.
const PROMPT_ROWS: usize = 3;
/// Runs remembered as shown; beyond that they are shown whole again.
const SHOWN_MAX: usize = 1_000;

/// A terminal's size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Rows.
    pub(super) rows: usize,
    /// Columns.
    pub(super) columns: usize,
}

/// The end of the screen.
#[derive(Debug)]
pub(super) struct Tail {
    style: Style,
    size: Size,
    blocks: VecDeque<Block>,
    shown: HashSet<String>,
    /// When something was last drawn.
    drawn_ms: i64,
    /// The terminal became so narrow or wide that rows are not where they were: all is to be written anew.
    displaced: bool,
}

/// Rows written together.
#[derive(Debug)]
struct Block {
    /// As it stands on the screen, each line ended.
    text: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Said once.
    Said,
    /// Typed by the person: what follows answers it.
    Typed,
    /// A run's card, drawn anew as long as it can be reached.
    Live { card: Box<Card>, drawn_ms: i64, short: bool, reported: bool },
}

impl Tail {
    /// Nothing written yet.
    pub(super) fn new(style: Style, size: Size) -> Self {
        let (blocks, shown) = (VecDeque::new(), HashSet::new());
        let mut tail = Self { style, size, blocks, shown, drawn_ms: 0, displaced: false };
        tail.style.width = Some(size.columns);
        tail
    }

    /// The terminal has this size now. Some break lines anew for another width and some don't: where that makes a
    /// difference, nothing is where it was for sure, and the next that is written clears the screen first.
    pub(super) fn resized(&mut self, size: Size) {
        let breaks_anew =
            |block: &Block| rows(&block.text, self.size.columns) != rows(&block.text, size.columns);
        if size.columns != self.size.columns && self.blocks.iter().any(breaks_anew) {
            if self.blocks.iter().any(|block| matches!(block.kind, Kind::Live { .. })) {
                self.displaced = true;
            } else {
                // Nothing of it is drawn again.
                self.lost();
            }
        }
        self.size = size;
        self.style.width = Some(size.columns);
        self.forget_unreachable();
    }

    /// Something else was written under the blocks, nobody knows how much.
    pub(super) fn lost(&mut self) {
        self.blocks.clear();
        self.displaced = false;
    }

    /// The person ended a line: it stands under the blocks as typed.
    pub(super) fn typed(&mut self, line: &str) {
        let taken = columns(line);
        // Behind a full row the editor goes to the next one before it ends the line.
        let full = taken > 0 && taken.is_multiple_of(self.size.columns.max(1));
        let end = if full { "\n\n" } else { "\n" };
        self.blocks.push_back(Block { text: format!("{line}{end}"), kind: Kind::Typed });
        self.forget_unreachable();
    }

    /// Lines that stay as they are.
    fn said(&mut self, text: &str) -> String {
        if text.is_empty() {
            return String::new();
        }
        let text = if text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") };
        self.add(Block { text, kind: Kind::Said })
    }

    /// Lines that are no card's.
    pub(super) fn line(&mut self, text: &str) -> String {
        let text = render::lines(text, self.style);
        self.said(&text)
    }

    /// A message, or a card's new state. Times only count from one call to the next.
    pub(super) fn show(&mut self, outbound: &Outbound, answer: bool, now_ms: i64) -> String {
        self.drawn_ms = now_ms;
        let card = outbound.card();
        if card.key.is_empty() {
            let text = render::card(card, self.style);
            return self.said(&text);
        }
        let reports = !answer && matches!(outbound, Outbound::Update(_));
        let known = !self.shown_first(&card.key);
        let place = self.blocks.iter().rposition(|block| block.is_of(&card.key));
        let asked = self.blocks.iter().rposition(|block| matches!(block.kind, Kind::Typed));
        match place {
            Some(place) if reports || asked.is_none_or(|asked| asked < place) => {
                if let Kind::Live { reported: true, .. } = self.blocks[place].kind
                    && !reports
                {
                    // The report of what happened was faster than the answer, and is newer.
                    return String::new();
                }
                self.update(place, card, now_ms, reports)
            }
            Some(place) => {
                // Somebody asked for it again: it goes on down here.
                self.blocks[place].kind = Kind::Said;
                self.begin(card, now_ms, false, reports)
            }
            None => self.begin(card, now_ms, known && reports && render::is_going(card), reports),
        }
    }

    /// Time has passed: what is under way says how long by now.
    pub(super) fn tick(&mut self, now_ms: i64) -> String {
        self.drawn_ms = now_ms;
        let drawn: Vec<String> = self.blocks.iter().map(|block| block.drawn(self.style, now_ms)).collect();
        self.redraw(drawn)
    }

    /// Whether time alone changes something.
    pub(super) fn ticks(&self) -> bool {
        self.blocks
            .iter()
            .any(|block| matches!(&block.kind, Kind::Live { card, .. } if render::is_going(card)))
    }

    fn shown_first(&mut self, key: &str) -> bool {
        if self.shown.len() >= SHOWN_MAX {
            self.shown.clear();
        }
        self.shown.insert(key.to_owned())
    }

    fn begin(&mut self, card: &Card, now_ms: i64, short: bool, reported: bool) -> String {
        let kind = Kind::Live { card: Box::new(card.clone()), drawn_ms: now_ms, short, reported };
        let mut block = Block { text: String::new(), kind };
        block.text = block.drawn(self.style, now_ms);
        self.add(block)
    }

    fn update(&mut self, place: usize, new: &Card, now_ms: i64, reports: bool) -> String {
        if let Some(Block { kind: Kind::Live { card, drawn_ms, short, reported }, .. }) =
            self.blocks.get_mut(place)
        {
            card.clone_from(&Box::new(new.clone()));
            *drawn_ms = now_ms;
            *reported |= reports;
            // A short one says what it has come to as the whole card does.
            *short &= render::is_going(new);
        }
        let mut drawn: Vec<String> = self.blocks.iter().map(|block| block.text.clone()).collect();
        drawn[place] = self.blocks[place].drawn(self.style, now_ms);
        self.redraw(drawn)
    }

    fn add(&mut self, block: Block) -> String {
        let text = block.text.clone();
        self.blocks.push_back(block);
        self.forget_unreachable();
        if self.displaced { self.anew() } else { text }
    }

    /// Writes everything on an empty screen.
    fn anew(&mut self) -> String {
        self.displaced = false;
        for at in 0..self.blocks.len() {
            self.blocks[at].text = self.blocks[at].drawn(self.style, self.drawn_ms);
        }
        self.forget_unreachable();
        // Row by row: cleared as a whole, some terminals keep what was on the screen further up, and it stands there twice.
        let rows = "\u{1b}[2K\u{1b}[B".repeat(self.size.rows);
        let mut out = format!("\u{1b}[H{rows}\u{1b}[H");
        self.blocks.iter().for_each(|block| out.push_str(&block.text));
        out
    }

    /// Writes everything from the first block that changed on.
    fn redraw(&mut self, drawn: Vec<String>) -> String {
        if self.displaced {
            return self.anew();
        }
        let Some(first) = self.blocks.iter().zip(&drawn).position(|(block, text)| block.text != *text) else {
            return String::new();
        };
        let up: usize =
            self.blocks.iter().skip(first).map(|block| rows(&block.text, self.size.columns)).sum();
        let mut out = format!("\u{1b}[{up}A\r\u{1b}[J");
        for (block, text) in self.blocks.iter_mut().zip(drawn).skip(first) {
            out.push_str(&text);
            block.text = text;
        }
        self.forget_unreachable();
        out
    }

    /// What has left the screen at the top stays there as it is.
    fn forget_unreachable(&mut self) {
        let room = self.size.rows.saturating_sub(PROMPT_ROWS);
        let mut taken: usize = self.blocks.iter().map(|block| rows(&block.text, self.size.columns)).sum();
        while taken > room {
            let Some(block) = self.blocks.pop_front() else { return };
            taken -= rows(&block.text, self.size.columns);
        }
    }
}

impl Block {
    fn is_of(&self, key: &str) -> bool {
        matches!(&self.kind, Kind::Live { card, .. } if card.key == key)
    }

    fn drawn(&self, style: Style, now_ms: i64) -> String {
        match &self.kind {
            Kind::Said | Kind::Typed => self.text.clone(),
            Kind::Live { card, drawn_ms, short, .. } => {
                let card = render::aged(card, now_ms - drawn_ms);
                if *short { render::short(&card, style) } else { render::card(&card, style) }
            }
        }
    }
}
