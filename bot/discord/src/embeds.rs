//! A card as a message with embeds. What Discord would refuse is cut where people see it, and what was cut comes along as a
//! file. The headline is the message's own text: it is read where embeds are switched off, in notifications and aloud.

use chat::{Card, Part, Quote, StepLine, StepMark, Tone, view};
use serde_json::{Value, json};

use crate::buttons;
use crate::limits::{
    CONTENT_CHARS, DESCRIPTION_CHARS, EMBEDS, EMBEDS_CHARS, FIELD_NAME_CHARS, FIELDS, FOOTER_CHARS,
};
use crate::markdown::{chars, clip, escape, fenced};

/// Field values up to this length stand side by side.
const SIDE_BY_SIDE_CHARS: usize = 40;
/// What stands above the steps of a run.
const STEPS: &str = "**Steps**";
/// What stands where a card was cut.
const CUT: &str = "*Cut here; the whole of it is attached.*";
/// A block of code begins and ends with this.
const FENCE: &str = "```";
/// Where the embeds say what clicks say that a button can't hold.
const LONG_COLOUR: u32 = 0x0029_2b2f;

/// A card ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// What is read where embeds are not.
    pub content: String,
    /// The embeds.
    pub embeds: Vec<Value>,
    /// Rows of buttons and menus.
    pub components: Vec<Value>,
    /// The whole card as text, when the message does not show all of it.
    pub rest: Option<String>,
}

/// Draws a card.
pub fn render(card: &Card) -> Rendered {
    let (content, headline_cut) =
        clip(&format!("{}**{}**", emoji(card.tone), escape(&one_line(&card.headline))), CONTENT_CHARS);
    let controls = buttons::rows(card);
    let command = if card.command.is_empty() {
        String::new()
    } else {
        clip(&format!("> {}", escape(&one_line(&card.command))), DESCRIPTION_CHARS / 2).0
    };
    let (mark, _) = clip(&card.key, FOOTER_CHARS);
    let long_chars: usize = controls.long.iter().map(|(name, value)| chars(name) + chars(value)).sum();
    let kept = chars(&command) + chars(&mark) + long_chars + chars(CUT) + 2;
    let mut page = Page {
        done: Vec::new(),
        open: Sheet::default(),
        room: EMBEDS_CHARS.saturating_sub(kept),
        // For what stands at the end.
        sheets: EMBEDS - 2,
        cut: headline_cut,
    };
    for part in &card.parts {
        page.part(part);
    }
    let cut = page.cut;
    let mut sheets = page.end();
    for line in [if cut { CUT } else { "" }, &command] {
        if !line.is_empty() {
            put_last(&mut sheets, line);
        }
    }
    let mut embeds: Vec<Value> = sheets.iter().map(|sheet| sheet.embed(colour(card.tone))).collect();
    if !mark.is_empty() {
        match embeds.last_mut() {
            Some(last) => last["footer"] = json!({ "text": mark }),
            None => embeds.push(json!({ "footer": { "text": mark }, "color": colour(card.tone) })),
        }
    }
    if !controls.long.is_empty() {
        let fields = controls.long.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        embeds.push(json!({ "color": LONG_COLOUR, "fields": fields.collect::<Vec<_>>() }));
    }
    let rest = cut.then(|| view::plain(card));
    Rendered { content, embeds, components: controls.rows, rest }
}

/// One embed as it fills up: lines, then fields.
#[derive(Default)]
struct Sheet {
    description: String,
    fields: Vec<(String, String)>,
}

impl Sheet {
    fn is_empty(&self) -> bool {
        self.description.is_empty() && self.fields.is_empty()
    }

    fn takes(&self, line: &str) -> bool {
        self.fields.is_empty() && chars(&self.description) + 1 + chars(line) <= DESCRIPTION_CHARS
    }

    fn push(&mut self, line: &str) {
        if !self.description.is_empty() {
            self.description.push('\n');
        }
        self.description.push_str(line);
    }

    fn embed(&self, colour: u32) -> Value {
        let mut embed = json!({ "color": colour });
        if !self.description.is_empty() {
            embed["description"] = json!(self.description);
        }
        if !self.fields.is_empty() {
            let fields = self.fields.iter();
            let fields = fields.map(|(name, value)| json!({ "name": name, "value": value, "inline": true }));
            embed["fields"] = fields.collect();
        }
        embed
    }
}

/// A message as it fills up.
struct Page {
    done: Vec<Sheet>,
    open: Sheet,
    /// Characters left in all embeds.
    room: usize,
    /// Embeds at most.
    sheets: usize,
    cut: bool,
}

impl Page {
    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text } => text.lines().for_each(|line| self.line(&escape(line))),
            Part::List { title, lines } => {
                if !title.is_empty() {
                    self.line(&format!("**{}**", escape(&one_line(title))));
                }
                for line in lines {
                    self.line(&format!("• {}", escape(&one_line(line))));
                }
            }
            Part::Fields { fields } => self.fields(fields),
            Part::Steps { steps } if steps.is_empty() => {}
            Part::Steps { steps } => {
                self.line(STEPS);
                for one in steps {
                    self.line(&step(one));
                }
            }
            Part::Verbatim { lines } => self.verbatim(lines),
            Part::Picture { chart } => chart.says.iter().for_each(|line| self.line(&escape(line))),
            Part::Quotes { quotes } => quotes.iter().for_each(|one| self.line(&quote(one))),
        }
    }

    /// Begins the next embed if the open one does not take this.
    fn turn(&mut self, takes: bool) {
        if takes || self.open.is_empty() {
            return;
        }
        if self.done.len() + 1 >= self.sheets {
            self.cut = true;
            return;
        }
        self.done.push(std::mem::take(&mut self.open));
    }

    /// Takes this much of the room; false, and cut here, when there is not so much.
    fn spend(&mut self, count: usize) -> bool {
        match self.room.checked_sub(count) {
            Some(left) if !self.cut => {
                self.room = left;
                true
            }
            _ => {
                self.cut = true;
                false
            }
        }
    }

    fn line(&mut self, line: &str) {
        if self.cut {
            return;
        }
        let (line, cut) = clip(line, DESCRIPTION_CHARS.min(self.room.saturating_sub(1)));
        self.turn(self.open.takes(&line));
        if self.spend(chars(&line) + 1) {
            self.open.push(&line);
        }
        self.cut |= cut;
    }

    fn fields(&mut self, fields: &[(String, String)]) {
        let short = |(name, value): &(String, String)| {
            let shown = !name.trim().is_empty() && !value.trim().is_empty();
            shown && chars(name) + chars(value) <= SIDE_BY_SIDE_CHARS
        };
        if fields.len() < 2 || !fields.iter().all(short) {
            for (name, value) in fields {
                self.line(&format!("**{}:** {}", escape(&one_line(name)), escape(&one_line(value))));
            }
            return;
        }
        for (name, value) in fields {
            let (name, _) = clip(&escape(&one_line(name)), FIELD_NAME_CHARS);
            let value = escape(&one_line(value));
            self.turn(self.open.fields.len() < FIELDS);
            if self.spend(chars(&name) + chars(&value)) {
                self.open.fields.push((name, value));
            }
        }
    }

    /// As it is, in as many blocks as it needs.
    fn verbatim(&mut self, lines: &[String]) {
        let mut inside = false;
        for line in lines {
            if self.cut {
                break;
            }
            let around = 2 * (FENCE.len() + 1);
            let most = (DESCRIPTION_CHARS - around).min(self.room.saturating_sub(around));
            let (line, cut) = clip(&fenced(line), most);
            let closed = format!("{line}\n{FENCE}");
            if inside && !self.open.takes(&closed) {
                self.open.push(FENCE);
                inside = false;
            }
            if !inside {
                self.turn(self.open.takes(&format!("{FENCE}\n{closed}")));
                if !self.spend(around) {
                    break;
                }
                self.open.push(FENCE);
                inside = true;
            }
            if self.spend(chars(&line) + 1) {
                self.open.push(&line);
            }
            self.cut |= cut;
        }
        if inside {
            self.open.push(FENCE);
        }
    }

    fn end(mut self) -> Vec<Sheet> {
        if !self.open.is_empty() {
            self.done.push(self.open);
        }
        self.done
    }
}

/// Adds a line behind everything else.
fn put_last(sheets: &mut Vec<Sheet>, line: &str) {
    match sheets.last_mut().filter(|sheet| sheet.takes(line)) {
        Some(sheet) => sheet.push(line),
        None => sheets.push(Sheet { description: line.to_owned(), fields: Vec::new() }),
    }
}

fn step(step: &StepLine) -> String {
    let mark = match step.mark {
        StepMark::Pending => "▫️",
        StepMark::Going => "⏳",
        StepMark::Done => "✅",
        StepMark::Failed => "❌",
        StepMark::Undone => "↩️",
        StepMark::Kept => "❗",
    };
    let took = step.took_ms.map(|ms| format!(" ({})", view::duration(ms))).unwrap_or_default();
    format!("{mark} **{}**: {}{took}", escape(&one_line(&step.title)), escape(&one_line(&step.says)))
}

fn quote(quote: &Quote) -> String {
    format!("> <@{}>: {}", quote.who, with_mentions(&one_line(&quote.text)))
}

/// What somebody wrote, those whom they named by name and not by their identifiers.
fn with_mentions(text: &str) -> String {
    let is_id = |who: &str| !who.is_empty() && who.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.split("<@");
    let mut shown = escape(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('>').filter(|(who, _)| is_id(who)) {
            Some((who, rest)) => shown.extend(["<@", who, ">", &escape(rest)]),
            None => shown.push_str(&escape(&format!("<@{part}"))),
        }
    }
    shown
}

fn emoji(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Ask => "✋ ",
        Tone::Going => "⏳ ",
        Tone::Good => "✅ ",
        Tone::Bad => "❌ ",
    }
}

fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Plain => 0x007a_8087,
        Tone::Ask => 0x00e0_a100,
        Tone::Going => 0x003b_82c4,
        Tone::Good => 0x002e_9e5b,
        Tone::Bad => 0x00d1_383d,
    }
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_in_a_quote_is_shown_by_name() {
        let said = |text: &str| quote(&Quote { who: "7".to_owned(), text: text.to_owned() });
        assert_eq!(said("<@12> status"), "> <@7>: <@12> status");
        assert_eq!(said("<@&12> a*b"), "> <@7>: \\<\\@&12> a\\*b");
    }
}
