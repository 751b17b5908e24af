//! Answers in a sign: a raised thumb, a cross, a number on a key.

/// What somebody says with nothing but a sign, as people send it or as a front writes it.
pub(crate) fn in_words(said: &str) -> Option<&'static str> {
    /// A number on a key is a digit with these behind it.
    const KEY: [char; 2] = ['\u{fe0f}', '\u{20e3}'];
    /// Skin tones change nothing.
    const TONES: std::ops::RangeInclusive<char> = '\u{1f3fb}'..='\u{1f3ff}';
    let on_key = said.contains('\u{20e3}');
    let bare: String =
        said.chars().filter(|c| !c.is_whitespace() && !KEY.contains(c) && !TONES.contains(c)).collect();
    Some(match bare.as_str() {
        "\u{1f44d}" | "\u{2705}" | "\u{2611}" | "\u{2714}" | "\u{1f44c}" | "\u{1f197}" | ":+1:"
        | ":thumbsup:" | ":white_check_mark:" | ":heavy_check_mark:" | ":ok_hand:" | ":ok:" => "yes",
        "\u{1f44e}" | ":-1:" | ":thumbsdown:" => "no",
        "\u{274c}" | "\u{2716}" | "\u{1f6ab}" | "\u{1f6d1}" | ":x:" | ":no_entry_sign:"
        | ":octagonal_sign:" => "never mind",
        "1" if on_key => "1",
        "2" if on_key => "2",
        "3" if on_key => "3",
        "4" if on_key => "4",
        "5" if on_key => "5",
        "6" if on_key => "6",
        "7" if on_key => "7",
        "8" if on_key => "8",
        "9" if on_key => "9",
        ":one:" => "1",
        ":two:" => "2",
        ":three:" => "3",
        ":four:" => "4",
        ":five:" => "5",
        ":six:" => "6",
        ":seven:" => "7",
        ":eight:" => "8",
        ":nine:" => "9",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn signs_are_read() {
        for (said, words) in [
            ("\u{1f44d}", Some("yes")),
            ("\u{1f44d}\u{1f3fd}", Some("yes")),
            ("2\u{fe0f}\u{20e3}", Some("2")),
            (" :two: ", Some("2")),
            ("\u{274c}", Some("never mind")),
            ("\u{1f44e}", Some("no")),
            ("\u{1f680}", None),
            ("2", None),
            ("staging \u{1f44d}", None),
        ] {
            assert_eq!(in_words(said), words, "{said}");
        }
    }
}
