//! Takes chat markup away, so that the rest reads plain text.
//!
//! Mentions, code ticks, emphasis, emoji and links are reduced to what a person would read aloud. Quoted lines and code
//! blocks are not read at all. Double quotation marks stay (as `"`), because they tell a quotation from an order.

mod signs;

use std::borrow::Cow;

use signs::{Signs, doubts, refuses};

/// A mention becomes this character, so that later steps see that somebody was addressed.
pub(super) const MENTION: char = '\u{1}';
/// A code tick becomes this character: a quotation mark that does not make a quotation.
pub(super) const TICK: char = '\u{2}';

/// What stands for an emoji where they are asked about: a blank nobody types.
pub(super) const EMOJI: char = '\u{b}';

/// What kinds of byte a text holds, from one look at it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bytes(u16);

impl Bytes {
    /// What may be markup.
    const MARKUP: u16 = 1;
    /// A letter that has a lower case.
    const CAPITAL: u16 = 1 << 1;
    /// What is neither seen on every screen nor ends a line.
    const ODD: u16 = 1 << 2;
    /// A star.
    const STAR: u16 = 1 << 3;
    /// A [`TICK`].
    const TICK: u16 = 1 << 4;
    /// There was a sign that means no, before the markup was taken away.
    const REFUSED: u16 = 1 << 5;
    /// There was a sign that asks, or doubts.
    const DOUBTED: u16 = 1 << 6;
    /// An emoji stood between two words of a line.
    const BETWEEN: u16 = 1 << 7;
    /// What a name's place is held with, or what may stand there without being a word.
    const HOLLOW: u16 = 1 << 8;

    /// What each byte is.
    const KINDS: [u16; 256] = {
        let mut kinds = [0; 256];
        let mut byte = u8::MAX;
        loop {
            let odd = !matches!(byte, b'\n' | b' '..=b'~');
            kinds[byte as usize] = (if is_plain(byte) { 0 } else { Self::MARKUP })
                | (if byte.is_ascii_uppercase() { Self::CAPITAL } else { 0 })
                | (if odd { Self::ODD } else { 0 })
                | (if byte == b'*' { Self::STAR } else { 0 })
                | (if byte as u32 == TICK as u32 { Self::TICK } else { 0 })
                | (if is_hollow(byte) { Self::HOLLOW } else { 0 });
            if byte == 0 {
                break kinds;
            }
            byte -= 1;
        }
    };

    /// Looks at a text.
    pub(super) fn of(text: &str) -> Self {
        // Most texts hold nothing but what is asked here of many bytes at once, without a look at the table.
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'+'..=b'9' | b' ');
        if text.bytes().fold(true, |all, byte| all & plain(byte)) {
            return Self(0);
        }
        Self(text.bytes().fold(0, |all, byte| all | Self::KINDS[usize::from(byte)]))
    }

    /// Whether a letter of ASCII stands in it that has a lower case.
    pub(super) const fn capital(self) -> bool {
        self.0 & Self::CAPITAL != 0
    }

    /// Whether something stands in it that not every screen shows.
    pub(super) const fn odd(self) -> bool {
        self.0 & Self::ODD != 0
    }

    /// Whether a star stands in it.
    pub(super) const fn star(self) -> bool {
        self.0 & Self::STAR != 0
    }

    /// Whether a [`TICK`] stands in it.
    pub(super) const fn tick(self) -> bool {
        self.0 & Self::TICK != 0
    }

    /// Whether a sign that asks or doubts stood in it: ❓, 🤔, 🤷.
    pub(super) const fn doubted(self) -> bool {
        self.0 & Self::DOUBTED != 0
    }

    /// Whether an emoji stood between two words of a line.
    pub(super) const fn between(self) -> bool {
        self.0 & Self::BETWEEN != 0
    }

    /// Whether something may hold the place of a name: `<service>`, `*`, a mention.
    pub(super) const fn hollow(self) -> bool {
        self.0 & Self::HOLLOW != 0
    }

    /// Whether a sign that means no stood in it: 🚫, ⛔, ❌, 🙅.
    pub(super) const fn refused(self) -> bool {
        self.0 & Self::REFUSED != 0
    }

    const fn markup(self) -> bool {
        self.0 & Self::MARKUP != 0
    }
}

/// The text without its markup, and what bytes that holds. Borrowed when there was none.
pub(super) fn clean(text: &str, bytes: Bytes) -> (Cow<'_, str>, Bytes) {
    if !bytes.markup() {
        return (Cow::Borrowed(text), bytes);
    }
    let (clean, signs) = without_markup(text, ' ');
    let mut bytes = Bytes::of(&clean);
    for (found, kind) in
        [(signs.refused, Bytes::REFUSED), (signs.doubted, Bytes::DOUBTED), (signs.between, Bytes::BETWEEN)]
    {
        bytes.0 |= if found { kind } else { 0 };
    }
    (Cow::Owned(clean), bytes)
}

/// The text without its markup, where an [`EMOJI`] stands for each emoji.
#[cold]
pub(super) fn with_emoji(text: &str) -> String {
    without_markup(text, EMOJI).0
}

/// The text without its markup, with this in the place of emoji, and what was taken away with it.
fn without_markup(text: &str, emoji: char) -> (String, Signs) {
    let mut out = String::with_capacity(text.len());
    let mut signs = Signs::new(emoji);
    let mut fenced = false;
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
            signs.begin();
        }
        let trimmed = line.trim_start();
        if trimmed.starts_with("~~~") && !trimmed.trim_start_matches('~').contains('~') {
            fenced = !fenced;
            continue;
        }
        if !fenced && (trimmed.starts_with(">>>") || trimmed.starts_with("&gt;&gt;&gt;")) {
            break;
        }
        if !fenced && (trimmed.starts_with('>') || trimmed.starts_with("&gt;")) {
            continue;
        }
        // A row of a pasted table. "||" hides words on Discord.
        if !fenced
            && trimmed.starts_with('|')
            && !trimmed.starts_with("||")
            && trimmed.trim_end().len() > 1
            && trimmed.trim_end().ends_with('|')
        {
            continue;
        }
        for (place, piece) in line.split("```").enumerate() {
            if place > 0 {
                fenced = !fenced;
                out.push(' ');
            }
            if !fenced {
                clean_line(piece, &mut out, &mut signs);
            }
        }
    }
    (out, signs)
}

/// Whether a byte may hold the place of a name that nobody filled in, or end what does.
const fn is_hollow(byte: u8) -> bool {
    matches!(byte, b'<' | b'{' | b'[' | b'(' | b'$' | b'%' | b'*' | b'"' | b'\'' | b'@')
        || matches!(byte as char, MENTION | TICK)
}

/// Whether a byte stands for itself, wherever it stands.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b'\n' | b' '..=b'%' | b'\''..=b'9' | b';' | b'=' | b'?'..=b'_' | b'a'..=b'{' | b'}')
}

fn clean_line(line: &str, out: &mut String, signs: &mut Signs) {
    let mut rest = line;
    loop {
        let (plain, special) = rest.split_at(rest.bytes().take_while(|byte| is_plain(*byte)).count());
        out.push_str(plain);
        signs.goes_on(plain);
        rest = special;
        let Some(c) = rest.chars().next() else { return };
        let taken = match c {
            '<' => angle(rest, out, signs),
            '&' => entity(rest, out),
            ':' => shortcode(rest, out, signs),
            // "DIR=~/data": nothing is crossed out in a value.
            '~' if !out.ends_with(['=', '~']) && !in_value(out) => struck(rest).inspect(|_| out.push(' ')),
            _ => None,
        };
        if let Some(taken) = taken {
            rest = &rest[taken..];
            continue;
        }
        rest = &rest[c.len_utf8()..];
        if refuses(c) {
            signs.refuse(out);
        }
        if doubts(c) {
            signs.doubt(out);
        }
        match c {
            '`' => out.push(TICK),
            '“' | '”' | '„' | '‟' | '«' | '»' | '″' => out.push('"'),
            '‘' | '’' | '‚' | '‛' | '′' => out.push('\''),
            '–' | '—' | '―' => out.push_str(" - "),
            '…' => out.push_str("..."),
            '→' | '➡' | '⇒' | '⟶' | '⟹' | '➔' | '➙' | '➜' | '➝' | '➞' | '↦' | '👉' => {
                out.push_str("->");
            }
            // Neither joins nor parts what stands beside it: a word nobody knows, which is asked about.
            '↔' | '⇔' | '⇄' | '←' | '⇐' | '⬅' | '👈' => out.push_str(" <> "),
            '•' | '·' | '‣' => out.push_str("- "),
            '☐' | '☑' | '☒' | '□' | '◻' | '⬜' if begins_line(out) => out.push_str("[ ] "),
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' => {}
            c if is_emoji(c) => signs.emoji(out),
            c if c.is_control() || c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
}

/// Nothing but blanks and the sign of an item stands on this line yet.
fn begins_line(out: &str) -> bool {
    let before = out.trim_end_matches([' ', '-', '*']);
    before.is_empty() || before.ends_with('\n')
}

/// `<@U1>`, `<!here>`, `<#C1|name>`, `<url|label>`, `<url>`: how many bytes were read.
fn angle(rest: &str, out: &mut String, signs: &mut Signs) -> Option<usize> {
    /// Longer things in angle brackets are not markup.
    const LONGEST: usize = 2048;
    // Another "<" first means that this one opens nothing: looking on would not be linear.
    let end = rest.as_bytes().iter().take(LONGEST).skip(1).position(|byte| matches!(byte, b'>' | b'<'))? + 1;
    let inside = &rest[1..end];
    if inside.is_empty() || !rest[end..].starts_with('>') {
        return None;
    }
    let label = inside.split_once('|').map(|(_, label)| label);
    match inside.as_bytes()[0] {
        b'@' | b'!' => {
            out.push(MENTION);
            let id = inside.trim_start_matches(['@', '!', '&']);
            out.push_str(label.unwrap_or(id).split_whitespace().next().unwrap_or_default());
            out.push(' ');
        }
        b'#' => out.push_str(label.unwrap_or(&inside[1..])),
        b':' => {
            // `<:no_entry:123>` is how Discord writes one.
            let name = inside[1..].split(':').next().unwrap_or_default();
            signs.code(name, out);
        }
        b'a' if inside.starts_with("a:") => {
            signs.code(inside[2..].split(':').next().unwrap_or_default(), out);
        }
        b't' if inside.starts_with("t:") => out.push(' '),
        _ if label.is_some() || inside.contains("://") || inside.starts_with("mailto:") => {
            // There is no other "<" or ">" in it, so this goes no deeper.
            clean_line(label.unwrap_or(inside), out, signs);
        }
        _ => return None,
    }
    Some(end + 1)
}

fn entity(rest: &str, out: &mut String) -> Option<usize> {
    const ENTITIES: &[(&str, char)] =
        &[("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&#39;", '\''), ("&nbsp;", ' ')];
    let (entity, c) = ENTITIES.iter().find(|(entity, _)| rest.starts_with(entity))?;
    out.push(*c);
    Some(entity.len())
}

/// Whether quotation marks are open behind this that hold a value: `NAME="~/a:~/b`.
fn in_value(before: &str) -> bool {
    /// So far back at most is one looked for that opens.
    const REACH: usize = 256;
    let from = before.len().saturating_sub(REACH);
    let Some(near) = (from..before.len()).find_map(|from| before.get(from..)) else { return false };
    let opens = |mark: char| {
        near.rfind(mark)
            .map(|open| near[..open].trim_end())
            .is_some_and(|sign| sign.ends_with('=') || sign.ends_with(" to") || sign.ends_with(" as"))
    };
    opens('"') || opens('\'')
}

/// `~struck out~`, `~~struck out~~`: what is crossed out is not said.
fn struck(rest: &str) -> Option<usize> {
    let marks = rest.bytes().take_while(|byte| *byte == b'~').count();
    let (mark, inside) = rest.split_at(marks);
    if marks > 2 {
        return Some(marks);
    }
    let begins = inside.starts_with(|c: char| !c.is_whitespace());
    begins.then(|| inside.find(mark).map(|end| marks + end + marks)).flatten()
}

/// `:rocket:` between blanks.
fn shortcode(rest: &str, out: &mut String, signs: &mut Signs) -> Option<usize> {
    /// The longest name of an emoji we look for.
    const LONGEST: usize = 48;
    let before = out.chars().next_back();
    if before.is_some_and(|c| c.is_alphanumeric() || c == ':') {
        return None;
    }
    let name = rest[1..]
        .bytes()
        .take(LONGEST)
        .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+'))
        .count();
    if name == 0 || rest.as_bytes().get(name + 1) != Some(&b':') {
        return None;
    }
    signs.code(&rest[1..=name], out);
    Some(name + 2)
}

/// The text with the names of these emoji as words; none where there is none of them: `:canary:` may be the word.
pub(super) fn spelled_out(text: &str, meant: impl Fn(&str) -> bool) -> Option<String> {
    let mut parts = text.split(':').peekable();
    let mut out = parts.next()?.to_owned();
    let mut found = false;
    while let Some(part) = parts.next() {
        let apart = out.ends_with(|c: char| c.is_whitespace() || c == '<') || out.is_empty();
        if apart && parts.peek().is_some() && meant(part) {
            let after = parts.next().unwrap_or_default();
            let discord = out.ends_with('<');
            let after = if discord { after.split_once('>').map_or("", |(_, after)| after) } else { after };
            out.truncate(out.len() - usize::from(discord));
            out.extend([part, " ", after]);
            found = true;
        } else {
            out.extend([":", part]);
        }
    }
    found.then_some(out)
}

/// Pictures and signs of any kind, with their skin tones, frames and flags; and no "≠", which says something of what stands beside it.
fn is_emoji(c: char) -> bool {
    matches!(u32::from(c), 0xa9 | 0xae | 0x203c | 0x2049 | 0x20e3 | 0x2122 | 0x2139 | 0x2190..=0x21ff | 0x2300..=0x2bff | 0x3030 | 0x303d | 0x3297 | 0x3299 | 0x1f000..=0x1faff | 0xe0020..=0xe007f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(markup: &str, plain: &str) {
        assert_eq!(without_markup(markup, ' ').0.replace(MENTION, "@").replace(TICK, ""), plain);
    }

    #[test]
    fn markup_is_read_as_a_person_would_read_it_aloud() {
        check("<@U123> deploy `staging` :rocket:", "@U123  deploy staging  ");
        check("see <https://x.io/a|the page> &amp; <https://y.io>", "see the page & https://y.io");
        check("“deploy” don’t 🚀", "\"deploy\" don't  ");
        check("✅ deploy 🙏🏽 :white_check_mark:", "  deploy     ");
        check("at 22:00:15", "at 22:00:15");
        check("deploy ~production~ staging in ~5 min", "deploy   staging in ~5 min");
    }

    #[test]
    fn signs_that_mean_no_are_kept_in_mind() {
        let refused = |text: &str| without_markup(text, ' ').1.refused;
        for no in [
            "🚫 deploy",
            "deploy ⛔",
            "❌deploy",
            ":x: deploy",
            "deploy 🙅🏽",
            "🙅‍♀️ deploy",
            ":thumbsdown::skin-tone-2: deploy",
        ] {
            assert!(refused(no), "{no}");
        }
        for other in [
            "🚀 deploy",
            "set NOTE=\"❌ closed\"",
            "> ❌\ndeploy",
            "```❌``` deploy",
            "at 22:x:00 ✅",
            ":xylophone: deploy",
        ] {
            assert!(!refused(other), "{other}");
        }
    }

    #[test]
    fn quoted_lines_and_code_blocks_are_not_read() {
        check("> deploy production\nok", "\nok");
        check("&gt; deploy production\nok", "\nok");
        check("a ```deploy\nproduction``` b", "a  \n  b");
        check("ok\n>>> all\nof this", "ok\n");
    }
}
