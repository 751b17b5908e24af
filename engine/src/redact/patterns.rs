//! Shapes of secrets that nobody told us of.
//!
//! Each pattern stays linear in the iterated search, too: a match that was begun succeeds, dies within a bounded number of
//! characters, or is ended by whatever could begin another of its kind. So no part of a text is scanned over and over.
//! Keep that so when adding one: no unbounded repetition that still needs something after it.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::{Captures, Match, Regex};

use super::RedactError;

/// Most lines a private key takes, of 64 characters each: an RSA key of 16384 bits has 200. A block that never ends must not
/// hide the rest of a log.
const KEY_BLOCK_LINES_MAX: u32 = 250;

/// What is written in place of a secret.
pub(super) fn marker(name: &str) -> String {
    format!("{REPLACED} {name}]")
}

/// What stands for a line of a private key.
pub(super) const KEY_BLOCK: &str = "[secret private-key]";

/// What we write ourselves begins so; it is never replaced again.
const REPLACED: &str = "[secret";

/// Values that only say where a secret is.
const REFERENCES: [&str; 3] = ["secretref://", "${", "$("];

const KEY_BLOCK_BEGIN: &str = "-----BEGIN ";
const KEY_BLOCK_END: &str = "-----END ";
const KEY_BLOCK_KIND: &str = "PRIVATE KEY";

/// Tokens recognised whole: the kind people see, and the shape.
const TOKENS: [(&str, &str); 13] = [
    // Up to its end, or as far as it goes when the end is missing.
    (
        "private-key",
        r#"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:[^"'-]|-[^"'-])*(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"#,
    ),
    ("stripe-key", r"\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}"),
    ("webhook-secret", r"\bwhsec_[A-Za-z0-9+/=]{16,}"),
    ("sendgrid-key", r"\bSG\.[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]+)?"),
    ("slack-token", r"\b(?:xox[a-z]|xapp)-[A-Za-z0-9-]{10,}"),
    ("slack-webhook", r"\bhooks\.slack\.com/services/[A-Za-z0-9/]{8,}"),
    ("github-token", r"\b(?:gh[opusr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("gitlab-token", r"\bglpat-[A-Za-z0-9_-]{16,}"),
    ("aws-key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("google-key", r"\bAIza[A-Za-z0-9_-]{35}"),
    (
        "api-key",
        r"\b(?:sk-[A-Za-z0-9_-]{24,}|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{16,}|(?:rnd|npm|hf)_[A-Za-z0-9]{24,}|dop_v1_[a-f0-9]{32,}|SK[a-f0-9]{32})",
    ),
    ("discord-token", r"\b[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}"),
    // Base64 of `{"`: a JSON web token, whole or cut.
    ("web-token", r"\beyJ[A-Za-z0-9_-]{16,}(?:\.[A-Za-z0-9_-]*){0,4}"),
];

/// What settings with a secret in them are called; stands where a pattern says `KEYS`.
const KEYS: &str = "passw(?:or)?d|pwd|passphrase|[_-](?:secret|token)|clientsecret|accesstoken|api[_-]?key|private[_-]?key|secret[_-]?key|access[_-]?key";

/// Values recognised by what stands before them; the value is the group `VALUE`.
const MARKED: [(&str, &str); 9] = [
    // postgres://user:VALUE@host
    ("password", r#"(?i:\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@"'\\]*:)(?P<VALUE>[^\s/@"'\\]+)@"#),
    // Authorization: Bearer VALUE
    ("authorization", r"(?i:\b(?:bearer|basic)[ \t]{1,4})(?P<VALUE>[A-Za-z0-9._~+/=-]{16,})"),
    // "password": "VALUE". Not a plain "secret": that names a reference.
    ("value", r#"(?i:(?:KEYS)"[ \t]{0,4}:[ \t]{0,4}")(?P<VALUE>(?:[^"\\]|\\[\s\S])+)"#),
    // 'password': 'VALUE'
    ("value", r#"(?i:(?:KEYS)'[ \t]{0,4}:[ \t]{0,4}')(?P<VALUE>(?:[^'"\\]|\\[^"])+)"#),
    // \"password\": \"VALUE\", in a JSON text that is a string of another
    ("value", r#"(?i:(?:KEYS)\\{1,7}"[ \t]{0,4}:[ \t]{0,4}\\{1,7}")(?P<VALUE>[^"\\]+)"#),
    // PASSWORD='VALUE'
    (
        "value",
        r#"(?i:(?:KEYS|secret|token|[?&]key|[?&]sig(?:nature)?)[ \t]{0,4}=[ \t]{0,4}')(?P<VALUE>[^'"\\\n]+)"#,
    ),
    // PASSWORD="VALUE", whose first character tells it from the end of a JSON string
    (
        "value",
        r#"(?i:(?:KEYS|secret|token|[?&]key|[?&]sig(?:nature)?)[ \t]{0,4}=[ \t]{0,4}\\{0,7}")(?P<VALUE>[^\s"'\\,;&:}\]][^"\\\n]*)"#,
    ),
    // PASSWORD=VALUE, ?token=VALUE, --password=VALUE
    (
        "value",
        r#"(?i:(?:KEYS|secret|token|[?&]key|[?&]sig(?:nature)?)[ \t]{0,4}=[ \t]{0,4})(?P<VALUE>[^\s"'\\,;&]+)"#,
    ),
    // password: VALUE
    ("value", r#"(?i:(?:KEYS|secret|token):[ \t]{1,4})(?P<VALUE>[^\s"'\\,;&]{6,})"#),
];

/// The kinds of all patterns, in the order of their groups.
pub(super) fn kinds() -> impl Iterator<Item = &'static str> {
    TOKENS.iter().chain(&MARKED).map(|(kind, _)| *kind)
}

/// All shapes as one expression, with one group for each: around a token, or around the value alone.
pub(super) struct Patterns(Regex);

/// They never change, and making them takes longer than a whole story.
static MADE: OnceLock<Regex> = OnceLock::new();

impl Patterns {
    pub(super) fn new() -> Result<Self, RedactError> {
        if let Some(made) = MADE.get() {
            return Ok(Self(made.clone()));
        }
        let tokens = TOKENS.iter().map(|(_, shape)| format!("({shape})"));
        let marked = MARKED.iter().map(|(_, shape)| shape.replace("(?P<VALUE>", "(").replace("KEYS", KEYS));
        // The plain word boundary: the Unicode one would take the fast search engines out of use.
        let all = tokens.chain(marked).collect::<Vec<_>>().join("|").replace(r"\b", r"(?-u:\b)");
        let made = Regex::new(&all).map_err(|error| RedactError::new(&error))?;
        Ok(Self(MADE.get_or_init(|| made).clone()))
    }

    pub(super) fn replace<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let (mut out, mut copied) = (String::new(), 0);
        for found in self.0.captures_iter(text) {
            let Some((kind, secret)) = secret_of(&found) else { continue };
            out.push_str(&text[copied..secret.start()]);
            out.push_str(&marker(kind));
            copied = secret.end();
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[copied..]);
        Cow::Owned(out)
    }
}

/// The part of a match to replace, with its kind; none when it only says where a secret is.
fn secret_of<'t>(found: &Captures<'t>) -> Option<(&'static str, Match<'t>)> {
    let groups = found.iter().skip(1);
    let (kind, secret) = kinds().zip(groups).find_map(|(kind, group)| Some((kind, group?)))?;
    let tells_nothing =
        secret.as_str().starts_with(REPLACED) || REFERENCES.iter().any(|r| secret.as_str().starts_with(r));
    (!tells_nothing).then_some((kind, secret))
}

/// Whether a stream of lines is inside a private key.
#[derive(Debug, Default)]
pub(super) struct KeyBlock {
    /// Lines it may still take; 0 outside.
    lines_left: u32,
}

impl KeyBlock {
    /// Whether the next line belongs to a private key that goes over several lines.
    pub(super) fn holds(&mut self, line: &str) -> bool {
        let heading =
            |start: &str| line.rfind(start).filter(|at| line[at + start.len()..].contains(KEY_BLOCK_KIND));
        let was_inside = self.lines_left > 0;
        self.lines_left = match (heading(KEY_BLOCK_BEGIN), heading(KEY_BLOCK_END)) {
            (Some(begin), Some(end)) if begin < end => 0,
            (Some(_), _) => KEY_BLOCK_LINES_MAX,
            (None, Some(_)) => 0,
            (None, None) => self.lines_left.saturating_sub(1),
        };
        was_inside || self.lines_left > 0
    }
}
