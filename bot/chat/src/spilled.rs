//! Secrets that somebody wrote among words. What a secret looks like by itself the redactor knows; a sentence such as
//! `set secret STRIPE_KEY to hunter2` holds one that looks like any word, and is told by what is said about it. Logs are not
//! read so: there "the token is expired2" is news.

use std::borrow::Cow;
use std::sync::LazyLock;

use engine::redact::Redactor;
use regex::{Captures, Regex};

/// What the names of secrets end with.
const NAME_ENDS: &str = r"(?:passw(?:or)?d|pwd|passphrase|secret|token|credentials?|(?:api|secret|private|access|signing|encryption)[ _-]?key)";
/// Fewest characters of a value that is only told by how it looks.
const VALUE_CHARS: usize = 6;
/// What follows `to` where a setting that is only named like a secret is set.
const HARMLESS: [&str; 8] = ["true", "false", "on", "off", "yes", "no", "null", "none"];
/// Digits of a number that is no secret.
const NUMBER_DIGITS: usize = 4;

/// Whether a value may be one, by how it looks.
type Looks = fn(&str) -> bool;

/// A sentence with a place for a value, and how the value must look there.
struct Shape {
    sentence: Regex,
    is_value: Looks,
}

static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    let verb = r"(?:set|change|update|rotate|reset)";
    let shapes: [(String, Looks); 4] = [
        // set secret NAME to VALUE: whatever it is, it is meant to be one.
        (format!(r"\b{verb}\s+(?:[a-z]+\s+)?secret\s+\S+\s+(?:to|as|with|=)\s+"), |_| true),
        // set STRIPE_API_KEY to VALUE
        (format!(r"\b{verb}\s+(?:the\s+)?[\w.-]*{NAME_ENDS}[`'\x22]?\s+(?:to|=)\s+"), is_no_switch),
        // the password for the database is VALUE
        (
            format!(r"\b{NAME_ENDS}(?:\s+(?:for|of|in|on|to)(?:\s+\S+){{1,3}})?\s+(?:is|was|=)\s*:?\s*"),
            looks_opaque,
        ),
        // secret NAME VALUE
        (r"\bsecret\s+[a-z][\w.-]*\s+".to_owned(), |value| looks_opaque(value) && !looks_like_a_name(value)),
    ];
    let made = shapes.into_iter().filter_map(|(before, is_value)| {
        let sentence = Regex::new(&format!(r"(?i){before}[`'\x22“]?(?P<value>[^\s`'\x22”]+)")).ok()?;
        Some(Shape { sentence, is_value })
    });
    made.collect()
});

/// What secrets look like, without any that is known.
static LOOKS: LazyLock<Option<Redactor>> = LazyLock::new(|| Redactor::new().ok());

/// Whether a text that somebody typed looks as if it held a secret, where no vault is at hand that knows them.
#[must_use]
pub fn looks_secret(text: &str) -> bool {
    LOOKS.as_ref().is_some_and(|looks| holds_secret(looks, text))
}

/// Whether a text that somebody wrote holds a secret: one that is known, looks like one, or is said to be one.
pub fn holds_secret(redactor: &Redactor, text: &str) -> bool {
    if matches!(redactor.redact(text), Cow::Owned(_)) {
        return true;
    }
    let found = |shape: &Shape| {
        let value = |found: Captures<'_>| {
            found.name("value").is_some_and(|value| {
                (shape.is_value)(value.as_str().trim_end_matches(['.', ',', ';', '?', ')']))
            })
        };
        shape.sentence.captures_iter(text).any(value)
    };
    SHAPES.iter().any(found)
}

/// Whether a variable of that name holds a secret, by its name.
pub(crate) fn is_named_like_a_secret(name: &str) -> bool {
    static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(&format!("(?i){NAME_ENDS}$")).ok());
    NAMED.as_ref().is_some_and(|named| named.is_match(name))
}

/// Neither a small number nor on or off.
fn is_no_switch(value: &str) -> bool {
    let number = value.len() <= NUMBER_DIGITS && value.bytes().all(|byte| byte.is_ascii_digit());
    !value.is_empty() && !number && !HARMLESS.contains(&value.to_lowercase().as_str())
}

/// Letters with digits or signs among them, as in no word; neither a version nor a run.
fn looks_opaque(value: &str) -> bool {
    let version = value.trim_start_matches('v').split('.').all(|part| part.parse::<u32>().is_ok());
    let has = |what: fn(char) -> bool| value.chars().any(what);
    let odd = has(|c| c.is_ascii_digit()) || has(|c| "!@#$%^&*+=~?".contains(c));
    value.chars().count() >= VALUE_CHARS
        && has(char::is_alphabetic)
        && odd
        && !version
        && !value.starts_with("r-")
}

/// `staging`, `prod-eu1`: how environments and services are named.
fn looks_like_a_name(value: &str) -> bool {
    let word = value.trim_end_matches(|c: char| c.is_ascii_digit());
    value.len() - word.len() <= 2
        && word.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | '_' | '/'))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_secret_among_words_is_noticed() {
        let redactor = Redactor::new().unwrap();
        for text in [
            "set secret STRIPE_SECRET_KEY to abc123def456 in staging",
            "please set the secret `SMTP_PASS` to \"hunter\"",
            "set STRIPE_SECRET_KEY to hunter2 in staging",
            "rotate secret DB_PASSWORD to Sommer2024!",
            "change the password to correcthorse",
            "set secret api_key abc123def456 staging",
            "secret STRIPE_SECRET_KEY abc123def456",
            "the password is Tr0ub4dor&3xyz",
            "btw the password for the staging db is hunter2, ok?",
            "STRIPE_SECRET_KEY=whsec_abcdef",
        ] {
            assert!(holds_secret(&redactor, text), "{text}");
        }
    }

    #[test]
    fn words_about_secrets_are_none() {
        let redactor = Redactor::new().unwrap();
        for text in [
            "set secret STRIPE_SECRET_KEY in staging",
            "set secret STRIPE_SECRET_KEY in prod-eu1",
            "set secret STRIPE_SECRET_KEY staging2",
            "secret STRIPE_KEY for production",
            "rotate STRIPE_SECRET_KEY in production",
            "the password is wrong",
            "is the token of ana expired?",
            "the secret was rotated in r-3f2ab1",
            "the api key is from v1.10.2",
            "set MAX_TOKEN to 500",
            "set use_secret to off in staging",
            "add secret STRIPE_KEY to staging",
            "deploy production ref v1.2.0",
            "what is the secret of your uptime?",
        ] {
            assert!(!holds_secret(&redactor, text), "{text}");
        }
    }
}
