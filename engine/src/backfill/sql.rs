//! A job that is declared in SQL: which rows, by which key, and what is set in them. Read whole before anything is run: what comes of
//! it is one `UPDATE` of one table, whatever its parts say.

use serde::{Deserialize, Serialize};
use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, Ident, ObjectName, SetExpr, Statement, TableFactor,
};
use sqlparser::dialect::{self, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

use crate::model::{Dialect, SqlJob};

/// What a declared job does, part by part, each as it is written into statements: without comments, and complete in itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// Whose SQL it is.
    pub dialect: Dialect,
    /// The table, quoted where it was.
    pub table: String,
    /// The table as the database's catalogue has it.
    pub table_name: String,
    /// Which of its rows; absent means all of them.
    pub condition: Option<String>,
    /// The column of its key, quoted where it was.
    pub key: String,
    /// That column as the database's catalogue has it.
    pub key_name: String,
    /// What is set.
    pub columns: Vec<FillColumn>,
}

/// A column and what it is set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillColumn {
    /// The column, quoted where it was.
    pub column: String,
    /// The column as the database's catalogue has it.
    pub name: String,
    /// The expression.
    pub value: String,
}

/// What is wrong with a declared job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{part}` {says}")]
pub struct FillFault {
    /// The key it stands under: `rows`, `key` or `set`.
    pub part: &'static str,
    /// What is wrong, as the rest of a sentence about it.
    pub says: String,
}

impl Fill {
    /// Reads a job for a database that speaks so.
    pub fn read(job: &SqlJob, dialect: Dialect) -> Result<Self, FillFault> {
        for (part, text) in [("rows", &job.rows), ("key", &job.key), ("set", &job.set)] {
            without_parameters(part, text, dialect)?;
        }
        let (table, condition) = rows(&job.rows, dialect)?;
        let key = key(&job.key, dialect)?;
        let assigned = assigned(&job.set, &table, dialect)?;
        let mut columns: Vec<FillColumn> = Vec::with_capacity(assigned.len());
        for Assignment { target, value } in &assigned {
            let fault = |says: String| FillFault { part: "set", says };
            let AssignmentTarget::ColumnName(name) = target else {
                return Err(fault(format!("sets several columns at once in {target}; set each by itself")));
            };
            let column = only(name).ok_or_else(|| fault(format!("must set columns, and {name} is none")))?;
            let name = known_as(column, dialect);
            if name == known_as(&key, dialect) {
                return Err(fault(format!("changes {column}, the key by which the rows are found")));
            }
            if columns.iter().any(|earlier| earlier.name == name) {
                return Err(fault(format!("sets {column} twice")));
            }
            if matches!(value, Expr::Identifier(word) if word.value.eq_ignore_ascii_case("default")) {
                return Err(fault(format!("sets {column} to its default; write the value out")));
            }
            columns.push(FillColumn { column: column.to_string(), name, value: value.to_string() });
        }
        let table_name = only(&table).map_or_else(|| table.to_string(), |one| known_as(one, dialect));
        Ok(Self {
            dialect,
            table: table.to_string(),
            table_name,
            condition: condition.map(|it| it.to_string()),
            key: key.to_string(),
            key_name: known_as(&key, dialect),
            columns,
        })
    }

    /// The statement that a batch is made by, without the keys of the batch.
    pub fn statement(&self) -> String {
        let condition = self.condition.as_ref().map(|it| format!(" WHERE {it}")).unwrap_or_default();
        format!("UPDATE {} SET {}{condition}", self.table, self.assignments())
    }

    /// What is set, as it stands behind `SET`.
    pub fn assignments(&self) -> String {
        let each = self.columns.iter().map(|it| format!("{} = {}", it.column, it.value));
        each.collect::<Vec<_>>().join(", ")
    }
}

fn grammar(dialect: Dialect) -> Box<dyn dialect::Dialect> {
    match dialect {
        Dialect::Postgres => Box::new(PostgreSqlDialect {}),
        Dialect::Mysql => Box::new(MySqlDialect {}),
        Dialect::Sqlite => Box::new(SQLiteDialect {}),
    }
}

fn parsed(part: &'static str, sql: &str, dialect: Dialect) -> Result<Statement, FillFault> {
    let fault = |says: String| FillFault { part, says };
    let mut read = Parser::parse_sql(grammar(dialect).as_ref(), sql).map_err(|error| {
        let error = error.to_string();
        fault(format!("can't be read as SQL: {}", error.trim_start_matches("sql parser error: ")))
    })?;
    match read.pop() {
        Some(one) if read.is_empty() => Ok(one),
        _ => Err(fault("must be a part of one statement, and has a `;` and another behind it".to_owned())),
    }
}

/// Parameters are ours alone: the cursor, the keys, how many.
fn without_parameters(part: &'static str, text: &str, dialect: Dialect) -> Result<(), FillFault> {
    let fault = |says: String| FillFault { part, says };
    let tokens = Tokenizer::new(grammar(dialect).as_ref(), text)
        .tokenize()
        .map_err(|error| fault(format!("can't be read as SQL: {error}")))?;
    let is_parameter = |token: &Token| match token {
        Token::Placeholder(_) => true,
        Token::Colon | Token::AtSign => dialect == Dialect::Sqlite,
        _ => false,
    };
    match tokens.iter().find(|token| is_parameter(token)) {
        Some(token) => Err(fault(format!(
            "has a parameter (`{token}`); leave it out: the key, the order and the batch are seen to"
        ))),
        None => Ok(()),
    }
}

/// `users WHERE timezone IS NULL`: a table and a condition. What is written of both again must be all there was.
fn rows(text: &str, dialect: Dialect) -> Result<(ObjectName, Option<Expr>), FillFault> {
    let fault = || {
        FillFault {
        part: "rows",
        says: "must be a table, with or without a condition: `users WHERE timezone IS NULL`; key, order and batch are seen to"
            .to_owned(),
    }
    };
    let read = parsed("rows", &format!("SELECT * FROM {text}"), dialect)?;
    let written = read.to_string();
    let Statement::Query(query) = read else { return Err(fault()) };
    let SetExpr::Select(select) = *query.body else { return Err(fault()) };
    let condition = select.selection;
    let Some(TableFactor::Table { name, .. }) = select.from.into_iter().next().map(|it| it.relation) else {
        return Err(fault());
    };
    let filter = condition.as_ref().map(|it| format!(" WHERE {it}")).unwrap_or_default();
    if written != format!("SELECT * FROM {name}{filter}") {
        return Err(fault());
    }
    if dialect == Dialect::Sqlite && only(&name).is_none() {
        let says = format!("names another file's table, {name}; name one of the database's own");
        return Err(FillFault { part: "rows", says });
    }
    Ok((name, condition))
}

fn key(text: &str, dialect: Dialect) -> Result<Ident, FillFault> {
    let read = parsed("key", &format!("SELECT {text}"), dialect)?;
    let written = read.to_string();
    let ident = Parser::new(grammar(dialect).as_ref())
        .try_with_sql(text)
        .and_then(|mut parser| parser.parse_identifier())
        .ok()
        .filter(|ident| written == format!("SELECT {ident}"));
    ident.ok_or_else(|| FillFault {
        part: "key",
        says: "must be one column, unique and never empty: `id`".to_owned(),
    })
}

fn assigned(text: &str, table: &ObjectName, dialect: Dialect) -> Result<Vec<Assignment>, FillFault> {
    let fault = |says: &str| FillFault { part: "set", says: says.to_owned() };
    let read = parsed("set", &format!("UPDATE {table} SET {text}"), dialect)?;
    let written = read.to_string();
    let Statement::Update(update) = read else {
        return Err(fault("must be assignments: `timezone = 'UTC'`"));
    };
    if update.selection.is_some() {
        return Err(fault("has a `WHERE`; the condition belongs into `rows`"));
    }
    let each: Vec<String> = update.assignments.iter().map(ToString::to_string).collect();
    if written != format!("UPDATE {table} SET {}", each.join(", ")) {
        return Err(fault("must be assignments and nothing else: `timezone = 'UTC', checked = true`"));
    }
    Ok(update.assignments)
}

/// A name of one part.
fn only(name: &ObjectName) -> Option<&Ident> {
    match name.0.as_slice() {
        [part] => part.as_ident(),
        _ => None,
    }
}

/// How the catalogue has a name: PostgreSQL writes small what is not quoted, and SQLite knows no difference.
fn known_as(name: &Ident, dialect: Dialect) -> String {
    let keeps = dialect == Dialect::Postgres && name.quote_style.is_some();
    if keeps { name.value.clone() } else { name.value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read_as(dialect: Dialect, rows: &str, key: &str, set: &str) -> Result<Fill, String> {
        let (rows, key, set) = (rows.to_owned(), key.to_owned(), set.to_owned());
        let job = SqlJob { database: "db".parse().unwrap(), rows, key, set };
        Fill::read(&job, dialect).map_err(|fault| fault.to_string())
    }

    #[test]
    fn a_job_becomes_one_update_of_one_table() {
        for dialect in [Dialect::Postgres, Dialect::Sqlite] {
            let read = |rows, set| read_as(dialect, rows, "id", set).unwrap().statement();
            assert_eq!(
                read("users WHERE timezone IS NULL", "timezone = 'UTC'"),
                "UPDATE users SET timezone = 'UTC' WHERE timezone IS NULL"
            );
            assert_eq!(read("users;", "a = 1, b = lower(c)"), "UPDATE users SET a = 1, b = lower(c)");
            // What a comment would swallow is not in it.
            assert_eq!(
                read("users WHERE a = 1 OR b = 2 -- all", "a = 1 -- none"),
                "UPDATE users SET a = 1 WHERE a = 1 OR b = 2"
            );
            assert_eq!(
                read("\"Users\" WHERE zone IS NULL", "zone = (SELECT zone FROM lands WHERE code = land)"),
                "UPDATE \"Users\" SET zone = (SELECT zone FROM lands WHERE code = land) WHERE zone IS NULL"
            );
        }
        let kept = read_as(Dialect::Postgres, "app.\"Users\"", "\"Id\"", "Zone = data ? 'zone'").unwrap();
        assert_eq!((kept.key_name.as_str(), kept.columns[0].name.as_str()), ("Id", "zone"));
    }

    #[test]
    fn whatever_is_more_than_that_is_refused() {
        let says = |rows: &str, key: &str, set: &str| {
            let both =
                [Dialect::Postgres, Dialect::Sqlite].map(|it| read_as(it, rows, key, set).unwrap_err());
            let [first, second] = both;
            assert_eq!(first, second, "{rows} {key} {set}");
            first
        };
        let rows = |rows: &str| says(rows, "id", "a = 1");
        let set = |set: &str| says("users", "id", set);
        for more in [
            "users, orders",
            "users u",
            "users JOIN a ON true",
            "users ORDER BY id",
            "users LIMIT 5",
            "(SELECT 1)",
        ] {
            assert!(rows(more).starts_with("`rows` must be a table, with or without a condition"), "{more}");
        }
        assert!(rows("users WHERE a = 1; DROP TABLE users").contains("another behind it"));
        assert!(rows("users WHERE").contains("can't be read as SQL"));
        assert!(rows("users WHERE id > $1").contains("has a parameter (`$1`)"));
        assert!(set("a = 1; DELETE FROM users").contains("another behind it"));
        assert!(set("a = 1 WHERE b = 2").contains("belongs into `rows`"));
        assert!(set("a = 1 FROM orders").contains("and nothing else"));
        assert!(set("a = 1 RETURNING id").contains("and nothing else"));
        assert!(set("id = 1").contains("changes id, the key"));
        assert!(set("ID = 1").contains("changes ID, the key"));
        assert!(set("a = 1, A = 2").contains("sets A twice"));
        assert!(set("a = DEFAULT").contains("write the value out"));
        assert!(set("(a, b) = (1, 2)").contains("set each by itself"));
        for key in ["", "id, other", "lower(id)", "1", "users.id", "id DESC", "id AS x"] {
            assert!(says("users", key, "a = 1").starts_with("`key` "), "{key}");
        }
        assert!(
            read_as(Dialect::Sqlite, "users WHERE a = :a", "id", "a = 1")
                .unwrap_err()
                .contains("a parameter")
        );
        assert!(
            read_as(Dialect::Sqlite, "other.users", "id", "a = 1").unwrap_err().contains("another file's")
        );
    }
}
