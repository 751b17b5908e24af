//! Breaking the glass: "deploy production, break glass: checkout is down". The reason is split off before the rest is
//! read, and goes with the request into the record.

use std::sync::LazyLock;

use regex::Regex;

static GLASS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)[\s,;.]*\bbreak(?:ing)?[ -](?:the[ -])?glass\b\s*(?::|because|-|,)?\s*(.*)$").ok()
});

/// The text without its last part, and the reason when there is one. An empty reason is kept: the policy says how long
/// one must be.
pub(super) fn split(text: &str) -> (&str, Option<String>) {
    // Hardly any text speaks of it, and this is cheaper to see.
    const WORD: &[u8] = b"glass";
    if !text.as_bytes().windows(WORD.len()).any(|part| part.eq_ignore_ascii_case(WORD)) {
        return (text, None);
    }
    let Some(found) = GLASS.as_ref().and_then(|glass| glass.captures(text)) else { return (text, None) };
    match (found.get(0), found.get(1)) {
        // Nothing before it: somebody asks what it is.
        (Some(whole), _) if whole.start() == 0 => (text, None),
        (Some(whole), reason) => (
            &text[..whole.start()],
            Some(reason.map_or(String::new(), |reason| reason.as_str().trim().to_owned())),
        ),
        (None, _) => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn the_reason_is_split_off() {
        assert_eq!(
            split("deploy production, break glass: checkout is down"),
            ("deploy production", Some("checkout is down".to_owned()))
        );
        assert_eq!(split("deploy production breaking the glass"), ("deploy production", Some(String::new())));
        assert_eq!(split("deploy staging"), ("deploy staging", None));
        assert_eq!(split("break glass"), ("break glass", None));
    }
}
