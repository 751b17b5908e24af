//! Calls of the query interface as the SQL they stand for.

use super::columns::{Column, column, keys, literal, quoted, table};
use super::unread;
use super::words::{Kind, Word};
use crate::model::Dialect;
use crate::plan::lint::text::{parsed, statements};
use crate::plan::lint::{Effect, Piece, Read, Said};

/// Calls that only read, or add what nobody has to know.
const HARMLESS: [&str; 14] = [
    "bulkInsert",
    "insert",
    "removeIndex",
    "removeConstraint",
    "createSchema",
    "createFunction",
    "addFunction",
    "describeTable",
    "showAllTables",
    "showAllSchemas",
    "showIndex",
    "tableExists",
    "getForeignKeysForTables",
    "sequelize.authenticate",
];
/// What calls do whose arguments could not be read.
const BY_NAME: [(&str, &str, Effect); 9] = [
    ("removeColumn", "drops a column", Effect::Breaks),
    ("renameColumn", "renames a column", Effect::Breaks),
    ("dropTable", "drops a table", Effect::Breaks),
    ("dropAllTables", "drops every table", Effect::Breaks),
    ("dropSchema", "drops a schema", Effect::Breaks),
    ("dropAllSchemas", "drops every schema", Effect::Breaks),
    ("renameTable", "renames a table", Effect::Breaks),
    ("changeColumn", "changes a column", Effect::Breaks),
    ("addIndex", "builds an index", Effect::Locks),
];

/// What a call means; `shown` is how it stands in the file.
pub(super) fn read(method: &str, arguments: &[&[Word]], shown: &str, dialect: Dialect) -> Vec<Piece> {
    let piece = |read| Piece { shown: shown.to_owned(), read };
    if HARMLESS.contains(&method) {
        return vec![piece(Read::Said(Vec::new()))];
    }
    if let Some(sql) = sql(method, arguments, dialect) {
        let read: Option<Vec<_>> = sql.iter().map(|sql| parsed(sql, dialect).ok()).collect();
        if let Some(read) = read {
            return read.into_iter().map(|statement| piece(Read::Statement(Box::new(statement)))).collect();
        }
        if method == "sequelize.query" {
            let words = |sql: String| match parsed(&sql, dialect) {
                Ok(statement) => piece(Read::Statement(Box::new(statement))),
                Err(why) => Piece { shown: sql, read: Read::Words(why) },
            };
            return sql.into_iter().map(words).collect();
        }
    }
    let by_name = BY_NAME.iter().find(|(name, _, _)| *name == method).map(|(_, does, effect)| Said {
        effect: *effect,
        does: (*does).to_owned(),
        why: "its name says so; what it is called with could not be read".to_owned(),
        instead: "look at it yourself before you say yes".to_owned(),
    });
    match by_name {
        Some(said) => vec![piece(Read::Said(vec![said]))],
        None => vec![unread(
            shown.to_owned(),
            &format!("calls {method}, which can't be read"),
            "what it comes to is only known when it runs",
        )],
    }
}

/// The statements a call stands for, as far as they matter; none when its arguments are not written out.
fn sql(method: &str, arguments: &[&[Word]], dialect: Dialect) -> Option<Vec<String>> {
    let name = |at: usize| literal(arguments.get(at)?).map(|name| quoted(&name));
    if method == "sequelize.query" {
        return statements(&literal(arguments.first()?)?, dialect).ok().filter(|all| !all.is_empty());
    }
    let table = || arguments.first().and_then(|words| table(words)).map(|name| quoted(&name));
    Some(match method {
        "createTable" => vec![created(&table()?, arguments.get(1)?)?],
        "dropTable" => vec![format!("DROP TABLE {}", table()?)],
        "renameTable" => vec![format!("ALTER TABLE {} RENAME TO {}", table()?, name(1)?)],
        "removeColumn" => vec![format!("ALTER TABLE {} DROP COLUMN {}", table()?, name(1)?)],
        "renameColumn" => {
            vec![format!("ALTER TABLE {} RENAME COLUMN {} TO {}", table()?, name(1)?, name(2)?)]
        }
        "addColumn" => {
            let definition = column(arguments.get(2)?)?.definition();
            vec![format!("ALTER TABLE {} ADD COLUMN {} {definition}", table()?, name(1)?)]
        }
        "changeColumn" => changed(&table()?, &name(1)?, &column(arguments.get(2)?)?),
        "addIndex" => vec![index(&table()?, &arguments[1..])],
        "addConstraint" => vec![constraint(&table()?, &arguments[1..])?],
        "bulkUpdate" => vec![format!("UPDATE {} SET a = 1{}", table()?, condition(arguments.get(2)))],
        "bulkDelete" => vec![format!("DELETE FROM {}{}", table()?, condition(arguments.get(1)))],
        _ => return None,
    })
}

/// Sequelize leaves a table alone that is there: <https://sequelize.org/api/v6/class/src/dialects/abstract/query-interface.js~queryinterface#instance-method-createTable>
fn created(table: &str, attributes: &[Word]) -> Option<String> {
    let mut columns: Vec<String> = Vec::new();
    for (name, value) in keys(attributes)? {
        // A column nobody can read is left out of what is known; the table is new all the same.
        if let Some(column) = column(value) {
            columns.push(format!("{} {}", quoted(&name), column.definition()));
        }
    }
    if columns.is_empty() {
        columns.push("\"?\" TEXT".to_owned());
    }
    Some(format!("CREATE TABLE IF NOT EXISTS {table} ({})", columns.join(", ")))
}

/// What is not said anew of a column is taken away: its default, and that it must have a value.
fn changed(table: &str, name: &str, column: &Column) -> Vec<String> {
    let mut operations = vec![format!("{} NOT NULL", if column.mandatory { "SET" } else { "DROP" })];
    operations.push(match &column.default {
        Some(default) => format!("SET DEFAULT {default}"),
        None => "DROP DEFAULT".to_owned(),
    });
    operations.push(format!("TYPE {}", column.kind));
    let alter = |operation: String| format!("ALTER TABLE {table} ALTER COLUMN {name} {operation}");
    operations.into_iter().map(alter).collect()
}

fn index(table: &str, options: &[&[Word]]) -> String {
    let has = |key: &str| {
        options.iter().any(|option| {
            option
                .windows(3)
                .any(|words| words[0].is_name(key) && words[1].is(':') && words[2].is_name("true"))
        })
    };
    let (unique, concurrently) = (has("unique"), has("concurrently"));
    let unique = if unique { "UNIQUE " } else { "" };
    let concurrently = if concurrently { "CONCURRENTLY " } else { "" };
    format!("CREATE {unique}INDEX {concurrently}a ON {table} (a)")
}

/// Of version 5 the fields stand apart from the options, later they are among them.
fn constraint(table: &str, arguments: &[&[Word]]) -> Option<String> {
    let options = arguments.iter().rev().find_map(|words| keys(words))?;
    let kind = options.iter().find(|(key, _)| key == "type").and_then(|(_, value)| literal(value))?;
    let constraint = match kind.to_ascii_lowercase().as_str() {
        "unique" => "UNIQUE (a)",
        "check" => "CHECK (a > 0)",
        "primary key" => "PRIMARY KEY (a)",
        "foreign key" => "FOREIGN KEY (a) REFERENCES b (a)",
        _ => return None,
    };
    Some(format!("ALTER TABLE {table} ADD CONSTRAINT a {constraint}"))
}

/// The condition of a change of rows; what is not written out may be any.
fn condition(where_clause: Option<&&[Word]>) -> &'static str {
    let every_row = where_clause.is_none_or(|words| {
        keys(words).is_some_and(|keys| keys.is_empty())
            || matches!(words, [Word { kind: Kind::Name(name), .. }] if name == "null" || name == "undefined")
    });
    if every_row { "" } else { " WHERE a = 1" }
}
