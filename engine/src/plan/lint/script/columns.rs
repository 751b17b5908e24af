//! Columns as Sequelize describes them, and values that are written out.

use super::words::{Kind, Word, closing, parts};

/// Sequelize's types and the SQL they become: <https://sequelize.org/docs/v6/other-topics/other-data-types/>.
const TYPES: [(&str, &str); 22] = [
    ("TEXT", "TEXT"),
    ("CITEXT", "CITEXT"),
    ("TINYINT", "SMALLINT"),
    ("SMALLINT", "SMALLINT"),
    ("MEDIUMINT", "INTEGER"),
    ("INTEGER", "INTEGER"),
    ("BIGINT", "BIGINT"),
    ("FLOAT", "DOUBLE PRECISION"),
    ("REAL", "REAL"),
    ("DOUBLE", "DOUBLE PRECISION"),
    ("BOOLEAN", "BOOLEAN"),
    ("DATE", "TIMESTAMPTZ"),
    ("DATEONLY", "DATE"),
    ("TIME", "TIME"),
    ("UUID", "UUID"),
    ("JSON", "JSON"),
    ("JSONB", "JSONB"),
    ("BLOB", "BYTEA"),
    ("INET", "INET"),
    ("CIDR", "CIDR"),
    ("HSTORE", "HSTORE"),
    ("ENUM", "ENUMERATION"),
];
/// The length of `STRING` when none is said.
const STRING_LENGTH: &str = "255";
/// Keys of a column that say nothing about what running code can live with.
const PASSED_OVER: [&str; 7] = ["after", "first", "comment", "field", "onDelete", "onUpdate", "validate"];

/// A column.
pub(super) struct Column {
    /// Its type in SQL.
    pub(super) kind: String,
    pub(super) mandatory: bool,
    /// Its default in SQL; absent when the database has none for it.
    pub(super) default: Option<String>,
    unique: bool,
    primary: bool,
    numbered: bool,
    references: bool,
}

impl Column {
    /// As it stands behind its name.
    pub(super) fn definition(&self) -> String {
        let mut words = vec![if self.numbered { "SERIAL".to_owned() } else { self.kind.clone() }];
        words.extend(self.mandatory.then(|| "NOT NULL".to_owned()));
        words.extend(self.default.as_ref().map(|default| format!("DEFAULT {default}")));
        words.extend(self.unique.then(|| "UNIQUE".to_owned()));
        words.extend(self.primary.then(|| "PRIMARY KEY".to_owned()));
        words.extend(self.references.then(|| "REFERENCES a (a)".to_owned()));
        words.join(" ")
    }
}

/// A column's description; none when it is not all written out.
pub(super) fn column(words: &[Word]) -> Option<Column> {
    let mut column = Column {
        kind: String::new(),
        mandatory: false,
        default: None,
        unique: false,
        primary: false,
        numbered: false,
        references: false,
    };
    if !words.first()?.is('{') {
        column.kind = kind(words)?;
        return Some(column);
    }
    for (key, value) in keys(words)? {
        match key.as_str() {
            "type" => column.kind = kind(value)?,
            "allowNull" => column.mandatory = !flag(value)?,
            "defaultValue" => column.default = default(value)?.0,
            // A name of the constraint, or whom it shares it with, is a constraint too.
            "unique" => column.unique = flag(value).unwrap_or(true),
            "primaryKey" => column.primary = flag(value)?,
            "autoIncrement" => column.numbered = flag(value)?,
            "references" => column.references = true,
            key if PASSED_OVER.contains(&key) => {}
            _ => return None,
        }
    }
    (!column.kind.is_empty()).then_some(column)
}

/// `Sequelize.STRING(20)`, `DataTypes.BOOLEAN`, `'VARCHAR(20)'`.
fn kind(words: &[Word]) -> Option<String> {
    if let Some(text) = literal(words) {
        let plain = |c: char| c.is_ascii_alphanumeric() || " _(),".contains(c);
        return (!text.trim().is_empty() && text.chars().all(plain)).then_some(text);
    }
    let length = words.iter().position(|word| word.is('(')).unwrap_or(words.len());
    let (path, behind) = words.split_at(length);
    let is_path = path
        .iter()
        .enumerate()
        .all(|(at, word)| if at % 2 == 0 { word.name().is_some() } else { word.is('.') });
    let name = path.last().filter(|_| is_path)?.name()?;
    let mut numbers: Vec<String> = Vec::new();
    if !behind.is_empty() {
        // What stands behind the brackets (`.UNSIGNED`) could mean anything.
        if closing(behind, 0)? + 1 != behind.len() {
            return None;
        }
        numbers = parts(&behind[1..behind.len() - 1])
            .into_iter()
            .filter_map(|part| match part {
                [Word { kind: Kind::Number(number), .. }] => Some(number.clone()),
                _ => None,
            })
            .collect();
    }
    let first = numbers.first().map(String::as_str);
    Some(match name {
        "STRING" => format!("VARCHAR({})", first.unwrap_or(STRING_LENGTH)),
        "CHAR" => format!("CHAR({})", first.unwrap_or(STRING_LENGTH)),
        "DECIMAL" | "NUMERIC" if numbers.is_empty() => "DECIMAL".to_owned(),
        "DECIMAL" | "NUMERIC" => format!("DECIMAL({})", numbers.join(", ")),
        name => TYPES.iter().find(|(known, _)| *known == name)?.1.to_owned(),
    })
}

/// What the database fills in for a column; nothing where Sequelize does it itself.
struct Filled(Option<String>);

/// A default as the database gets it. What Sequelize fills in itself (`NOW`, `UUIDV4`), the database does not:
/// <https://github.com/sequelize/sequelize/blob/v6/src/utils.js> (`defaultValueSchemable`).
fn default(words: &[Word]) -> Option<Filled> {
    let by_database = |sql: String| Some(Filled(Some(sql)));
    match words {
        [Word { kind: Kind::Text(_), .. }] => by_database("'x'".to_owned()),
        [Word { kind: Kind::Number(number), .. }] => by_database(number.clone()),
        [minus, Word { kind: Kind::Number(number), .. }] if minus.is('-') => {
            by_database(format!("-{number}"))
        }
        [Word { kind: Kind::Name(name), .. }] => match name.as_str() {
            "true" | "false" | "null" => by_database(name.to_uppercase()),
            _ => None,
        },
        [bracket, .., last] if (bracket.is('[') || bracket.is('{')) && (last.is(']') || last.is('}')) => {
            by_database("'x'".to_owned())
        }
        words => {
            let open = words.iter().position(|word| word.is('('));
            let name = words[..open.unwrap_or(words.len())].last()?.name()?;
            let argument = match open {
                None => None,
                Some(open) => {
                    let inside = parts(&words[open + 1..closing(words, open)?]);
                    Some(literal(inside.first()?)?)
                }
            };
            match (name, argument) {
                ("NOW" | "UUIDV1" | "UUIDV4", None) => Some(Filled(None)),
                ("literal", Some(text)) => by_database(text),
                ("fn", Some(function)) => by_database(format!("{function}()")),
                _ => None,
            }
        }
    }
}

fn flag(words: &[Word]) -> Option<bool> {
    match words {
        [word] if word.is_name("true") => Some(true),
        [word] if word.is_name("false") => Some(false),
        _ => None,
    }
}

/// A text that is written out.
pub(super) fn literal(words: &[Word]) -> Option<String> {
    match words {
        [Word { kind: Kind::Text(text), .. }] => Some(text.clone()),
        _ => None,
    }
}

/// The name of a table: `'users'`, `{ tableName: 'users', schema: 'shop' }`.
pub(super) fn table(words: &[Word]) -> Option<String> {
    literal(words).or_else(|| {
        let keys = keys(words)?;
        literal(keys.iter().find(|(key, _)| key == "tableName")?.1)
    })
}

/// The keys of an object with their values; none when it is not one, or takes some from elsewhere.
pub(super) fn keys(words: &[Word]) -> Option<Vec<(String, &[Word])>> {
    if !words.first()?.is('{') || closing(words, 0)? + 1 != words.len() {
        return None;
    }
    parts(&words[1..words.len() - 1])
        .into_iter()
        .map(|part| {
            let key = match &part.first()?.kind {
                Kind::Name(name) | Kind::Text(name) => name.clone(),
                _ => return None,
            };
            match part.get(1) {
                None => Some((key, part)),
                Some(colon) if colon.is(':') => Some((key, &part[2..])),
                Some(_) => None,
            }
        })
        .collect()
}

/// A name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', ""))
}
