//! JavaScript and TypeScript as words, as far as reading a migration needs them: names, texts, signs. Comments fall away.

/// A word and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) at: usize,
    pub(super) end: usize,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name(String),
    /// A text whose every character is known.
    Text(String),
    /// A number.
    Number(String),
    /// Something whose value only running it tells: a text with something filled in, a pattern.
    Opaque,
    /// Any other character.
    Sign(char),
}

impl Word {
    pub(super) fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }

    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        self.name() == Some(name)
    }
}

/// The words of a text; none when it ends in the middle of one.
pub(super) fn words(text: &str) -> Option<Vec<Word>> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut words: Vec<Word> = Vec::new();
    let mut i = 0;
    while let Some(&(at, c)) = chars.get(i) {
        let next = chars.get(i + 1).map(|(_, c)| *c);
        if c.is_whitespace() {
            i += 1;
            continue;
        }
        if c == '/' && next == Some('/') {
            while chars.get(i).is_some_and(|(_, c)| *c != '\n') {
                i += 1;
            }
            continue;
        }
        if c == '/' && next == Some('*') {
            i += 2;
            while chars.get(i)?.1 != '*' || chars.get(i + 1)?.1 != '/' {
                i += 1;
            }
            i += 2;
            continue;
        }
        let kind = if c == '\'' || c == '"' || c == '`' {
            quoted(&chars, &mut i, c)?
        } else if c == '/' && begins_pattern(words.last()) {
            pattern(&chars, &mut i)?
        } else if c.is_alphabetic() || c == '_' || c == '$' {
            Kind::Name(taken(&chars, &mut i, |c| c.is_alphanumeric() || c == '_' || c == '$'))
        } else if c.is_ascii_digit() {
            Kind::Number(taken(&chars, &mut i, |c| c.is_alphanumeric() || c == '.' || c == '_'))
        } else {
            i += 1;
            Kind::Sign(c)
        };
        let end = chars.get(i).map_or(text.len(), |(at, _)| *at);
        words.push(Word { kind, at, end });
    }
    Some(words)
}

fn taken(chars: &[(usize, char)], i: &mut usize, belongs: impl Fn(char) -> bool) -> String {
    let begin = *i;
    while chars.get(*i).is_some_and(|(_, c)| belongs(*c)) {
        *i += 1;
    }
    chars[begin..*i].iter().map(|(_, c)| *c).collect()
}

/// A text in quotes; `i` stands at the first of them, and behind the last afterwards.
fn quoted(chars: &[(usize, char)], i: &mut usize, quote: char) -> Option<Kind> {
    let mut text = String::new();
    let mut opaque = false;
    *i += 1;
    loop {
        let c = chars.get(*i)?.1;
        *i += 1;
        match c {
            '\\' => {
                let escaped = chars.get(*i)?.1;
                *i += 1;
                match escaped {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    '\n' => {}
                    'u' | 'x' => opaque = true,
                    other => text.push(other),
                }
            }
            '$' if quote == '`' && chars.get(*i).is_some_and(|(_, c)| *c == '{') => {
                opaque = true;
                *i += 1;
                filled_in(chars, i)?;
            }
            '\n' if quote != '`' => return None,
            c if c == quote => {
                return Some(if opaque { Kind::Opaque } else { Kind::Text(text) });
            }
            c => text.push(c),
        }
    }
}

/// Passes what is filled into a text, whose end is its closing bracket.
fn filled_in(chars: &[(usize, char)], i: &mut usize) -> Option<()> {
    let mut depth = 1;
    while depth > 0 {
        let c = chars.get(*i)?.1;
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            '\'' | '"' | '`' => {
                quoted(chars, i, c)?;
                continue;
            }
            _ => {}
        }
        *i += 1;
    }
    Some(())
}

/// Whether a `/` begins a pattern there, and does not divide.
fn begins_pattern(before: Option<&Word>) -> bool {
    match before.map(|word| &word.kind) {
        None => true,
        Some(Kind::Sign(sign)) => !matches!(sign, ')' | ']' | '}'),
        Some(Kind::Name(name)) => name == "return",
        Some(_) => false,
    }
}

fn pattern(chars: &[(usize, char)], i: &mut usize) -> Option<Kind> {
    let mut in_class = false;
    *i += 1;
    loop {
        let c = chars.get(*i)?.1;
        *i += 1;
        match c {
            '\\' => *i += 1,
            '[' => in_class = true,
            ']' => in_class = false,
            '\n' => return None,
            '/' if !in_class => {
                taken(chars, i, char::is_alphanumeric);
                return Some(Kind::Opaque);
            }
            _ => {}
        }
    }
}

/// Where the bracket at `open` is closed.
pub(super) fn closing(words: &[Word], open: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, word) in words.iter().enumerate().skip(open) {
        match word.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

/// The parts between commas that stand in no bracket; nothing behind a last comma.
pub(super) fn parts(words: &[Word]) -> Vec<&[Word]> {
    let mut parts = Vec::new();
    let (mut begin, mut depth) = (0, 0_usize);
    for (at, word) in words.iter().enumerate() {
        match word.kind {
            Kind::Sign('(' | '[' | '{') => depth += 1,
            Kind::Sign(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Sign(',') if depth == 0 => {
                parts.push(&words[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if begin < words.len() {
        parts.push(&words[begin..]);
    }
    parts
}
