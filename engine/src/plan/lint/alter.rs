//! `ALTER TABLE`, operation by operation.

use sqlparser::ast::{
    AlterColumnOperation as ColumnOp, AlterTable, AlterTableAlgorithm, AlterTableLock,
    AlterTableOperation as Op, ColumnDef, ColumnOption, DataType, Expr, GeneratedExpressionMode,
    TableConstraint,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, Tokenizer};

use super::kind::{rewrites, widens};
use super::known::{Known, fills, has_default, is_mandatory, is_serial, name_of, new_name, plain};
use super::statement::{breaks, locks};
use super::{Effect, Said};
use crate::model::Dialect;

const READS_IT: &str =
    "the running release reads and writes it until the end, and nobody can go back to it afterwards";
const OLD_NAME: &str = "the running release knows it only by its old name";
const WHOLE_EXCLUSIVE: &str = "nobody can read or write it while it is written anew";
const EXPAND_NAME: &str = "expand: add the new one beside it, write both, backfill; contract: drop the old one once nothing uses it";
/// Functions whose value is one for a whole statement, and words that look like functions: a default of these is filled
/// in without writing the table.
const STEADY: [&str; 44] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "localtime",
    "transaction_timestamp",
    "statement_timestamp",
    "current_user",
    "session_user",
    "current_setting",
    "lower",
    "upper",
    "coalesce",
    "concat",
    "md5",
    "to_char",
    "to_timestamp",
    "to_date",
    "make_interval",
    "make_date",
    "date_trunc",
    "timezone",
    "jsonb_build_object",
    "json_build_object",
    "jsonb_build_array",
    "json_build_array",
    "array_fill",
    "decode",
    "encode",
    "abs",
    "round",
    "greatest",
    "least",
    "nullif",
    "varchar",
    "character",
    "char",
    "varying",
    "numeric",
    "decimal",
    "timestamp",
    "interval",
    "bit",
];

/// What altering a table means.
pub(super) fn judge(altered: &AlterTable, known: &Known, dialect: Dialect) -> Vec<Said> {
    let table = name_of(&altered.name);
    // What the plan itself has made is in nobody's way.
    if known.is_fresh(&table) {
        return Vec::new();
    }
    let mut said: Vec<Said> =
        altered.operations.iter().flat_map(|operation| one(&table, operation, known, dialect)).collect();
    if online(&altered.operations) {
        said.retain(|said| said.effect != Effect::Locks);
    }
    said
}

/// MySQL is told to refuse what it can't do beside traffic.
fn online(operations: &[Op]) -> bool {
    operations.iter().any(|operation| {
        matches!(
            operation,
            Op::Algorithm { algorithm: AlterTableAlgorithm::Instant, .. }
                | Op::Lock { lock: AlterTableLock::None, .. }
        )
    })
}

fn one(table: &str, operation: &Op, known: &Known, dialect: Dialect) -> Vec<Said> {
    match operation {
        Op::DropColumn { column_names, .. } => column_names
            .iter()
            .map(plain)
            .filter(|column| !known.is_column_fresh(table, column))
            .map(|column| {
                breaks(
                    format!("drops the column {column} of {table}"),
                    READS_IT,
                    "contract later: deploy what does without the column first, and drop it in a later release",
                )
            })
            .collect(),
        Op::RenameColumn { old_column_name, new_column_name } => {
            let old = plain(old_column_name);
            if known.is_column_fresh(table, &old) {
                return Vec::new();
            }
            let does = format!("renames the column {old} of {table} to {}", plain(new_column_name));
            vec![breaks(does, OLD_NAME, EXPAND_NAME)]
        }
        Op::RenameTable { table_name } => vec![super::statement::renamed_table(table, &new_name(table_name))],
        Op::AddColumn { column_def, .. } => add_column(table, column_def, dialect),
        Op::AddConstraint { constraint, not_valid } => {
            constrained(table, constraint, *not_valid, dialect).into_iter().collect()
        }
        Op::AlterColumn { column_name, op } => alter_column(table, &plain(column_name), op, known, dialect),
        Op::ModifyColumn { col_name, data_type, options, .. } => {
            modified(table, &plain(col_name), data_type, options, known, dialect)
        }
        Op::ChangeColumn { old_name, new_name, data_type, options, .. } => {
            let (old, new) = (plain(old_name), plain(new_name));
            let mut said = modified(table, &old, data_type, options, known, dialect);
            if old != new && !known.is_column_fresh(table, &old) {
                let does = format!("renames the column {old} of {table} to {new}");
                said.insert(0, breaks(does, OLD_NAME, EXPAND_NAME));
            }
            said
        }
        Op::SetLogged | Op::SetUnlogged => {
            vec![locks(format!("writes {table} anew"), WHOLE_EXCLUSIVE, "do it while there is no traffic")]
        }
        Op::DropPrimaryKey { .. } if dialect == Dialect::Mysql => {
            let instead = "drop and add the key in one statement, while there is little traffic";
            vec![locks(format!("writes {table} anew without its primary key"), "nobody can write to it meanwhile", instead)]
        }
        _ => Vec::new(),
    }
}

fn add_column(table: &str, column: &ColumnDef, dialect: Dialect) -> Vec<Said> {
    let name = plain(&column.name);
    let options: Vec<&ColumnOption> = column.options.iter().map(|option| &option.option).collect();
    let mut said = Vec::new();
    if is_mandatory(&options) && !has_default(column) {
        said.push(breaks(
            format!("adds the column {name} to {table}, which must have a value and has no default"),
            "what the running release inserts leaves it out and is refused",
            "expand: add it with a default or without NOT NULL, backfill; contract: make it NOT NULL in a later release",
        ));
    }
    let anew = match dialect {
        Dialect::Postgres => {
            options.iter().any(|option| match option {
                ColumnOption::Default(value) => is_volatile(value),
                ColumnOption::Generated { generation_expr: None, .. } => true,
                ColumnOption::Generated { generation_expr_mode, .. } => {
                    *generation_expr_mode != Some(GeneratedExpressionMode::Virtual)
                }
                _ => false,
            }) || is_serial(&column.data_type)
        }
        Dialect::Mysql => options.iter().any(|option| match option {
            ColumnOption::Generated { generation_expr_mode, .. } => {
                *generation_expr_mode == Some(GeneratedExpressionMode::Stored)
            }
            option => matches!(option, ColumnOption::DialectSpecific(_)) && fills(option),
        }),
        Dialect::Sqlite => false,
    };
    if anew {
        said.push(locks(
            format!("adds the column {name} to {table} with a value of its own for each row"),
            WHOLE_EXCLUSIVE,
            "expand: add it without a default, set the default in a second statement, and backfill what is there",
        ));
    }
    if dialect == Dialect::Postgres {
        for option in options {
            said.extend(match option {
                ColumnOption::Unique(_) | ColumnOption::PrimaryKey(_) => {
                    Some(unique(table, &format!("the column {name}")))
                }
                ColumnOption::ForeignKey(_) => Some(foreign_key(table, dialect)),
                ColumnOption::Check(_) => Some(check(table)),
                _ => None,
            });
        }
    }
    said
}

/// A default that has another value for each row. A function nobody here knows may be one.
fn is_volatile(value: &Expr) -> bool {
    let text = value.to_string();
    let Ok(tokens) = Tokenizer::new(&PostgreSqlDialect {}, &text).tokenize() else { return true };
    let tokens: Vec<Token> =
        tokens.into_iter().filter(|token| !matches!(token, Token::Whitespace(_))).collect();
    tokens.windows(2).any(|pair| match pair {
        [Token::Word(word), Token::LParen] => !STEADY.contains(&word.value.to_ascii_lowercase().as_str()),
        _ => false,
    })
}

fn alter_column(
    table: &str,
    column: &str,
    operation: &ColumnOp,
    known: &Known,
    dialect: Dialect,
) -> Vec<Said> {
    let is_known = known.column(table, column);
    match operation {
        ColumnOp::SetNotNull => {
            let mut said = Vec::new();
            // Whoever does not know the column leaves it out, and gets its default.
            if !is_known.is_some_and(|column| column.fresh && column.has_default) {
                said.push(mandatory(table, column));
            }
            if dialect == Dialect::Postgres {
                said.push(locks(
                    format!("has {table} read whole before {column} is NOT NULL"),
                    "nobody can read or write it meanwhile",
                    format!(
                        "add CHECK ({column} IS NOT NULL) NOT VALID first, VALIDATE CONSTRAINT in a migration of its own, then SET \
                         NOT NULL: with the check proved it reads nothing"
                    ),
                ));
            }
            said
        }
        ColumnOp::DropDefault
            if !is_known.is_some_and(|column| column.fresh || column.mandatory == Some(false)) =>
        {
            vec![breaks(
                format!("takes the default of {column} of {table} away"),
                "what the running release inserts may leave the column out and is refused then",
                "deploy what always writes the column first, and drop the default in a later release",
            )]
        }
        ColumnOp::SetDataType { data_type, using, .. } => {
            let from = is_known.and_then(|column| column.kind.as_ref());
            let mut said =
                changed_type(table, column, from, data_type, known).into_iter().collect::<Vec<_>>();
            if using.is_some() || rewrites(from, data_type, dialect) {
                said.extend(rewritten(table, column, dialect));
            }
            said
        }
        _ => Vec::new(),
    }
}

/// MySQL says type and options of a column anew.
fn modified(
    table: &str,
    column: &str,
    kind: &DataType,
    options: &[ColumnOption],
    known: &Known,
    dialect: Dialect,
) -> Vec<Said> {
    let was = known.column(table, column);
    let from = was.and_then(|column| column.kind.as_ref());
    let mut said = changed_type(table, column, from, kind, known).into_iter().collect::<Vec<_>>();
    let options: Vec<&ColumnOption> = options.iter().collect();
    let was_mandatory = was.is_some_and(|column| column.mandatory == Some(true));
    let fresh_with_default =
        was.is_some_and(|column| column.fresh) && options.iter().any(|option| fills(option));
    if is_mandatory(&options) && !was_mandatory && !fresh_with_default {
        said.push(mandatory(table, column));
    }
    if rewrites(from, kind, dialect) {
        said.extend(rewritten(table, column, dialect));
    }
    said
}

fn mandatory(table: &str, column: &str) -> Said {
    breaks(
        format!("makes {column} of {table} mandatory"),
        "the running release may still write rows without a value, which are refused then",
        "contract later: deploy what always writes it, backfill the rest, and make it NOT NULL in a later release",
    )
}

fn changed_type(
    table: &str,
    column: &str,
    from: Option<&DataType>,
    to: &DataType,
    known: &Known,
) -> Option<Said> {
    if known.is_column_fresh(table, column) || from.is_some_and(|from| widens(from, to)) {
        return None;
    }
    let was = from.map(|from| format!(" from {from}")).unwrap_or_default();
    Some(breaks(
        format!("changes the type of {column} of {table}{was} to {to}"),
        "what the running release writes may not fit any more, and what it reads is of another kind",
        "expand: add a column of the new type, write both, backfill; contract: drop the old one once nothing uses it",
    ))
}

fn rewritten(table: &str, column: &str, dialect: Dialect) -> Option<Said> {
    let why = match dialect {
        Dialect::Postgres => WHOLE_EXCLUSIVE,
        Dialect::Mysql => "nobody can write to it while it is copied",
        Dialect::Sqlite => return None,
    };
    Some(locks(
        format!("writes {table} anew for the type of {column}"),
        why,
        "expand: add a column of the new type, write both, backfill; contract: drop the old one once nothing uses it",
    ))
}

fn constrained(table: &str, constraint: &TableConstraint, not_valid: bool, dialect: Dialect) -> Option<Said> {
    match (constraint, dialect) {
        (_, Dialect::Postgres) if not_valid => None,
        (TableConstraint::ForeignKey(_), Dialect::Postgres | Dialect::Mysql) => {
            Some(foreign_key(table, dialect))
        }
        (TableConstraint::Check(_), Dialect::Postgres) => Some(check(table)),
        (TableConstraint::Unique(_), Dialect::Postgres) => Some(unique(table, "a constraint")),
        (TableConstraint::PrimaryKey(_), Dialect::Postgres) => Some(unique(table, "a primary key")),
        (TableConstraint::PrimaryKey(_) | TableConstraint::Check(_), Dialect::Mysql) => Some(locks(
            format!("copies {table} for a constraint"),
            "nobody can write to it meanwhile",
            "do it while there is little traffic, or with a tool that copies beside it (gh-ost, pt-online-schema-change)",
        )),
        (TableConstraint::FulltextOrSpatial(_), Dialect::Mysql) => {
            Some(super::statement::special_index(table))
        }
        _ => None,
    }
}

fn foreign_key(table: &str, dialect: Dialect) -> Said {
    let (why, instead) = match dialect {
        Dialect::Postgres => (
            "nobody can write to it, nor to the table it points at, while every row is checked",
            "add it NOT VALID, and VALIDATE CONSTRAINT in a migration of its own, which lets writes through",
        ),
        _ => (
            "nobody can write to it while it is copied and checked",
            "do it while there is little traffic; without one, let the application check",
        ),
    };
    locks(format!("adds a foreign key to {table}"), why, instead)
}

fn check(table: &str) -> Said {
    locks(
        format!("adds a check to {table}"),
        "nobody can read or write it while every row is checked",
        "add it NOT VALID, and VALIDATE CONSTRAINT in a migration of its own, which lets reads and writes through",
    )
}

fn unique(table: &str, of: &str) -> Said {
    locks(
        format!("builds a unique index on {table} for {of}"),
        "nobody can read or write it while the index is built",
        "CREATE UNIQUE INDEX CONCURRENTLY in a migration of its own, then ADD CONSTRAINT … USING INDEX",
    )
}
