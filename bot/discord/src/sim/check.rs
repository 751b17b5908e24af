//! What Discord refuses in messages, forms and commands, from its own documentation.

use std::collections::HashSet;

use serde_json::Value;

/// What is wrong with a message, if anything.
pub(super) fn message(body: &Value, files: usize) -> Option<String> {
    let list = |key: &str| body[key].as_array().map(Vec::as_slice).unwrap_or_default();
    let content = body["content"].as_str().unwrap_or_default();
    if chars(content) > 2_000 {
        return Some("content".to_owned());
    }
    if list("attachments").len() != files {
        return Some("attachments".to_owned());
    }
    let (embeds, rows) = (list("embeds"), list("components"));
    if content.is_empty() && embeds.is_empty() && rows.is_empty() && files == 0 {
        return Some("Cannot send an empty message".to_owned());
    }
    if embeds.len() > 10 {
        return Some(format!("{} embeds", embeds.len()));
    }
    let mut all = 0;
    for embed in embeds {
        match read_embed(embed) {
            Ok(chars) => all += chars,
            Err(fault) => return Some(fault),
        }
    }
    if all > 6_000 {
        return Some(format!("{all} characters in embeds"));
    }
    components(rows)
}

/// The characters of an embed.
fn read_embed(embed: &Value) -> Result<usize, String> {
    let text = |value: &Value, most: usize, what: &str| match value.as_str() {
        None => Ok(0),
        Some(text) if (1..=most).contains(&chars(text)) => Ok(chars(text)),
        Some(text) => Err(format!("{} characters of {what}", chars(text))),
    };
    let mut all = text(&embed["description"], 4_096, "description")?;
    all += text(&embed["title"], 256, "title")? + text(&embed["footer"]["text"], 2_048, "footer")?;
    let fields = embed["fields"].as_array().map(Vec::as_slice).unwrap_or_default();
    if fields.len() > 25 {
        return Err(format!("{} fields", fields.len()));
    }
    for field in fields {
        let (name, value) = (text(&field["name"], 256, "name")?, text(&field["value"], 1_024, "value")?);
        if name == 0 || value == 0 {
            return Err("a field without a name or a value".to_owned());
        }
        all += name + value;
    }
    if all == 0 { Err("an empty embed".to_owned()) } else { Ok(all) }
}

fn components(rows: &[Value]) -> Option<String> {
    if rows.len() > 5 {
        return Some(format!("{} rows", rows.len()));
    }
    let mut ids = HashSet::new();
    for row in rows {
        let inside = row["components"].as_array().map(Vec::as_slice).unwrap_or_default();
        if row["type"] != 1 || inside.is_empty() {
            return Some("a row of nothing".to_owned());
        }
        let room: usize = inside.iter().map(|one| if one["type"] == 2 { 1 } else { 5 }).sum();
        if room > 5 {
            return Some("a row that is too full".to_owned());
        }
        for one in inside {
            let id = one["custom_id"].as_str().unwrap_or_default();
            if !(1..=100).contains(&chars(id)) || !ids.insert(id) {
                return Some(format!("custom_id {id}"));
            }
            let fault = match one["type"].as_u64() {
                Some(2) => button(one),
                Some(3) => menu(one),
                _ => Some("a component of no known type".to_owned()),
            };
            if fault.is_some() {
                return fault;
            }
        }
    }
    None
}

fn button(one: &Value) -> Option<String> {
    let label = one["label"].as_str().unwrap_or_default();
    let fits = (1..=80).contains(&chars(label)) && (1..=4).contains(&one["style"].as_u64().unwrap_or(0));
    (!fits).then(|| format!("a button {label}"))
}

fn menu(one: &Value) -> Option<String> {
    let options = one["options"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut values = HashSet::new();
    let fits = |option: &Value| {
        let (label, value) = (option["label"].as_str()?, option["value"].as_str()?);
        ((1..=100).contains(&chars(label)) && (1..=100).contains(&chars(value))).then(|| value.to_owned())
    };
    let all = options.iter().all(|option| fits(option).is_some_and(|value| values.insert(value)));
    (!all || !(1..=25).contains(&options.len())).then(|| format!("a menu of {}", options.len()))
}

/// What is wrong with a form, if anything.
pub(super) fn form(data: &Value) -> Option<String> {
    let title = data["title"].as_str().unwrap_or_default();
    let id = data["custom_id"].as_str().unwrap_or_default();
    let rows = data["components"].as_array().map(Vec::as_slice).unwrap_or_default();
    let inputs_fit = rows.iter().all(|row| {
        let input = &row["components"][0];
        let label = input["label"].as_str().unwrap_or_default();
        let hint = input["placeholder"].as_str().unwrap_or("-");
        input["type"] == 4
            && matches!(input["style"].as_u64(), Some(1 | 2))
            && (1..=45).contains(&chars(label))
            && (1..=100).contains(&chars(hint))
            && (1..=100).contains(&chars(input["custom_id"].as_str().unwrap_or_default()))
    });
    let fits =
        (1..=45).contains(&chars(title)) && (1..=100).contains(&chars(id)) && (1..=5).contains(&rows.len());
    (!fits || !inputs_fit).then(|| format!("a form {title}"))
}

/// What is wrong with what is proposed, if anything.
pub(super) fn choices(data: &Value) -> Option<String> {
    let choices = data["choices"].as_array()?;
    let fits = |one: &Value| {
        [&one["name"], &one["value"]]
            .iter()
            .all(|text| text.as_str().is_some_and(|text| (1..=100).contains(&chars(text))))
    };
    (choices.len() > 25 || !choices.iter().all(fits)).then(|| format!("{} choices", choices.len()))
}

/// What is wrong with commands, if anything.
pub(super) fn commands(body: &Value) -> Option<String> {
    let commands = body.as_array()?;
    let mut names = HashSet::new();
    let named = |one: &Value| {
        let name = one["name"].as_str().unwrap_or_default();
        let help = one["description"].as_str().unwrap_or_default();
        let plain =
            name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
        plain && (1..=32).contains(&chars(name)) && (1..=100).contains(&chars(help))
    };
    for command in commands {
        let options = command["options"].as_array().map(Vec::as_slice).unwrap_or_default();
        let name = command["name"].as_str().unwrap_or_default();
        let both = options.iter().any(|one| one["autocomplete"] == true && !one["choices"].is_null());
        if !named(command) || !options.iter().all(named) || options.len() > 25 || both || !names.insert(name)
        {
            return Some(format!("the command {name}"));
        }
    }
    (commands.len() > 100).then(|| format!("{} commands", commands.len()))
}

/// It counts like JavaScript.
fn chars(text: &str) -> usize {
    text.encode_utf16().count()
}
