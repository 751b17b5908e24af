//! A message on Discord as somebody reads it aloud: the card it shows, as plain text.

use discord::markdown::unescape;
use discord::sim::{Message, buttons_of};
use serde_json::Value;

/// Signs at the beginning, and what they say.
const TONES: [(&str, &str); 4] = [("✋ ", "?"), ("⏳ ", "…"), ("✅ ", "✓"), ("❌ ", "✗")];
/// Signs of steps, and what they say.
const STEPS: [(&str, &str); 6] =
    [("▫️", "·"), ("⏳", "…"), ("✅", "✓"), ("❌", "✗"), ("↩️", "↩"), ("❗", "!")];

/// The card's text.
pub(crate) fn read(message: &Message) -> String {
    // Not a picture, and no file of a run.
    if let Some(whole) = message.files.iter().find(|file| file.starts_with(['·', '?', '…', '✓', '✗']))
    {
        return whole.clone();
    }
    // Which channel a private answer is about is the front's own matter.
    let content = message.content.split("\n-# in <#").next().unwrap();
    let tone = TONES.iter().find(|(sign, _)| content.starts_with(sign));
    let (headline, mark) = tone.map_or((content, "·"), |(sign, mark)| (&content[sign.len()..], *mark));
    let headline = headline.trim_start_matches("**").trim_end_matches("**");
    let mut lines = vec![format!("{mark} {}", unescape(headline))];
    let mut command = None;
    for embed in &message.embeds {
        let text = embed["description"].as_str().unwrap_or_default();
        let is_long = text.is_empty() && embed["footer"].is_null() && embed["fields"][0]["inline"] != true;
        if is_long {
            continue;
        }
        let mut inside = false;
        let mut unread = text.lines().peekable();
        while let Some(line) = unread.next() {
            let is_step = |next: &&str| STEPS.iter().any(|(sign, _)| next.starts_with(sign));
            if line == "```" {
                inside = !inside;
            } else if inside {
                lines.push(format!("  | {line}"));
            } else if line == "**Steps**" && unread.peek().is_some_and(is_step) {
                // A terminal's marks say by themselves that these are steps.
            } else if let Some(says) = line.strip_prefix("> ") {
                command = Some(unescape(says));
            } else {
                lines.push(body(line));
            }
        }
        for field in embed["fields"].as_array().into_iter().flatten() {
            let text = |key: &str| unescape(field[key].as_str().unwrap());
            lines.push(format!("  {}: {}", text("name"), text("value")));
        }
    }
    let buttons = buttons(message);
    if !buttons.is_empty() {
        let shown =
            buttons.iter().map(|(label, danger, _)| format!("[{label}{}]", if *danger { "!" } else { "" }));
        lines.push(format!("  {}", shown.collect::<Vec<_>>().join(" ")));
    }
    lines.extend(command.map(|says| format!("  > {says}")));
    lines.join("\n") + "\n"
}

/// Labels of what can be clicked, whether it is asked again, and identifiers.
pub(crate) fn buttons(message: &Message) -> Vec<(String, bool, String)> {
    let mut found = Vec::new();
    for one in buttons_of(&message.components) {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let id = text(&one, "custom_id");
        match one["options"].as_array() {
            Some(options) => {
                found.extend(options.iter().map(|it| (text(it, "label"), false, text(it, "value"))));
            }
            None if id.starts_with("form/") => {}
            None => found.push((text(&one, "label"), id.starts_with("ask"), id)),
        }
    }
    found
}

fn body(line: &str) -> String {
    if let Some(listed) = line.strip_prefix("• ") {
        return format!("    {}", unescape(listed));
    }
    let step =
        STEPS.iter().find_map(|(sign, says)| Some((line.strip_prefix(sign)?.strip_prefix(" **")?, says)));
    if let Some((rest, says)) = step {
        return format!("  {says} {}", unescape(&rest.replacen("**:", ":", 1)));
    }
    match line.strip_prefix("**") {
        Some(rest) => match rest.strip_suffix("**") {
            Some(title) => format!("  {}:", unescape(title)),
            None => format!("  {}", unescape(&rest.replacen(":**", ":", 1))),
        },
        None => format!("  {}", unescape(line)),
    }
}
