//! Writes YAML: one line where a value fits, a block where it does not, quotes only where they are needed.

use super::describe::Yaml;

/// How wide a line may become before a value is broken into a block, in characters.
const LINE_WIDTH: usize = 110;
const INDENT: usize = 2;

/// Plain words that some reader takes for something other than text.
const SPECIAL_WORDS: [&str; 12] =
    ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf", "infinity"];

/// Writes a document.
pub(super) fn document(entries: &[(String, Yaml)]) -> String {
    let mut out = String::new();
    block(&mut out, 0, entries);
    out
}

fn block(out: &mut String, indent: usize, entries: &[(String, Yaml)]) {
    for (key, value) in entries {
        out.push_str(&" ".repeat(indent));
        entry(out, indent, key, value);
    }
}

fn entry(out: &mut String, indent: usize, key: &str, value: &Yaml) {
    let key = scalar(key);
    out.push_str(&key);
    out.push(':');
    if let Some(line) = one_line(value, LINE_WIDTH.saturating_sub(indent + key.chars().count() + 2)) {
        out.push(' ');
        out.push_str(&line);
        out.push('\n');
        return;
    }
    match value {
        Yaml::Map(entries) | Yaml::Section(entries) => {
            out.push('\n');
            block(out, indent + INDENT, entries);
        }
        Yaml::List(items) => {
            out.push('\n');
            for value in items {
                item(out, indent + INDENT, value);
            }
        }
        Yaml::Text(text) => match literal(text, indent + INDENT) {
            Some(literal) => out.push_str(&literal),
            None => long_scalar(out, &scalar(text)),
        },
        Yaml::Word(text) => long_scalar(out, text),
        Yaml::Secret(name) => long_scalar(out, &secret(name)),
    }
}

fn long_scalar(out: &mut String, text: &str) {
    out.push(' ');
    out.push_str(text);
    out.push('\n');
}

fn item(out: &mut String, indent: usize, value: &Yaml) {
    out.push_str(&" ".repeat(indent));
    out.push('-');
    match value {
        Yaml::Map(entries) | Yaml::Section(entries)
            if one_line(value, LINE_WIDTH.saturating_sub(indent + 2)).is_none() =>
        {
            for (index, (key, value)) in entries.iter().enumerate() {
                out.push_str(&" ".repeat(if index == 0 { 1 } else { indent + INDENT }));
                entry(out, indent + INDENT, key, value);
            }
        }
        // Lists in lists are not part of the form.
        _ => long_scalar(out, &one_line(value, usize::MAX).unwrap_or_default()),
    }
}

/// The value in one line of at most this width; nothing when it does not fit or wants lines of its own.
fn one_line(value: &Yaml, width: usize) -> Option<String> {
    let line = match value {
        Yaml::Text(text) if text.contains('\n') && width < usize::MAX => return None,
        Yaml::Text(text) => scalar(text),
        Yaml::Word(word) => word.clone(),
        Yaml::Secret(name) => secret(name),
        // People and windows read best one below the other.
        Yaml::List(items) if items.iter().any(|item| matches!(item, Yaml::Map(_))) => return None,
        Yaml::List(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| one_line(item, width)).collect();
            format!("[{}]", items?.join(", "))
        }
        Yaml::Map(entries) | Yaml::Section(entries) if entries.is_empty() => "{}".to_owned(),
        Yaml::Map(entries) => {
            let one =
                |(key, value): &(String, Yaml)| Some(format!("{}: {}", scalar(key), one_line(value, width)?));
            let entries: Option<Vec<String>> = entries.iter().map(one).collect();
            format!("{{ {} }}", entries?.join(", "))
        }
        Yaml::Section(_) => return None,
    };
    (line.chars().count() <= width).then_some(line)
}

fn secret(name: &str) -> String {
    format!("{{ secret: {} }}", scalar(name))
}

fn scalar(text: &str) -> String {
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

/// Whether every reader of YAML takes the bare word for this text. Deliberately narrow: quotes never hurt.
fn is_plain(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '_'))
        || text.starts_with("./");
    let goes_on_well = text
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | '/' | '+' | '@'));
    let special = SPECIAL_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    starts_well && goes_on_well && !text.ends_with(' ') && !special
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&escape(c)),
        }
    }
    out.push('"');
    out
}

fn escape(c: char) -> String {
    match u32::from(c) {
        code @ 0..=0xff => format!("\\x{code:02x}"),
        code @ 0x100..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// What may stand in a YAML file as it is; line separators and the byte order mark may, but would be lost.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{fffd}' | '\u{10000}'..)
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Several lines as people wrote them, when a reader gives back the same text.
fn literal(text: &str, indent: usize) -> Option<String> {
    let (body, mark) = match text.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    // Blanks at the edges of lines and empty lines at the ends are where readers differ.
    let faithful = |line: &str| line.chars().all(is_printable) && !line.ends_with(' ');
    let edges = body.starts_with([' ', '\n']) || body.ends_with('\n');
    if body.is_empty() || edges || !body.split('\n').all(faithful) {
        return None;
    }
    let mut out = format!(" {mark}\n");
    for line in body.split('\n') {
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
        out.push('\n');
    }
    Some(out)
}
