//! Cards as text. Pure: the same card and style give the same lines.

use chat::{Card, Part, StepLine, StepMark, Tone};
use engine::chart::letters;

use super::width::columns;
use super::wrap::{broken, room, wrap, wrap_keeping};
use crate::out;

/// How far the parts of a card stand in.
const INDENT: &str = "  ";
/// What stands before a line that is shown as it is, and before its further rows.
const VERBATIM: &str = "  | ";
const VERBATIM_ON: &str = "  ";
/// Names in a list of fields are padded to at most this, in characters.
const NAME_MAX: usize = 24;
/// The longest mark in words, in characters.
const MARK_MAX: usize = "[failed]".len();
/// Columns of a picture where nobody knows how many there are.
const WIDTH_UNKNOWN: usize = 80;
/// Up to this age a step in progress shows none, in milliseconds.
const JUST_BEGUN_MS: i64 = 1_000;

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Style {
    /// With colours.
    pub(crate) coloured: bool,
    /// With marks like ✓; words in brackets otherwise.
    pub(crate) marks: bool,
    /// Lines are broken at this many columns; not at all when absent.
    pub(crate) width: Option<usize>,
}

/// Colours, as terminals number them.
#[derive(Debug, Clone, Copy)]
enum Ink {
    Bold,
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Cyan => "36",
        }
    }
}

/// The whole card.
pub(crate) fn card(card: &Card, style: Style) -> String {
    let mut page = Page::new(style);
    page.headline(card);
    for part in &card.parts {
        page.part(part);
    }
    if let Some(files) = &card.files {
        page.part(&Part::Text { text: format!("They are in {}", files.place) });
    }
    page.command(card);
    page.buttons(card);
    page.out
}

/// A run under way in a few lines, where its whole card stands further up: how it is, and what it is doing.
pub(crate) fn short(card: &Card, style: Style) -> String {
    let mut page = Page::new(style);
    page.headline(card);
    for step in steps(card).into_iter().filter(|step| step.mark == StepMark::Going) {
        page.step(step, INDENT, 0);
    }
    page.out
}

/// Whether something on a card is under way, so that its times go on.
pub(crate) fn is_going(card: &Card) -> bool {
    card.going_ms.is_some() || steps(card).iter().any(|step| step.mark == StepMark::Going)
}

/// The card as it is this much later, when nothing but time has passed.
pub(crate) fn aged(card: &Card, later_ms: i64) -> Card {
    let mut aged = card.clone();
    if let Some(going_ms) = card.going_ms
        && let Some(begin) = card.headline.strip_suffix(&chat::view::duration(going_ms))
    {
        aged.headline = format!("{begin}{}", chat::view::duration(going_ms + later_ms));
    }
    for part in &mut aged.parts {
        let Part::Steps { steps } = part else { continue };
        for step in steps.iter_mut().filter(|step| step.mark == StepMark::Going) {
            step.took_ms = step.took_ms.map(|took_ms| took_ms + later_ms);
        }
    }
    aged
}

/// What changed between two states of a card, each line saying which card it is of; empty when nothing that matters did.
/// Elapsed times alone don't, and neither does that a step began: its outcome will be said.
pub(crate) fn changes(before: &Card, after: &Card, style: Style) -> String {
    let mut page = Page::new(style);
    let moved = before.tone != after.tone || state_word(before) != state_word(after);
    // Going on comes before what is being done, an end after all that was.
    if moved && after.tone == Tone::Going {
        page.headline(after);
        page.buttons(after);
    }
    page.steps_changed(before, after);
    if moved && after.tone != Tone::Going {
        page.headline(after);
        for part in after.parts.iter().filter(|part| !before.parts.contains(part)) {
            match part {
                Part::Steps { .. } => {}
                part => page.part(part),
            }
        }
        if before.buttons != after.buttons {
            page.buttons(after);
        }
    }
    page.out
}

fn steps(card: &Card) -> Vec<&StepLine> {
    card.parts
        .iter()
        .filter_map(|part| match part {
            Part::Steps { steps } => Some(steps),
            _ => None,
        })
        .flatten()
        .collect()
}

/// The card as far as it is shown: a step in progress keeps what it said before while its next word is not `due`.
pub(crate) fn held(before: &Card, after: &Card, due: impl Fn(&str) -> bool) -> Card {
    let was = steps(before);
    let mut shown = after.clone();
    for part in &mut shown.parts {
        let Part::Steps { steps } = part else { continue };
        for step in steps.iter_mut().filter(|step| step.mark == StepMark::Going) {
            let old = was.iter().find(|old| old.title == step.title && old.mark == StepMark::Going);
            if let Some(old) = old.filter(|_| !due(&step.title)) {
                step.says.clone_from(&old.says);
            }
        }
    }
    shown
}

/// The steps in progress that a change shows, by title.
pub(crate) fn going_shown(before: Option<&Card>, after: &Card) -> Vec<String> {
    let was = before.map(steps).unwrap_or_default();
    let mut going = steps(after);
    going.retain(|step| {
        step.mark == StepMark::Going
            && !was
                .iter()
                .any(|old| old.title == step.title && old.mark == StepMark::Going && old.says == step.says)
    });
    going.into_iter().map(|step| step.title.clone()).collect()
}

/// The steps in progress, by title.
pub(crate) fn going(card: &Card) -> Vec<String> {
    let going = steps(card).into_iter().filter(|step| step.mark == StepMark::Going);
    going.map(|step| step.title.clone()).collect()
}

/// The steps in progress that [`changes`] tells of, by title.
pub(crate) fn going_said(before: &Card, after: &Card) -> Vec<String> {
    let was = going(before);
    going_shown(Some(before), after).into_iter().filter(|title| was.contains(title)).collect()
}

/// What a step says.
pub(crate) fn says<'a>(card: &'a Card, title: &str) -> Option<&'a str> {
    steps(card).into_iter().find(|step| step.title == title).map(|step| step.says.as_str())
}

/// A step says this from now on.
pub(crate) fn say(card: &mut Card, title: &str, says: &str) {
    for part in &mut card.parts {
        let Part::Steps { steps } = part else { continue };
        for step in steps.iter_mut().filter(|step| step.title == title) {
            says.clone_into(&mut step.says);
        }
    }
}

/// How long a step had been going when its card was drawn, in milliseconds.
pub(crate) fn took_ms(card: &Card, title: &str) -> i64 {
    let step = steps(card).into_iter().find(|step| step.title == title);
    step.and_then(|step| step.took_ms).unwrap_or_default()
}

/// The line that says that a step is in progress.
pub(crate) fn begun(card: &Card, title: &str, style: Style) -> String {
    let mut page = Page::new(style);
    for step in steps(card).into_iter().filter(|step| step.title == title) {
        page.step(&StepLine { took_ms: None, ..step.clone() }, &format!("{} ", card.key), 0);
    }
    page.out
}

/// Lines that belong to no card.
pub(crate) fn lines(text: &str, style: Style) -> String {
    broken(&out::harmless(text), style.width)
}

/// The word for a run's state: the first after the last `·` of its headline.
fn state_word(card: &Card) -> &str {
    let state = card.headline.rsplit('·').next().unwrap_or_default().trim();
    state.split([' ', ',']).next().unwrap_or_default()
}

/// One line of other people's words, without what could steer a terminal.
fn harmless(text: &str) -> String {
    out::harmless(text).replace(['\t', '\n'], " ")
}

struct Page {
    style: Style,
    out: String,
}

impl Page {
    fn new(style: Style) -> Self {
        Self { style, out: String::new() }
    }

    fn inked(&self, text: &str, inks: &[Ink]) -> String {
        if !self.style.coloured || inks.is_empty() || text.is_empty() {
            return text.to_owned();
        }
        let codes: Vec<&str> = inks.iter().map(|ink| ink.code()).collect();
        format!("\u{1b}[{}m{text}\u{1b}[0m", codes.join(";"))
    }

    /// Lines with a beginning; further lines of the same text stand under where the text began.
    fn lines(&mut self, begin: &str, text: &str, inks: &[Ink]) {
        let hang = " ".repeat(columns(begin));
        let mut begin = begin.to_owned();
        for line in text.lines() {
            for wrapped in wrap(&harmless(line), room(self.style.width, hang.len())) {
                let inked = self.inked(&wrapped, inks);
                self.out.push_str(format!("{begin}{inked}").trim_end());
                self.out.push('\n');
                begin.clone_from(&hang);
            }
        }
    }

    fn headline(&mut self, card: &Card) {
        let ink = match card.tone {
            Tone::Plain => Ink::Bold,
            Tone::Ask => Ink::Yellow,
            Tone::Going => Ink::Cyan,
            Tone::Good => Ink::Green,
            Tone::Bad => Ink::Red,
        };
        self.lines("", &card.headline, &[Ink::Bold, ink]);
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text } => self.lines(INDENT, text, &[]),
            Part::List { title, lines } => {
                let (begin, bullet) = if title.is_empty() { (INDENT, "- ") } else { ("    ", "") };
                if !title.is_empty() {
                    self.lines(INDENT, &format!("{title}:"), &[]);
                }
                for line in lines {
                    self.lines(&format!("{begin}{bullet}"), line, &[]);
                }
            }
            Part::Fields { fields } => {
                let widest = fields.iter().map(|(name, _)| columns(name)).max().unwrap_or_default();
                let widest = widest.min(NAME_MAX);
                for (name, value) in fields {
                    self.lines(&format!("{INDENT}{}  ", padded(&harmless(name), widest)), value, &[]);
                }
            }
            Part::Steps { steps } => {
                let titles = steps.iter().map(|step| columns(&step.title));
                let widest = titles.max().unwrap_or_default();
                for step in steps {
                    self.step(step, INDENT, widest);
                }
            }
            Part::Picture { chart } => {
                let room = self.style.width.unwrap_or(WIDTH_UNKNOWN).saturating_sub(INDENT.len());
                for line in letters(chart, room) {
                    self.out.push_str(format!("{INDENT}{}", harmless(&line)).trim_end());
                    self.out.push('\n');
                }
                for line in &chart.says {
                    self.lines(INDENT, line, &[]);
                }
            }
            Part::Quotes { quotes } => {
                for quote in quotes {
                    self.lines(&format!("{INDENT}> "), &format!("{}: {}", quote.who, quote.text), &[]);
                }
            }
            Part::Verbatim { lines } => {
                for line in lines {
                    self.verbatim(line);
                }
            }
        }
    }

    /// A line as it is; where it finds no room, its further rows stand in.
    fn verbatim(&mut self, line: &str) {
        let room = room(self.style.width, columns(VERBATIM) + columns(VERBATIM_ON));
        for (place, row) in wrap_keeping(&harmless(line), room).into_iter().enumerate() {
            let on = if place == 0 { "" } else { VERBATIM_ON };
            self.out.push_str(format!("{VERBATIM}{on}{row}").trim_end());
            self.out.push('\n');
        }
    }

    fn steps_changed(&mut self, before: &Card, after: &Card) {
        let was = steps(before);
        for step in steps(after) {
            let before = was.iter().find(|old| old.title == step.title);
            // What a step in progress waits for is news; that it began is none, nor that it had nothing to undo.
            let same = match step.mark {
                StepMark::Going => {
                    before.is_none_or(|old| old.mark != StepMark::Going || old.says == step.says)
                }
                mark => before.is_some_and(|old| old.mark == mark),
            };
            let nothing = step.mark == StepMark::Undone && step.says == chat::view::NOTHING_TO_UNDO;
            if step.mark == StepMark::Pending || same || nothing {
                continue;
            }
            let mut step = step.clone();
            // It is not over: a time that stands still says nothing.
            step.took_ms = step.took_ms.filter(|_| step.mark != StepMark::Going);
            self.step(&step, &format!("{} ", after.key), 0);
        }
    }

    fn step(&mut self, step: &StepLine, begin: &str, widest: usize) {
        let (mark, ink) = self.mark(step.mark);
        // In a list of steps the titles stand under each other.
        let pad = if widest > 0 && !self.style.marks { MARK_MAX.saturating_sub(mark.len()) } else { 0 };
        let begin = format!("{begin}{}{}", self.inked(mark, ink), " ".repeat(pad));
        let mut says = step.says.clone();
        if let Some(took) = step.took_ms.filter(|took| match step.mark {
            StepMark::Pending => false,
            // It has only just begun.
            StepMark::Going => *took >= JUST_BEGUN_MS,
            _ => true,
        }) {
            let took = format!("({})", chat::view::duration(took));
            says = if says.is_empty() { took } else { format!("{says} {took}") };
        }
        let text = if says.is_empty() {
            harmless(&step.title)
        } else {
            format!("{}  {says}", padded(&harmless(&step.title), widest))
        };
        let visible = columns(&begin);
        let room = room(self.style.width, visible + 1);
        for (number, line) in wrap_keeping(&harmless(&text), room).into_iter().enumerate() {
            let begin = if number == 0 { begin.clone() } else { " ".repeat(visible) };
            self.out.push_str(format!("{begin} {line}").trim_end());
            self.out.push('\n');
        }
    }

    fn mark(&self, mark: StepMark) -> (&'static str, &'static [Ink]) {
        match (mark, self.style.marks) {
            (StepMark::Pending, true) => ("·", &[Ink::Dim]),
            (StepMark::Going, true) => ("▸", &[Ink::Cyan]),
            (StepMark::Done, true) => ("✓", &[Ink::Green]),
            (StepMark::Failed, true) => ("✗", &[Ink::Red]),
            (StepMark::Undone, true) => ("↺", &[Ink::Yellow]),
            (StepMark::Kept, true) => ("!", &[Ink::Yellow]),
            (StepMark::Pending, false) => ("[to do]", &[]),
            (StepMark::Going, false) => ("[going]", &[]),
            (StepMark::Done, false) => ("[done]", &[]),
            (StepMark::Failed, false) => ("[failed]", &[]),
            (StepMark::Undone, false) => ("[undone]", &[]),
            (StepMark::Kept, false) => ("[kept]", &[]),
        }
    }

    fn command(&mut self, card: &Card) {
        if !card.command.is_empty() {
            self.lines(INDENT, &format!("said as: {}", card.command), &[Ink::Dim]);
        }
    }

    fn buttons(&mut self, card: &Card) {
        if !card.buttons.is_empty() {
            let commands: Vec<&str> = card.buttons.iter().map(|button| button.command.as_str()).collect();
            self.lines(&format!("{INDENT}type: "), &commands.join("  |  "), &[Ink::Bold]);
        }
    }
}

/// A text with blanks behind it, up to this many columns.
fn padded(text: &str, widest: usize) -> String {
    format!("{text}{}", " ".repeat(widest.saturating_sub(columns(text))))
}
