//! Text with a chat's marks as HTML: bold, code, quotes, links, mentions. As much of it as the bot writes.

use std::fmt::Write as _;

use super::escape;

/// How a chat marks text.
#[derive(Debug, Clone, Copy)]
pub struct Marks {
    bold: &'static str,
    italic: &'static str,
    /// A backslash takes the meaning of what follows.
    backslash: bool,
    /// `&lt;`, `&gt;` and `&amp;` stand for characters, and `:name:` for an emoji.
    entities: bool,
}

/// Slack's.
pub const MRKDWN: Marks = Marks { bold: "*", italic: "_", backslash: false, entities: true };
/// Discord's.
pub const MARKDOWN: Marks = Marks { bold: "**", italic: "*", backslash: true, entities: false };

/// What a mention points at, by its identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pointed<'a> {
    /// `<@U1>`, and `<@!1>` as older programs on Discord write it.
    Person(&'a str),
    /// `<#C1>`.
    Channel(&'a str),
    /// `<@&1>`, a role on Discord; `<!subteam^S1>` on Slack.
    Group(&'a str),
}

/// What something is called.
type NameOf<'a> = dyn Fn(Pointed<'_>) -> String + 'a;

/// Between blocks of code and what is around them.
const FENCE: &str = "```";
/// What the bot calls by name.
const EMOJI: [(&str, &str); 7] = [
    ("exclamation", "❗"),
    ("hourglass_flowing_sand", "⏳"),
    ("leftwards_arrow_with_hook", "↩️"),
    ("raised_hand", "✋"),
    ("white_check_mark", "✅"),
    ("white_small_square", "▫️"),
    ("x", "❌"),
];

impl Marks {
    /// A text of many lines. `name_of` is what is pointed at.
    pub fn html(&self, text: &str, name_of: &NameOf<'_>) -> String {
        let mut html = String::new();
        for (number, part) in text.split(FENCE).enumerate() {
            if number % 2 == 1 {
                html.push_str("<pre>");
                html.push_str(&self.literal(part.trim_matches('\n')));
                html.push_str("</pre>");
            } else if !part.trim().is_empty() {
                self.lines(part.trim_matches('\n'), name_of, &mut html);
            }
        }
        html
    }

    fn lines(&self, text: &str, name_of: &NameOf<'_>, html: &mut String) {
        for line in text.lines() {
            let quoted = line.strip_prefix("> ");
            html.push_str(if quoted.is_some() { "<blockquote>" } else { "<div class=\"line\">" });
            self.inline(quoted.unwrap_or(line), name_of, html);
            html.push_str(if quoted.is_some() { "</blockquote>" } else { "</div>" });
        }
    }

    fn inline(&self, text: &str, name_of: &NameOf<'_>, html: &mut String) {
        let mut rest = text;
        let mut before = None;
        while let Some(c) = rest.chars().next() {
            if self.backslash && c == '\\' && rest.len() > 1 {
                let next: String = rest[1..].chars().take(1).collect();
                html.push_str(&escape(&next));
                rest = &rest[1 + next.len()..];
                before = next.chars().next();
                continue;
            }
            let taken = self
                .code(rest, html)
                .or_else(|| Self::pointed(rest, name_of, html))
                .or_else(|| self.around(self.bold, "b", before, rest, name_of, html))
                .or_else(|| self.around(self.italic, "i", before, rest, name_of, html))
                .or_else(|| self.named(rest, html))
                .or_else(|| address(rest, html));
            let length = taken.unwrap_or(c.len_utf8());
            if taken.is_none() {
                html.push_str(&self.literal(&rest[..length]));
            }
            before = rest[..length].chars().next_back();
            rest = &rest[length..];
        }
    }

    /// Text that has no marks in it; what stands for a character already does.
    fn literal(&self, text: &str) -> String {
        if !self.entities {
            return escape(text);
        }
        // What Slack wrote as an entity, HTML reads the same.
        text.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
    }

    fn code(&self, rest: &str, html: &mut String) -> Option<usize> {
        let inner = rest.strip_prefix('`')?;
        let end = inner.find('`').filter(|end| *end > 0)?;
        html.push_str("<code>");
        html.push_str(&self.literal(&inner[..end]));
        html.push_str("</code>");
        Some(end + 2)
    }

    /// `<@U1>`, `<#C1>`, `<@&1>`, `<!here>`, `<https://address|label>`.
    fn pointed(rest: &str, name_of: &NameOf<'_>, html: &mut String) -> Option<usize> {
        let inner = rest.strip_prefix('<')?;
        let end = inner.find('>')?;
        let (at, label) = inner[..end].split_once('|').unwrap_or((&inner[..end], ""));
        let mut mention = |sign: char, named: String| {
            let named = if label.is_empty() { named } else { label.trim_start_matches(sign).to_owned() };
            let _ = write!(html, "<span class=\"mention\">{sign}{}</span>", escape(&named));
        };
        if let Some(group) = at.strip_prefix("@&").or_else(|| at.strip_prefix("!subteam^")) {
            mention('@', name_of(Pointed::Group(group)));
        } else if let Some(person) = at.strip_prefix("@!").or_else(|| at.strip_prefix('@')) {
            mention('@', name_of(Pointed::Person(person)));
        } else if let Some(channel) = at.strip_prefix('#') {
            mention('#', name_of(Pointed::Channel(channel)));
        } else if let "!here" | "!channel" | "!everyone" = at {
            mention('@', at[1..].to_owned());
        } else if at.starts_with("http://") || at.starts_with("https://") {
            let label = if label.is_empty() { at } else { label };
            let _ = write!(html, "<a href=\"{}\">{}</a>", escape(at), escape(label));
        } else {
            return None;
        }
        Some(end + 2)
    }

    /// Text between two of the same mark.
    fn around(
        &self,
        mark: &str,
        tag: &str,
        before: Option<char>,
        rest: &str,
        name_of: &NameOf<'_>,
        html: &mut String,
    ) -> Option<usize> {
        let inner = rest.strip_prefix(mark)?;
        if before.is_some_and(char::is_alphanumeric) || inner.starts_with([' ', '*', '_']) {
            return None;
        }
        let end = self.closing(inner, mark)?;
        let _ = write!(html, "<{tag}>");
        self.inline(&inner[..end], name_of, html);
        let _ = write!(html, "</{tag}>");
        Some(end + 2 * mark.len())
    }

    /// Where a mark ends that has begun: not behind a space, and not inside a word.
    fn closing(&self, inner: &str, mark: &str) -> Option<usize> {
        inner.char_indices().map(|(at, _)| at).filter(|at| inner[*at..].starts_with(mark)).find(|at| {
            let (before, after) = (inner[..*at].chars().next_back(), inner[at + mark.len()..].chars().next());
            before.is_some_and(|c| !(c.is_whitespace() || self.backslash && c == '\\'))
                && after.is_none_or(|c| !c.is_alphanumeric())
        })
    }

    /// `:white_check_mark:`.
    fn named(&self, rest: &str, html: &mut String) -> Option<usize> {
        let inner = rest.strip_prefix(':').filter(|_| self.entities)?;
        let name = &inner[..inner.find(':')?];
        let (_, emoji) = EMOJI.iter().find(|(known, _)| *known == name)?;
        html.push_str(emoji);
        Some(name.len() + 2)
    }
}

/// An address as it stands.
fn address(rest: &str, html: &mut String) -> Option<usize> {
    if !rest.starts_with("http://") && !rest.starts_with("https://") {
        return None;
    }
    let end = rest.find(|c: char| c.is_whitespace() || "<>`*)\"&".contains(c)).unwrap_or(rest.len());
    let address = rest[..end].trim_end_matches(['.', ',', ';', ':', '?', '!']);
    let _ = write!(html, "<a href=\"{0}\">{0}</a>", escape(address));
    Some(address.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_of_both_chats() {
        let name_of = |pointed: Pointed<'_>| match pointed {
            Pointed::Person(id) => format!("n{id}"),
            Pointed::Channel(id) => format!("of {id}"),
            Pointed::Group(id) => format!("group {id}"),
        };
        let slack = |text: &str, html: &str| assert_eq!(MRKDWN.html(text, &name_of), html, "{text}");
        slack("*bold* and `a*b*`", "<div class=\"line\"><b>bold</b> and <code>a*b*</code></div>");
        slack("at */15 * * * *, on", "<div class=\"line\">at */15 * * * *, on</div>");
        slack(
            "a &lt;b&gt; :x: <@U1>",
            "<div class=\"line\">a &lt;b&gt; ❌ <span class=\"mention\">@nU1</span></div>",
        );
        slack("> U1: hi\n```\n<x>\n```", "<blockquote>U1: hi</blockquote><pre>&lt;x&gt;</pre>");
        slack("<https://a.b/c|d>", "<div class=\"line\"><a href=\"https://a.b/c\">d</a></div>");
        let mention = |says: &str| format!("<div class=\"line\"><span class=\"mention\">{says}</span></div>");
        slack("<#C1>", &mention("#of C1"));
        slack("<#C1|deploys>", &mention("#deploys"));
        slack("<!subteam^S1>", &mention("@group S1"));
        slack("<!here>", &mention("@here"));
        slack("<!boom>", "<div class=\"line\">&lt;!boom&gt;</div>");
        let discord = |text: &str, html: &str| assert_eq!(MARKDOWN.html(text, &name_of), html, "{text}");
        discord("**bold\\*** \\<x>", "<div class=\"line\"><b>bold*</b> &lt;x&gt;</div>");
        discord("<@!7>", &mention("@n7"));
        discord("<@&8>", &mention("@group 8"));
        discord("<#9>", &mention("#of 9"));
        discord(
            "*cut* http://a.b:1.",
            "<div class=\"line\"><i>cut</i> <a href=\"http://a.b:1\">http://a.b:1</a>.</div>",
        );
    }

    #[test]
    fn nothing_in_a_text_is_markup_of_the_page() {
        for marks in [MRKDWN, MARKDOWN] {
            let html =
                marks.html("<img src=x onerror=y> **<b>** ```<i>``` <javascript:x|y>", &|_| String::new());
            assert!(
                !html.contains("<img") && !html.contains("<i>") && !html.contains("javascript:x\""),
                "{html}"
            );
        }
    }
}
