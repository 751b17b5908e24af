//! Statements other than `ALTER TABLE`.

use sqlparser::ast::{
    AlterTableOperation as Op, AlterTypeOperation, CreateIndex, Delete, FromTable, ObjectName, ObjectType,
    Statement, TableFactor, TableWithJoins,
};

use super::known::{Known, name_of, new_name};
use super::{Effect, Said, alter};
use crate::model::Dialect;

const GONE: &str = "the running release uses it until the end, and nobody can go back to it afterwards";
const CONTRACT: &str = "contract later: deploy what does without it first, and drop it in a later release";

pub(super) fn breaks(does: String, why: &'static str, instead: impl Into<String>) -> Said {
    Said { effect: Effect::Breaks, does, why: why.to_owned(), instead: instead.into() }
}

pub(super) fn locks(does: String, why: &'static str, instead: impl Into<String>) -> Said {
    Said { effect: Effect::Locks, does, why: why.to_owned(), instead: instead.into() }
}

pub(super) fn renamed_table(old: &str, new: &str) -> Said {
    breaks(
        format!("renames the table {old} to {new}"),
        "the running release knows it only by its old name",
        "expand: add the new table or a view of that name, move over, backfill; contract: drop the old name once nothing \
         uses it",
    )
}

pub(super) fn special_index(table: &str) -> Said {
    locks(
        format!("builds a full-text or spatial index on {table}"),
        "nobody can write to it while the index is built",
        "do it while there is little traffic",
    )
}

/// What a statement means to what runs. `rest` are the statements after it in the same migration.
pub(super) fn judge(
    statement: &Statement,
    rest: &[&Statement],
    known: &Known,
    dialect: Dialect,
) -> Vec<Said> {
    match statement {
        Statement::AlterTable(altered) => alter::judge(altered, known, dialect),
        Statement::Drop { object_type, names, .. } => {
            names.iter().filter_map(|name| dropped(*object_type, name, rest, known)).collect()
        }
        Statement::DropFunction(drop) => {
            let names = drop.func_desc.iter().map(|function| &function.name);
            names.filter(|name| !made_anew(name, rest)).map(|name| gone("function", &name_of(name))).collect()
        }
        Statement::RenameTable(renames) => {
            let strange = renames.iter().filter(|rename| !known.is_fresh(&name_of(&rename.old_name)));
            strange
                .map(|rename| renamed_table(&name_of(&rename.old_name), &name_of(&rename.new_name)))
                .collect()
        }
        Statement::AlterType(altered) => match &altered.operation {
            AlterTypeOperation::RenameValue(rename) => vec![breaks(
                format!("renames the value {} of the type {}", rename.from.value, name_of(&altered.name)),
                "the running release writes and expects the old value",
                "expand: add the new value, write it, backfill; the old one can stay",
            )],
            AlterTypeOperation::Rename(_) | AlterTypeOperation::AddValue(_) => Vec::new(),
        },
        Statement::Truncate(truncate) => {
            let tables = truncate.table_names.iter().map(|target| name_of(&target.name));
            tables.filter(|table| !known.is_fresh(table)).map(|table| emptied(&table)).collect()
        }
        Statement::Delete(delete) if delete.selection.is_none() && delete.limit.is_none() => {
            deleted_from(delete)
                .filter(|table| !known.is_fresh(table))
                .map(|table| emptied(&table))
                .into_iter()
                .collect()
        }
        Statement::Update(update) if update.selection.is_none() => {
            let table = table_of(&update.table).filter(|table| !known.is_fresh(table));
            table.map(|table| updated(&table)).into_iter().collect()
        }
        Statement::CreateIndex(index) => indexed(index, known, dialect).into_iter().collect(),
        Statement::Vacuum(vacuum) if vacuum.full => vec![locks(
            "writes tables anew".to_owned(),
            "nobody can read or write them meanwhile",
            "plain VACUUM, which lets both through",
        )],
        Statement::Lock(_) | Statement::LockTables { .. } => vec![locks(
            "locks tables itself".to_owned(),
            "who needs them waits until the migration is over",
            "leave the locking to the statements",
        )],
        _ => Vec::new(),
    }
}

fn dropped(kind: ObjectType, name: &ObjectName, rest: &[&Statement], known: &Known) -> Option<Said> {
    let table = name_of(name);
    match kind {
        ObjectType::Table if known.is_fresh(&table) => None,
        // SQLite's own way of changing what ALTER TABLE can't: https://www.sqlite.org/lang_altertable.html#otheralter
        ObjectType::Table if takes_the_place(&table, rest) => Some(breaks(
            format!("makes the table {table} anew"),
            "columns it leaves out, renames or makes mandatory are those the running release knows",
            "keep every column it has, or do it in two releases: add first, take away later",
        )),
        ObjectType::Table => Some(gone("table", &table)),
        ObjectType::View | ObjectType::MaterializedView if !made_anew(name, rest) => {
            Some(gone("view", &table))
        }
        ObjectType::Type => Some(gone("type", &table)),
        ObjectType::Sequence => Some(gone("sequence", &table)),
        ObjectType::Schema | ObjectType::Database => Some(gone("schema", &table)),
        _ => None,
    }
}

fn gone(kind: &str, name: &str) -> Said {
    breaks(format!("drops the {kind} {name}"), GONE, CONTRACT)
}

fn takes_the_place(table: &str, rest: &[&Statement]) -> bool {
    rest.iter().any(|statement| match statement {
        Statement::AlterTable(altered) => altered.operations.iter().any(
            |operation| matches!(operation, Op::RenameTable { table_name } if new_name(table_name) == table),
        ),
        Statement::CreateTable(created) => name_of(&created.name) == table,
        _ => false,
    })
}

fn made_anew(name: &ObjectName, rest: &[&Statement]) -> bool {
    let name = name_of(name);
    rest.iter().any(|statement| match statement {
        Statement::CreateView(view) => name_of(&view.name) == name,
        Statement::CreateFunction(function) => name_of(&function.name) == name,
        _ => false,
    })
}

fn emptied(table: &str) -> Said {
    breaks(
        format!("deletes every row of {table}"),
        "what the running release keeps there is gone, and does not come back",
        "say which rows go, or deploy what does without them first",
    )
}

fn updated(table: &str) -> Said {
    locks(
        format!("changes every row of {table} at once"),
        "who writes one of them waits until the migration is over",
        "expand in the migration, then a backfill in batches",
    )
}

fn indexed(index: &CreateIndex, known: &Known, dialect: Dialect) -> Option<Said> {
    let table = name_of(&index.table_name);
    if known.is_fresh(&table) {
        return None;
    }
    // MySQL builds it beside traffic; SQLite has one writer whatever it does.
    (dialect == Dialect::Postgres && !index.concurrently).then(|| {
        locks(
            format!("builds an index on {table}"),
            "nobody can write to it while the index is built",
            "CREATE INDEX CONCURRENTLY, alone in a migration of its own",
        )
    })
}

fn table_of(table: &TableWithJoins) -> Option<String> {
    match &table.relation {
        TableFactor::Table { name, .. } => Some(name_of(name)),
        _ => None,
    }
}

fn deleted_from(delete: &Delete) -> Option<String> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    from.first().and_then(table_of)
}
