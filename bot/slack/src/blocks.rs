//! A card as Block Kit. What Slack would refuse is cut where people see it, and what was cut comes along as a file.

use chat::{Button, Card, Emphasis, Part, Quote, StepLine, StepMark, Tone, emphasis, view};
use serde_json::{Value, json};

use crate::forms::SECRET_BUTTON;
use crate::limits::{
    BLOCKS, BUTTON_CHARS, BUTTON_ROWS, CONFIRM_CHARS, CONTEXT_CHARS, FALLBACK_CHARS, FIELD_CHARS, FIELDS,
    MESSAGE_CHARS, ROW_BUTTONS, SECTION_CHARS, VALUE_CHARS,
};

/// What a button's `action_id` begins with when clicking it says its value.
pub(crate) const SAY: &str = "say";
/// The `action_id` of the button that opens a card's form; its value is the form as JSON.
pub(crate) const FORM: &str = "form";
/// What stands above the steps of a run.
const STEPS: &str = "*Steps*";
/// Field values up to this length stand side by side.
const SIDE_BY_SIDE_CHARS: usize = 40;
/// Blocks kept free for what stands at the end: the note about a cut, rows of buttons, the command.
const END_BLOCKS: usize = 1 + BUTTON_ROWS + 1;

/// A card ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// What is read where blocks are not: notifications, screen readers, search.
    pub text: String,
    /// The blocks.
    pub blocks: Vec<Value>,
    /// The whole card as text, when the blocks don't show all of it.
    pub rest: Option<String>,
}

/// Draws a card. `mark` identifies the message among others of its conversation.
pub fn render(card: &Card, mark: &str) -> Rendered {
    let whole = view::plain(card);
    let mut page = Page { blocks: Vec::new(), chars: 0, cut: false };
    let headline = format!("{}*{}*", emoji(card.tone), escape(&card.headline));
    let (headline, headline_cut) = clip(&headline, SECTION_CHARS);
    let mut short = headline_cut;
    page.add(json!({ "type": "section", "block_id": mark, "text": mrkdwn(&headline) }));
    for part in &card.parts {
        page.part(part);
    }
    short |= page.cut;
    if short && card.tone == Tone::Going {
        page.blocks.push(context("_Cut here; the whole of it comes as a file at the end._"));
    } else if short {
        page.blocks.push(context("_Cut here; the whole of it comes as a file._"));
    }
    for (row, buttons) in rows(card).into_iter().enumerate() {
        page.blocks.push(json!({ "type": "actions", "block_id": format!("row/{row}"), "elements": buttons }));
    }
    if !card.command.is_empty() {
        let (command, _) = clip(&escape(&card.command.replace('`', "'")), CONTEXT_CHARS - 2);
        page.blocks.push(context(&format!("`{command}`")));
    }
    let (text, text_cut) = clip(&escape(&whole), FALLBACK_CHARS);
    let rest = (short || text_cut).then_some(whole);
    Rendered { text, blocks: page.blocks, rest }
}

/// A message as it fills up.
struct Page {
    blocks: Vec<Value>,
    chars: usize,
    cut: bool,
}

impl Page {
    /// Adds a block if the message has room for it; otherwise it is cut here.
    fn add(&mut self, block: Value) {
        let chars = text_chars(&block);
        if self.cut || self.blocks.len() + END_BLOCKS >= BLOCKS || self.chars + chars > MESSAGE_CHARS {
            self.cut = true;
            return;
        }
        self.chars += chars;
        self.blocks.push(block);
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Text { text } => self.lines("", text.lines().map(escape)),
            Part::List { title, lines } => {
                let title = if title.is_empty() { String::new() } else { format!("*{}*", escape(title)) };
                self.lines(&title, lines.iter().map(|line| format!("• {}", escape(line))));
            }
            Part::Fields { fields } => self.fields(fields),
            Part::Steps { steps } if steps.is_empty() => {}
            Part::Steps { steps } => self.lines(STEPS, steps.iter().map(step)),
            Part::Verbatim { lines } => self.verbatim(lines),
            Part::Picture { chart } => self.lines("", chart.says.iter().map(|line| escape(line))),
            Part::Quotes { quotes } => self.lines("", quotes.iter().map(quote)),
        }
    }

    /// Lines in as many sections as they need.
    fn lines(&mut self, title: &str, lines: impl Iterator<Item = String>) {
        let (mut text, title_cut) = clip(title, SECTION_CHARS);
        if title_cut {
            self.section(&text);
            self.cut = true;
            return;
        }
        for line in lines {
            let (line, cut) = clip(&line, SECTION_CHARS);
            if chars(&text) + 1 + chars(&line) > SECTION_CHARS {
                self.section(&text);
                text.clear();
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            if cut {
                self.section(&text);
                self.cut = true;
                return;
            }
        }
        self.section(&text);
    }

    fn section(&mut self, text: &str) {
        if !text.trim().is_empty() {
            self.add(json!({ "type": "section", "text": mrkdwn(text) }));
        }
    }

    fn fields(&mut self, fields: &[(String, String)]) {
        let short = |(name, value): &(String, String)| chars(name) + chars(value) <= SIDE_BY_SIDE_CHARS;
        if fields.len() > 1 && fields.iter().all(short) {
            for some in fields.chunks(FIELDS) {
                let cells: Vec<Value> = some.iter().map(|(name, value)| mrkdwn(&cell(name, value))).collect();
                self.add(json!({ "type": "section", "fields": cells }));
            }
        } else {
            self.lines(
                "",
                fields.iter().map(|(name, value)| format!("*{}:* {}", escape(name), escape(value))),
            );
        }
    }

    /// As it is, in as many sections as it needs. Of something long the end is what people look for, and it is in the
    /// file that comes along.
    fn verbatim(&mut self, lines: &[String]) {
        let room = SECTION_CHARS - 8;
        let mut text = String::new();
        for line in lines {
            let (line, cut) = clip(&escape(&line.replace("```", "'''")), room);
            if chars(&text) + 1 + chars(&line) > room {
                self.section(&format!("```\n{text}\n```"));
                text.clear();
            }
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&line);
            if cut {
                self.section(&format!("```\n{text}\n```"));
                self.cut = true;
                return;
            }
        }
        if !text.trim().is_empty() {
            self.section(&format!("```\n{text}\n```"));
        }
    }
}

fn cell(name: &str, value: &str) -> String {
    clip(&format!("*{}*\n{}", escape(name), escape(value)), FIELD_CHARS).0
}

fn step(step: &StepLine) -> String {
    let mark = match step.mark {
        StepMark::Pending => ":white_small_square:",
        StepMark::Going => ":hourglass_flowing_sand:",
        StepMark::Done => ":white_check_mark:",
        StepMark::Failed => ":x:",
        StepMark::Undone => ":leftwards_arrow_with_hook:",
        StepMark::Kept => ":exclamation:",
    };
    let took = step.took_ms.map(|ms| format!(" ({})", view::duration(ms))).unwrap_or_default();
    format!("{mark} *{}*: {}{took}", escape(&step.title), escape(&step.says))
}

fn quote(quote: &Quote) -> String {
    let who = if is_id(&quote.who) { format!("<@{}>", quote.who) } else { escape(&quote.who) };
    format!("> {who}: {}", with_mentions(&quote.text))
}

/// Only an identifier of Slack's becomes a mention.
fn is_id(who: &str) -> bool {
    who.len() > 3
        && who.starts_with(['U', 'W'])
        && who.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// What somebody wrote, those whom they named by name and not by their identifiers.
fn with_mentions(text: &str) -> String {
    let mut parts = text.split("<@");
    let mut shown = escape(parts.next().unwrap_or_default());
    for part in parts {
        match part.split_once('>').filter(|(who, _)| is_id(who.split('|').next().unwrap_or_default())) {
            Some((who, rest)) => {
                let who = who.split('|').next().unwrap_or_default();
                shown.extend(["<@", who, ">", &escape(rest)]);
            }
            None => shown.extend(["&lt;@", &escape(part)]),
        }
    }
    shown
}

/// The buttons in rows. Those that find no room can still be typed.
fn rows(card: &Card) -> Vec<Vec<Value>> {
    let form = card.form.as_ref().and_then(|form| serde_json::to_string(form).ok());
    let form = form.filter(|form| chars(form) <= VALUE_CHARS);
    let fits = |button: &&Button| chars(&button.command) <= VALUE_CHARS;
    let shown: Vec<Button> = card.buttons.iter().filter(fits).cloned().collect();
    let mut buttons = elements(&shown, 0, form.is_some());
    if let Some(form) = form {
        buttons.insert(
            0,
            json!({
                "type": "button", "action_id": FORM, "value": form, "style": "primary",
                "text": { "type": "plain_text", "text": "Answer\u{2026}" },
            }),
        );
    }
    buttons.chunks(ROW_BUTTONS).take(BUTTON_ROWS).map(<[Value]>::to_vec).collect()
}

/// Buttons that say their commands, numbered from `first`; `answers` when one beside them opens the form for an answer.
pub(crate) fn elements(buttons: &[Button], first: usize, answers: bool) -> Vec<Value> {
    let emphasized = buttons.iter().zip(emphasis(buttons, answers)).enumerate();
    emphasized.map(|(place, (one, emphasis))| button(first + place, one, emphasis)).collect()
}

/// A button that says its command.
fn button(number: usize, button: &Button, emphasis: Emphasis) -> Value {
    let mut element = json!({
        "type": "button",
        "action_id": format!("{SAY}/{number}"),
        "text": { "type": "plain_text", "text": clip(&button.label, BUTTON_CHARS).0 },
        "value": button.command,
    });
    let style = match emphasis {
        Emphasis::Suggested => Some("primary"),
        Emphasis::Destructive => Some("danger"),
        Emphasis::Plain => None,
    };
    if let Some(style) = style {
        element["style"] = json!(style);
    }
    if view::opens_secret_form(&button.command) {
        element["action_id"] = json!(SECRET_BUTTON);
    }
    if button.danger {
        let asks = button.asks.clone().unwrap_or_else(|| format!("This says: {}", button.command));
        element["confirm"] = json!({
            "title": { "type": "plain_text", "text": "Are you sure?" },
            "text": { "type": "plain_text", "text": clip(&asks, CONFIRM_CHARS).0 },
            "confirm": { "type": "plain_text", "text": clip(&button.label, 30).0 },
            "deny": { "type": "plain_text", "text": "Not now" },
            "style": if emphasis == Emphasis::Destructive { "danger" } else { "primary" },
        });
    }
    element
}

pub(crate) fn mrkdwn(text: &str) -> Value {
    json!({ "type": "mrkdwn", "text": text })
}

pub(crate) fn context(text: &str) -> Value {
    json!({ "type": "context", "elements": [mrkdwn(text)] })
}

fn emoji(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "",
        Tone::Ask => ":raised_hand: ",
        Tone::Going => ":hourglass_flowing_sand: ",
        Tone::Good => ":white_check_mark: ",
        Tone::Bad => ":x: ",
    }
}

/// Slack reads these three characters as markup.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn chars(text: &str) -> usize {
    text.chars().count()
}

/// The text, at most `max` characters, with a sign where it was cut; and whether it was. An entity is not cut in two.
pub(crate) fn clip(text: &str, max: usize) -> (String, bool) {
    if chars(text) <= max {
        return (text.to_owned(), false);
    }
    let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
    if let Some(begun) =
        short.rfind('&').filter(|begun| !short[*begun..].contains(';') && short.len() - begun < 6)
    {
        short.truncate(begun);
    }
    short.push('\u{2026}');
    (short, true)
}

/// Characters people read in a block.
fn text_chars(block: &Value) -> usize {
    match block {
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| match value {
                Value::String(text) if key == "text" => chars(text),
                other => text_chars(other),
            })
            .sum(),
        Value::Array(values) => values.iter().map(text_chars).sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_named_in_a_quote_is_shown_by_name() {
        let check = |said: &str, shown: &str| {
            let said = Quote { who: "U0ANA".to_owned(), text: said.to_owned() };
            assert_eq!(quote(&said), format!("> <@U0ANA>: {shown}"));
        };
        check("<@U0BOT> status", "<@U0BOT> status");
        check("<@U0BOT|infra> a < b", "<@U0BOT> a &lt; b");
        check("<@> <!channel> <@ana> <@U0BOT", "&lt;@&gt; &lt;!channel&gt; &lt;@ana&gt; &lt;@U0BOT");
    }
}
