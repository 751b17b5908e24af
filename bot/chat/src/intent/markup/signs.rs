//! Signs and pictures that say something of the order they stand beside: no, not yet, or a question.

/// Signs that mean no, or not yet: 🚫, ⛔, ❌, ❎, ✖, ✗, ✘, ➖, 🙅, 🛑, 👎, ✋, 🤚, ⏸, ⏹, 🚧.
pub(super) const fn refuses(c: char) -> bool {
    matches!(
        c,
        '\u{1f6ab}' | '\u{26d4}' | '\u{274c}' | '\u{274e}' | '\u{2715}'
            ..='\u{2718}'
                | '\u{2796}'
                | '\u{1f645}'
                | '\u{1f6d1}'
                | '\u{1f44e}'
                | '\u{270b}'
                | '\u{1f91a}'
                | '\u{23f8}'
                | '\u{23f9}'
                | '\u{1f6a7}'
    )
}

/// Signs that ask, or doubt: ❓, ❔, ⁉, 🤔, 🤷, 🧐.
pub(super) const fn doubts(c: char) -> bool {
    matches!(c, '\u{2753}' | '\u{2754}' | '\u{2049}' | '\u{1f914}' | '\u{1f937}' | '\u{1f9d0}')
}

/// Whether an emoji of this name means no, or not yet. Each workspace adds emoji of its own, so a word of the name is enough.
pub(super) fn refuses_code(name: &str) -> bool {
    const NAMES: &[&str] =
        &["x", "-1", "raised_hand", "hand", "octagonal_sign", "ballot_x", "raised_back_of_hand"];
    const WORDS: &[&str] = &[
        "no",
        "nope",
        "nah",
        "not",
        "never",
        "negative",
        "negatory",
        "deny",
        "denied",
        "stop",
        "wait",
        "hold",
        "halt",
        "pause",
        "paused",
        "thumbsdown",
        "construction",
        "x",
        "dont",
    ];
    NAMES.contains(&name) || words(name).any(|word| WORDS.iter().any(|no| word.eq_ignore_ascii_case(no)))
}

/// Whether an emoji of this name asks, or doubts.
pub(super) fn doubts_code(name: &str) -> bool {
    const WORDS: &[&str] =
        &["question", "interrobang", "thinking", "think", "shrug", "shrugging", "doubt", "hmm", "unsure"];
    words(name).any(|word| WORDS.iter().any(|doubt| word.eq_ignore_ascii_case(doubt)))
}

fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split(['_', '-'])
}

/// What was heard of signs.
#[derive(Debug)]
pub(super) struct Signs {
    /// What is written in the place of an emoji.
    blank: char,
    /// There was one that means no.
    pub(super) refused: bool,
    /// There was one that asks.
    pub(super) doubted: bool,
    /// An emoji stood between two words of a line.
    pub(super) between: bool,
    /// A word stands on this line.
    word: bool,
    /// An emoji stands behind it.
    behind: bool,
    /// How much of the text was looked through for quotation marks, each byte once.
    looked: usize,
    quoted: bool,
}

impl Signs {
    pub(super) const fn new(blank: char) -> Self {
        Self {
            blank,
            refused: false,
            doubted: false,
            between: false,
            word: false,
            behind: false,
            looked: 0,
            quoted: false,
        }
    }

    /// Another line begins.
    pub(super) const fn begin(&mut self) {
        (self.word, self.behind) = (false, false);
    }

    /// This stands on the line, too.
    pub(super) fn goes_on(&mut self, plain: &str) {
        let word = plain.bytes().any(|byte| byte.is_ascii_alphanumeric());
        self.between |= self.behind && word;
        self.word |= word;
    }

    /// An emoji stands behind this.
    pub(super) fn emoji(&mut self, before: &mut String) {
        self.behind |= self.word;
        before.push(self.blank);
    }

    /// An emoji of this name stands behind this.
    pub(super) fn code(&mut self, name: &str, before: &mut String) {
        if refuses_code(name) {
            self.refuse(before);
        }
        if doubts_code(name) {
            self.doubt(before);
        }
        self.emoji(before);
    }

    /// A sign that means no stands behind this.
    pub(super) fn refuse(&mut self, before: &str) {
        self.refused |= !self.in_quotation(before);
    }

    /// A sign that asks stands behind this.
    pub(super) fn doubt(&mut self, before: &str) {
        self.doubted |= !self.in_quotation(before);
    }

    /// What stands behind this stands in a quotation, where a sign means nothing.
    fn in_quotation(&mut self, before: &str) -> bool {
        for byte in before.as_bytes()[self.looked.min(before.len())..].iter().copied() {
            self.quoted = byte != b'\n' && self.quoted != (byte == b'"');
        }
        self.looked = before.len();
        self.quoted
    }
}
