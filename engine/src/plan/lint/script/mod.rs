//! Reads a migration that is a script with Sequelize's query interface: each call whose arguments are written out becomes the
//! SQL it stands for, and is judged like that. Whatever else the script does is said to be unread; nothing is passed over.
//! <https://sequelize.org/docs/v6/other-topics/query-interface/>

mod calls;
mod columns;
#[cfg(test)]
mod tests;
mod words;

use words::{Kind, Word, closing, parts, words};

use super::{Effect, Piece, Read, Said};
use crate::model::Dialect;

/// Names that mean nothing by themselves.
const HARMLESS: [&str; 24] = [
    "async",
    "await",
    "return",
    "try",
    "catch",
    "finally",
    "throw",
    "const",
    "let",
    "var",
    "new",
    "void",
    "Promise",
    "all",
    "then",
    "commit",
    "rollback",
    "error",
    "err",
    "e",
    "undefined",
    "null",
    "true",
    "false",
];
/// The longest way from the parameters of a function to its body, in words: a type stands between them.
const TYPE_MAX: usize = 12;

/// What a script does when it migrates, piece by piece.
pub(super) fn pieces(text: &str, dialect: Dialect) -> Vec<Piece> {
    let whole = |why: &str| vec![unread("the file".to_owned(), "can't be read", why)];
    let Some(words) = words(text) else { return whole("its text ends in the middle of a word") };
    let Some(up) = Up::of(&words) else { return whole("it has no function `up` that could be found") };
    let mut reader = Reader {
        text,
        dialect,
        interface: up.interface,
        harmless: Vec::new(),
        found: Vec::new(),
        strange: None,
    };
    reader.walk(up.body);
    let Reader { mut found, strange, .. } = reader;
    if let Some(at) = strange {
        found.push(unread(
            line_at(text, at),
            "does more than can be read",
            "what this line and those around it come to is only known when they run",
        ));
    }
    found
}

fn unread(shown: String, does: &str, why: &str) -> Piece {
    let said = Said {
        effect: Effect::Unread,
        does: does.to_owned(),
        why: format!("{why}, and nobody knows whether the running release can live with it"),
        instead: "look at it yourself before you say yes".to_owned(),
    };
    Piece { shown, read: Read::Said(vec![said]) }
}

/// The line at a place, without what stands around it.
fn line_at(text: &str, at: usize) -> String {
    let begin = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    text[begin..end].trim().to_owned()
}

/// The function that migrates.
struct Up<'w> {
    /// What it calls the query interface.
    interface: String,
    body: &'w [Word],
}

impl<'w> Up<'w> {
    fn of(words: &'w [Word]) -> Option<Self> {
        (0..words.len()).filter(|at| is_up(words, *at)).find_map(|at| Self::at(words, at + 1))
    }

    /// The function whose name ends before `next`: `up(…) {`, `up: async (…) => {`, `up = async function (…) {`.
    fn at(words: &'w [Word], next: usize) -> Option<Self> {
        let mut at = next;
        let is_arrow = |at: usize| words.get(at + 1).is_some_and(|word| word.is('>'));
        if words.get(at)?.is(':') && words.get(at + 2)?.is('=') && !is_arrow(at + 2) {
            // `up: Migration = …`
            at += 2;
        }
        if words.get(at)?.is(':') || words.get(at)?.is('=') {
            at += 1;
            while words.get(at).and_then(Word::name).is_some_and(|name| name == "async" || name == "function")
            {
                at += 1;
            }
            // A function may have a name of its own; a single parameter stands without brackets.
            if words.get(at)?.name().is_some() && words.get(at + 1)?.is('(') {
                at += 1;
            }
        }
        let (interface, mut at) = if words.get(at)?.is('(') {
            let close = closing(words, at)?;
            (interface(&words[at + 1..close])?, close + 1)
        } else {
            (words.get(at)?.name()?.to_owned(), at + 1)
        };
        let most = at + TYPE_MAX;
        while at < most {
            if words.get(at)?.is('{') {
                let close = closing(words, at)?;
                return Some(Self { interface, body: &words[at + 1..close] });
            }
            if words.get(at)?.is('=') && words.get(at + 1)?.is('>') {
                let begin = at + 2;
                if words.get(begin)?.is('{') {
                    let close = closing(words, begin)?;
                    return Some(Self { interface, body: &words[begin + 1..close] });
                }
                // An expression ends where what it stands in goes on.
                let rest = &words[begin..];
                let mut depth = 0_usize;
                let ends = |word: &Word| match word.kind {
                    Kind::Sign('(' | '[' | '{') => {
                        depth += 1;
                        false
                    }
                    Kind::Sign(')' | ']' | '}') if depth > 0 => {
                        depth -= 1;
                        false
                    }
                    Kind::Sign(')' | ']' | '}' | ',' | ';') => depth == 0,
                    _ => false,
                };
                let end = rest.iter().position(ends).unwrap_or(rest.len());
                return Some(Self { interface, body: &rest[..end] });
            }
            // `up(x);` calls it.
            if matches!(words.get(at)?.kind, Kind::Sign(';' | ',' | ')' | '}')) {
                return None;
            }
            at += 1;
        }
        None
    }
}

/// Whether the function `up` may begin there.
fn is_up(words: &[Word], at: usize) -> bool {
    let is_named = words[at].is_name("up") || words[at].kind == Kind::Text("up".to_owned());
    let before = at.checked_sub(1).map(|before| &words[before]);
    let of_exports = at >= 2 && words[at - 2].is_name("exports");
    is_named
        && (of_exports || !before.is_some_and(|before| before.is('.')))
        && words.get(at + 1).is_some_and(|next| next.is('(') || next.is(':') || next.is('='))
}

/// What the first parameter calls the query interface: `queryInterface`, `{ context: queryInterface }`.
fn interface(parameters: &[Word]) -> Option<String> {
    let first = *parts(parameters).first()?;
    if !first.first()?.is('{') {
        return first.first()?.name().map(ToOwned::to_owned);
    }
    let close = closing(first, 0)?;
    parts(&first[1..close]).into_iter().find_map(|part| {
        let key = part.first()?.name()?;
        let renamed = part.get(1).filter(|word| word.is(':')).and_then(|_| part.get(2)?.name());
        (key == "context" || key == "queryInterface").then(|| renamed.unwrap_or(key).to_owned())
    })
}

struct Reader<'t> {
    text: &'t str,
    dialect: Dialect,
    interface: String,
    /// Names of transactions.
    harmless: Vec<String>,
    found: Vec<Piece>,
    /// Where the first thing stands that could not be read.
    strange: Option<usize>,
}

impl Reader<'_> {
    fn walk(&mut self, words: &[Word]) {
        let mut at = 0;
        while at < words.len() {
            at += self.one(words, at);
        }
    }

    /// Reads what begins there, and says how many words that were.
    fn one(&mut self, words: &[Word], at: usize) -> usize {
        let Some(name) = words[at].name() else { return 1 };
        let is_member = at > 0 && words[at - 1].is('.');
        if name == self.interface && !is_member {
            return self.of_interface(words, at).unwrap_or_else(|| self.is_strange(&words[at]));
        }
        if let ("const" | "let" | "var", Some(local)) = (name, words.get(at + 1).and_then(Word::name)) {
            // `const transaction = await queryInterface.sequelize.transaction()`
            let call: Vec<&str> = words[at + 2..].iter().take(7).filter_map(Word::name).collect();
            let whole = ["await", self.interface.as_str(), "sequelize", "transaction"];
            if call == whole || call == whole[1..] {
                self.harmless.push(local.to_owned());
                return 2;
            }
        }
        if !HARMLESS.contains(&name) && !self.harmless.iter().any(|harmless| harmless == name) {
            return self.is_strange(&words[at]);
        }
        1
    }

    fn is_strange(&mut self, word: &Word) -> usize {
        self.strange.get_or_insert(word.at);
        1
    }

    /// `queryInterface.addColumn(…)`, `queryInterface.sequelize.query(…)`; none when it is used in another way.
    fn of_interface(&mut self, words: &[Word], at: usize) -> Option<usize> {
        if !words.get(at + 1)?.is('.') {
            return None;
        }
        let mut method_at = at + 2;
        let below = words.get(method_at)?.is_name("sequelize");
        if below {
            if !words.get(method_at + 1)?.is('.') {
                return None;
            }
            method_at += 2;
        }
        let method = words.get(method_at)?.name()?;
        let open = method_at + 1;
        if !words.get(open)?.is('(') {
            return None;
        }
        let close = closing(words, open)?;
        let inside = &words[open + 1..close];
        if below && method == "transaction" {
            // What the function in it calls the transaction means nothing by itself.
            let arrow = inside.windows(2).position(|pair| pair[0].is('=') && pair[1].is('>'));
            let names = inside[..arrow.unwrap_or_default()].iter().filter_map(Word::name);
            self.harmless.extend(names.map(ToOwned::to_owned));
            self.walk(inside);
        } else {
            let source = &self.text[words[method_at].at..words[close].end];
            let shown = source.split_whitespace().collect::<Vec<_>>().join(" ");
            let arguments = parts(inside);
            let method = if below { format!("sequelize.{method}") } else { method.to_owned() };
            self.found.extend(calls::read(&method, &arguments, &shown, self.dialect));
        }
        Some(close + 1 - at)
    }
}
