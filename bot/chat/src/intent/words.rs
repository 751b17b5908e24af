//! A text as tokens: words and the punctuation between them, read once, with each word's classes and names.

mod plain;
mod token;

use std::cell::Cell;

use super::grammar::heads::Heads;
use super::lexicon::{Class, Lexicon, look_up};
use super::markup::{MENTION, TICK};
use super::names::{Hit, Vocabulary};
use super::values::{is_clock, is_version};
use super::word_table::Print;
use plain::{is_with, letters_and_digits, trails};

pub(super) use token::{Token, Words};

/// How many tokens ahead anything is looked for, from any place. It keeps the time linear in the text, and no order people
/// type is as long.
pub(super) const REACH: usize = 64;

/// The tokens within reach.
pub(super) fn reach<'a, 't>(tokens: &'a [Token<'t>]) -> &'a [Token<'t>] {
    &tokens[..tokens.len().min(REACH)]
}

/// What kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// Somebody was addressed: `@infra-chat`, `<@U123>`.
    Mention,
    Comma,
    Colon,
    Equals,
    /// `+` and `&` between things.
    Plus,
    Dash,
    Arrow,
    Bracket,
    Semicolon,
    /// A full stop or exclamation mark.
    Stop,
    Question,
    Newline,
}

impl Kind {
    /// Whether a sentence ends here.
    pub(super) const fn ends_sentence(self) -> bool {
        matches!(self, Self::Semicolon | Self::Stop | Self::Question | Self::Newline)
    }
}

/// All classes there are among these tokens, their kinds with them.
pub(super) fn classes(tokens: &[Token<'_>]) -> Class {
    #[cfg(test)]
    for _ in tokens {
        super::growth::step();
    }
    tokens.iter().fold(Class::default(), |all, token| all.and(token.class))
}

/// What these tokens say, to be said again: nobody has to be addressed a second time.
pub(super) fn said_again<'a, 't: 'a>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'t str> + 'a {
    tokens.iter().filter(|token| token.kind != Kind::Mention).map(|token| token.raw)
}

/// The word at a place among these tokens, in lower case; empty where there is none.
#[inline]
pub(super) fn words_at<'t>(tokens: &[Token<'t>]) -> impl Fn(usize) -> &'t str + Copy {
    move |at| tokens.get(at).filter(|token| token.is_word()).map_or("", |token| token.low)
}

/// How many bytes of text make a token, mostly: words are longer, but punctuation is not.
const USUAL_TOKEN: usize = 6;

thread_local! {
    /// Memory for the tokens of the next text: to ask for so much, and to give it back, takes long.
    static SPARE: Cell<Vec<Token<'static>>> = const { Cell::new(Vec::new()) };
}

/// Memory for more tokens than this is given back.
const MOST_SPARE: usize = 512;

/// Reads a cleaned text and hands on its tokens. `low` is the same text in lower case, byte for byte.
pub(super) fn with_tokens<R>(
    clean: &str,
    low: &str,
    vocabulary: &Vocabulary,
    read: impl FnOnce(&[Token<'_>]) -> R,
) -> R {
    let mut tokens: Vec<Token<'_>> = SPARE.take();
    fill(&mut tokens, clean, low, vocabulary);
    let result = read(&tokens);
    if tokens.capacity() <= MOST_SPARE {
        tokens.clear();
        // Without any token it is as well a list of tokens of no text. Collecting keeps its memory.
        #[expect(clippy::unnecessary_filter_map, reason = "what comes out is of another lifetime")]
        let spare = tokens.into_iter().filter_map(|_| None).collect();
        SPARE.set(spare);
    }
    result
}

/// Adds the tokens of a cleaned text.
fn fill<'t>(tokens: &mut Vec<Token<'t>>, clean: &'t str, low: &'t str, vocabulary: &Vocabulary) {
    tokens.reserve(clean.len() / USUAL_TOKEN + 4);
    let lexicon = Lexicon::get();
    let is_low = std::ptr::eq(clean, low);
    let mut reader = Reader {
        clean,
        low,
        is_low,
        lexicon,
        vocabulary,
        place: 0,
        quote: 0,
        open: None,
        glued: false,
        last: None,
    };
    while let Some(byte) = low.as_bytes().get(reader.place) {
        if *byte == b' ' {
            reader.glued = false;
            reader.place += 1;
            continue;
        }
        // Most tokens: nothing is asked about them that only signs or other words need.
        if let Some(mut word) = reader.plain_word() {
            // "at 3 am", and not "I am".
            if word.low == "am" && tokens.last().is_some_and(is_hour) {
                word.class = look_up("pm").class;
            }
            tokens.push(word);
            reader.last = Some(Kind::Word);
            continue;
        }
        let Some(token) = reader.next_token() else { break };
        reader.last = Some(token.kind);
        tokens.push(token);
    }
    find_names(tokens, vocabulary);
    if vocabulary.has_us() {
        ourselves(tokens);
    }
}

/// "3", "10:30": what an hour is said in before "am".
fn is_hour(token: &Token<'_>) -> bool {
    token.is(Class::DIGIT)
        && token.low.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'))
}

/// "tell us", "deploy staging for us": those who speak, where a place has that name too.
fn ourselves(tokens: &mut [Token<'_>]) {
    const TOLD: Words = Words::of(&[
        "tell", "let", "give", "text", "show", "email", "mail", "ping", "notify", "send", "alert", "warn",
        "inform", "remind", "page", "sms", "call", "message", "help", "get", "allow", "keep",
    ]);
    let places = tokens.iter().filter(|token| token.name.is_some_and(Hit::is_place)).count();
    for at in 1..tokens.len() {
        let before = &tokens[at - 1];
        let meant = before.among(&TOLD) || places > 1 && before.any(&["for"]);
        if meant && tokens[at].any(&["us"]) {
            tokens[at].name = None;
        }
    }
}

/// Finds the names that may be of several words; those of one alone are known already.
fn find_names(tokens: &mut [Token<'_>], vocabulary: &Vocabulary) {
    let mut place = 0;
    while let Some(token) = tokens.get(place) {
        if token.name.is_some() || !token.is(Class::NAMED) || !token.is_word() {
            place += 1;
            continue;
        }
        let run = tokens[place..].iter().take_while(|token| token.is_word()).map(|token| token.low);
        let hit = vocabulary.find(run);
        let len = hit.map_or(1, Hit::len);
        // Its words are no names by themselves.
        for part in tokens.iter_mut().skip(place).take(len) {
            part.name = None;
        }
        tokens[place].name = hit;
        place += len;
    }
}

struct Reader<'t, 'v> {
    clean: &'t str,
    low: &'t str,
    /// Both are the same: there is no capital.
    is_low: bool,
    lexicon: &'static Lexicon,
    vocabulary: &'v Vocabulary,
    place: usize,
    quote: u16,
    open: Option<char>,
    glued: bool,
    /// What the last token was.
    last: Option<Kind>,
}

impl<'t> Reader<'t, '_> {
    /// The next sign, or word of more than letters and digits.
    #[inline(never)]
    fn next_token(&mut self) -> Option<Token<'t>> {
        loop {
            let byte = *self.clean.as_bytes().get(self.place)?;
            if byte == b' ' {
                self.glued = false;
                self.place += 1;
                continue;
            }
            if byte.is_ascii_alphanumeric() {
                return Some(self.word());
            }
            let rest = &self.clean[self.place..];
            let c = rest.chars().next()?;
            let next = rest[c.len_utf8()..].chars().next();
            match c {
                '\n' => return Some(self.token(Kind::Newline, 1)),
                c if c.is_whitespace() => self.skip(c),
                // NAME='say "hi"': the other mark is part of the value.
                '"' if self.open == Some('\'') => self.skip(c),
                '"' => self.toggle('"'),
                TICK => {
                    self.glued = false;
                    self.place += 1;
                }
                '\'' if self.open == Some('\'') && !next.is_some_and(char::is_alphanumeric) => {
                    self.toggle('\'');
                }
                '\'' if self.open.is_none() && (!self.glued || self.signed()) && self.closes_later() => {
                    self.toggle('\'');
                }
                ',' => return Some(self.token(Kind::Comma, 1)),
                ';' => return Some(self.token(Kind::Semicolon, 1)),
                '?' => return Some(self.token(Kind::Question, 1)),
                // "...if": the last of several belongs to no word.
                '!' | '.'
                    if !next.is_some_and(char::is_alphanumeric)
                        || trails(&self.clean[..self.place], next) =>
                {
                    return Some(self.token(Kind::Stop, 1));
                }
                ':' => return Some(self.token(Kind::Colon, 1)),
                '=' => return Some(self.token(Kind::Equals, 1)),
                // "--dry-run" is how people who know the command line say it.
                '-' if rest.starts_with("--") && rest[2..].starts_with(|c: char| c.is_alphabetic()) => {
                    self.place += 2;
                }
                '-' if next == Some('>') => return Some(self.token(Kind::Arrow, 2)),
                '-' if !next.is_some_and(char::is_alphanumeric) => return Some(self.token(Kind::Dash, 1)),
                '+' if !next.is_some_and(|c| c.is_ascii_digit()) => return Some(self.token(Kind::Plus, 1)),
                '&' => return Some(self.token(Kind::Plus, 1)),
                '(' | ')' | '[' | ']' | '{' | '}' | '|' | '<' | '>' => {
                    return Some(self.token(Kind::Bracket, 1));
                }
                '*' | '~' | '\'' | '!' => self.skip(c),
                MENTION => return Some(self.mention()),
                _ => return Some(self.word()),
            }
        }
    }

    /// Nothing stands before on this line but whom it is said to.
    fn begins(&self) -> bool {
        matches!(self.last, None | Some(Kind::Newline | Kind::Mention))
    }

    /// A sign like "=" stands right before: `NOTE='hello'`.
    fn signed(&self) -> bool {
        self.clean[..self.place].ends_with(['=', ':', '('])
    }

    fn skip(&mut self, c: char) {
        self.glued = !c.is_whitespace() && self.glued;
        self.place += c.len_utf8();
    }

    /// A quotation begins or ends here.
    fn toggle(&mut self, mark: char) {
        if self.open.take().is_none() {
            self.open = Some(mark);
            self.quote += 1;
        }
        self.glued = false;
        self.place += 1;
    }

    /// Whether a single quotation mark closes on this line, so that an apostrophe alone opens nothing.
    fn closes_later(&self) -> bool {
        /// How far to look; quotations in chat are short.
        const REACH: usize = 200;
        let rest = &self.clean.as_bytes()[self.place + 1..];
        let line = rest.iter().take(REACH).position(|byte| *byte == b'\n').unwrap_or(rest.len().min(REACH));
        rest[..line].iter().enumerate().any(|(place, byte)| {
            *byte == b'\'' && place > 0 && !rest.get(place + 1).is_some_and(u8::is_ascii_alphanumeric)
        })
    }

    #[inline]
    fn token(&mut self, kind: Kind, len: usize) -> Token<'t> {
        let at = self.place;
        self.place += len;
        let raw = &self.clean[at..self.place];
        let token = Token {
            kind,
            raw,
            low: if self.is_low { raw } else { &self.low[at..self.place] },
            beginning: 0,
            at,
            class: Class::of_kind(kind),
            heads: Heads::default(),
            quote: if self.open.is_some() { self.quote } else { 0 },
            glued: self.glued,
            name: None,
        };
        self.glued = true;
        token
    }

    fn mention(&mut self) -> Token<'t> {
        let len = self.clean[self.place..].find(char::is_whitespace).unwrap_or(self.clean.len() - self.place);
        self.token(Kind::Mention, len)
    }

    /// How many bytes of the text from here on belong to the word that begins it.
    fn word_len(&self) -> usize {
        let rest = &self.clean[self.place..];
        let mut len = 0;
        let mut url = false;
        let mut chars = rest.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let before = rest[..at].chars().next_back();
            url |= c == '/' && before == Some('/');
            let inside = match c {
                c if c.is_whitespace() => false,
                '?' | '=' | '&' | '~' if url => next.is_some_and(char::is_alphanumeric),
                '.' | '\'' | '!' => next.is_some_and(char::is_alphanumeric),
                ':' => {
                    next == Some('/') && rest[at..].starts_with("://")
                        || (before.is_some_and(|c| c.is_ascii_digit())
                            && next.is_some_and(|c| c.is_ascii_digit()))
                }
                ',' | ';' | '?' | '"' | '=' | '&' | '(' | ')' | '[' | ']' | '{' | '}' | '|' | '<' | '*'
                | '~' | '>' | MENTION | TICK => false,
                '-' if next == Some('>') => false,
                // "w/canary" is how phones write "with canary".
                '/' if at == 1 && is_with(&self.low[self.place..]) => return 2,
                '-' => next.is_some_and(|c| !c.is_whitespace()),
                '+' => {
                    next.is_none_or(|c| !c.is_alphabetic()) && before.is_some_and(|c| c.is_ascii_digit())
                        || at == 0
                        || self.is_build(at)
                }
                _ => true,
            };
            if !inside && at > 0 {
                break;
            }
            len = at + c.len_utf8();
        }
        len
    }

    /// "v1.2.0-rc.1+build5": behind a release and a plus, so far into the word here, stands which build of it, and no name.
    fn is_build(&self, plus: usize) -> bool {
        let rest = &self.low[self.place..];
        let Some((release, behind)) = rest.split_at_checked(plus) else { return false };
        let behind = &behind[1..];
        let name = behind.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        let whole = release.split('-').next().is_some_and(|core| core.split('.').count() == 3);
        whole
            && is_version(release)
            && !name.is_empty()
            && self.vocabulary.find(std::iter::once(name)).is_none()
    }

    /// The word here, when it is letters and digits between blanks, as most are.
    #[inline]
    fn plain_word(&mut self) -> Option<Token<'t>> {
        let at = self.place;
        let rest = self.low.as_bytes().get(at..)?;
        let (len, print) = letters_and_digits(rest);
        if len == 0 || !matches!(rest.get(len), None | Some(b' ' | b'\n' | b',' | b';' | b'?')) {
            return None;
        }
        let end = at + len;
        let low = self.low.get(at..end)?;
        let print = print.unwrap_or_else(|| Print::of(low));
        let known = self.lexicon.find(print, low);
        let mut class = known.class.and(const { Class::of_kind(Kind::Word).and(Class::PLAIN) });
        let mut name = None;
        if let Some(begin) = self.vocabulary.begins(print, low) {
            class = class.and(Class::NAMED);
            name = begin.alone();
        }
        if rest[0].is_ascii_digit() {
            class = class.and(Class::DIGIT);
        }
        let glued = std::mem::replace(&mut self.glued, true);
        self.place = end;
        Some(Token {
            kind: Kind::Word,
            raw: if self.is_low { low } else { self.clean.get(at..end)? },
            low,
            beginning: print.beginning(),
            at,
            class,
            heads: known.heads,
            quote: if self.open.is_some() { self.quote } else { 0 },
            glued,
            name,
        })
    }

    /// The word here, which is of more than letters and digits, or glued to something.
    fn word(&mut self) -> Token<'t> {
        let token = self.token(Kind::Word, self.word_len());
        let mut token = self.undressed(token);
        let print = Print::of(token.low);
        let known = self.lexicon.find(print, token.low);
        token.class = known.class.and(Class::of_kind(token.kind));
        if token.kind == Kind::Word {
            token.beginning = print.beginning();
        }
        token.heads = known.heads;
        if self.vocabulary.may_begin(print, token.low) {
            token.class = token.class.and(Class::NAMED);
        }
        if token.low.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            token.class = token.class.and(Class::DIGIT);
        }
        token
    }

    /// A word without the signs that are no part of it.
    fn undressed(&self, mut token: Token<'t>) -> Token<'t> {
        if token.low == "w/o" {
            token.low = "without";
            return token;
        }
        // "_canary_" is emphasis.
        let bare = token.low.trim_matches('_');
        if bare.len() < token.low.len()
            && bare.bytes().any(|byte| byte.is_ascii_lowercase())
            && !token.raw.bytes().any(|byte| byte.is_ascii_uppercase())
        {
            let skipped = token.low.len() - token.low.trim_start_matches('_').len();
            token.raw = &token.raw[skipped..skipped + bare.len()];
            token.at += skipped;
            token.low = bare;
        }
        if token.low.strip_prefix('@').is_some_and(is_clock) {
            // "@9pm" is when, and nobody's name.
            token.raw = &token.raw[1..];
            token.low = &token.low[1..];
            token.at += 1;
        } else if token.low.len() > 1 && token.low.starts_with('@') {
            token.kind = Kind::Mention;
        } else if token.low.len() > 1 && token.low.starts_with(['/', '!', '.']) && self.begins() {
            // "/deploy staging" and "!deploy staging" are how other bots are spoken to.
            token.raw = &token.raw[1..];
            token.low = &token.low[1..];
            token.at += 1;
        }
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intent::Names;

    #[track_caller]
    fn check(text: &str, words: &[&str]) {
        let low = text.to_ascii_lowercase();
        let vocabulary = Vocabulary::new(&Names::sample());
        with_tokens(text, &low, &vocabulary, |tokens| {
            assert_eq!(tokens.iter().map(|token| token.raw).collect::<Vec<_>>(), words);
        });
    }

    #[test]
    fn words_keep_what_belongs_to_them() {
        check("deploy v1.4.2, then main.", &["deploy", "v1.4.2", ",", "then", "main", "."]);
        check("canary 10/50/100 at 22:00", &["canary", "10/50/100", "at", "22:00"]);
        check("Stripe + SendGrid, a+b", &["Stripe", "+", "SendGrid", ",", "a", "+", "b"]);
        check("v1.2.0-rc.1+build5, v1.2.0+web", &["v1.2.0-rc.1+build5", ",", "v1.2.0", "+", "web"]);
        check("FOO=bar api:v1.2", &["FOO", "=", "bar", "api", ":", "v1.2"]);
        check("don't \"quote me\" 5 -> 10", &["don't", "quote", "me", "5", "->", "10"]);
        check("!deploy", &["deploy"]);
    }
}
