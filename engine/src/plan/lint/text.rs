//! Migration files as single statements: told apart by their words, so that a `;` in a string, a comment, a dollar-quoted
//! body or a trigger ends nothing.

use sqlparser::ast::Statement;
use sqlparser::dialect::{self, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::PARSED_MAX;
use crate::model::Dialect;

fn grammar(dialect: Dialect) -> Box<dyn dialect::Dialect> {
    match dialect {
        Dialect::Postgres => Box::new(PostgreSqlDialect {}),
        Dialect::Mysql => Box::new(MySqlDialect {}),
        Dialect::Sqlite => Box::new(SQLiteDialect {}),
    }
}

/// The statements of a file, each on one line and without comments; an error says why its words can't be told apart.
pub fn statements(sql: &str, dialect: Dialect) -> Result<Vec<String>, String> {
    let grammar = grammar(dialect);
    let tokens = Tokenizer::new(grammar.as_ref(), sql)
        .with_unescape(false)
        .tokenize()
        .map_err(|error| error.to_string())?;
    let mut statements = Vec::new();
    let mut current = Current::default();
    for token in tokens {
        match token {
            Token::SemiColon if current.depth == 0 => statements.push(std::mem::take(&mut current).text),
            Token::Whitespace(_) => current.blank(),
            token => current.push(&token),
        }
    }
    statements.push(current.text);
    statements.retain(|statement| !statement.trim().is_empty());
    Ok(statements.into_iter().map(|statement| statement.trim().to_owned()).collect())
}

/// Parses one statement; an error says where it could not be read.
pub(super) fn parsed(statement: &str, dialect: Dialect) -> Result<Statement, String> {
    if statement.len() > PARSED_MAX {
        return Err("it is very long".to_owned());
    }
    let mut read =
        Parser::parse_sql(grammar(dialect).as_ref(), statement).map_err(|error| error.to_string())?;
    if read.len() == 1 { Ok(read.remove(0)) } else { Err("it is not one statement".to_owned()) }
}

/// A statement as far as it has been read.
#[derive(Default)]
struct Current {
    text: String,
    /// Words so far, until it is known whether it has a body.
    words: Vec<String>,
    /// `BEGIN`s and `CASE`s of its body that are open.
    depth: usize,
    /// The word before was this `END`.
    ended: bool,
}

/// How many words are looked at for what is created: `CREATE OR REPLACE TEMPORARY TRIGGER`.
const WORDS_LOOKED_AT: usize = 8;

impl Current {
    fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with(' ') {
            self.text.push(' ');
        }
    }

    fn push(&mut self, token: &Token) {
        if let Token::Word(word) = token
            && word.quote_style.is_none()
        {
            self.word(&word.value.to_ascii_uppercase());
        } else {
            self.ended = false;
        }
        self.text.push_str(&token.to_string());
    }

    /// Follows the blocks of a body: only what creates something with a body has one.
    fn word(&mut self, word: &str) {
        let after_end = std::mem::take(&mut self.ended);
        match word {
            "BEGIN" | "CASE" if self.has_body() && !after_end => self.depth += 1,
            "END" if self.depth > 0 => {
                self.depth -= 1;
                self.ended = true;
            }
            // `END IF` ends what did not count.
            "IF" | "LOOP" | "WHILE" | "REPEAT" if after_end => self.depth += 1,
            _ => {}
        }
        if self.words.len() < WORDS_LOOKED_AT {
            self.words.push(word.to_owned());
        }
    }

    fn has_body(&self) -> bool {
        let creates = self.words.first().is_some_and(|word| word == "CREATE");
        creates
            && self
                .words
                .iter()
                .any(|word| matches!(word.as_str(), "TRIGGER" | "FUNCTION" | "PROCEDURE" | "EVENT"))
    }
}

/// At most so many characters of a text; what was left out is said.
pub fn shortened(text: &str, most: usize) -> String {
    let characters = text.chars().count();
    if characters <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most).collect();
    format!("{}… ({} more characters)", kept.trim_end(), characters - most)
}
