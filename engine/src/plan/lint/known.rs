//! What is known of the tables: from the migrations a database has had, and from those before in the same plan. What came
//! into being in the plan itself is fresh: nothing that runs knows it, so nothing that runs misses it.

use std::collections::{BTreeMap, BTreeSet};

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation as Op, ColumnDef, ColumnOption, CreateTable,
    DataType, Expr, Ident, ObjectName, ObjectType, RenameTableNameKind, Statement, Value,
};

/// The tables.
#[derive(Debug, Default)]
pub(super) struct Known {
    tables: BTreeMap<String, Table>,
    /// Tables that were there before the plan and that it drops or renames away.
    gone: BTreeSet<String>,
}

#[derive(Debug, Default, Clone)]
struct Table {
    fresh: bool,
    columns: BTreeMap<String, Column>,
}

/// One column, as far as it is known.
#[derive(Debug, Default, Clone)]
pub(super) struct Column {
    pub(super) fresh: bool,
    pub(super) kind: Option<DataType>,
    pub(super) has_default: bool,
    pub(super) mandatory: Option<bool>,
}

/// The name without its schema, in small letters.
pub(super) fn name_of(name: &ObjectName) -> String {
    name.0.last().and_then(|part| part.as_ident()).map_or_else(|| name.to_string(), plain)
}

/// A name as people write it, without quotes and in small letters.
pub(super) fn plain(name: &Ident) -> String {
    name.value.to_lowercase()
}

/// The name a table is renamed to.
pub(super) fn new_name(kind: &RenameTableNameKind) -> String {
    match kind {
        RenameTableNameKind::As(name) | RenameTableNameKind::To(name) => name_of(name),
    }
}

/// Whether a column must have a value.
pub(super) fn is_mandatory(options: &[&ColumnOption]) -> bool {
    options.iter().any(|option| matches!(option, ColumnOption::NotNull | ColumnOption::PrimaryKey(_)))
}

/// Whether an insert may leave a column out although it must have a value.
pub(super) fn has_default(column: &ColumnDef) -> bool {
    is_serial(&column.data_type) || column.options.iter().any(|option| fills(&option.option))
}

/// Whether an option gives a column its value.
pub(super) fn fills(option: &ColumnOption) -> bool {
    match option {
        ColumnOption::Default(value) => !is_null(value),
        ColumnOption::Generated { .. } | ColumnOption::Identity(_) => true,
        ColumnOption::DialectSpecific(tokens) => {
            tokens.iter().any(|token| token.to_string().to_ascii_uppercase().starts_with("AUTO"))
        }
        _ => false,
    }
}

fn is_null(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if value.value == Value::Null)
}

/// PostgreSQL's own numbering, which is a type in name only.
pub(super) fn is_serial(kind: &DataType) -> bool {
    matches!(kind, DataType::Custom(name, _) if name_of(name).ends_with("serial"))
}

impl Known {
    /// The plan itself made this table.
    pub(super) fn is_fresh(&self, table: &str) -> bool {
        self.tables.get(table).is_some_and(|table| table.fresh)
    }

    /// The column, when anything is known of it.
    pub(super) fn column(&self, table: &str, column: &str) -> Option<&Column> {
        self.tables.get(table)?.columns.get(column)
    }

    /// The plan itself added this column, or its table.
    pub(super) fn is_column_fresh(&self, table: &str, column: &str) -> bool {
        self.is_fresh(table) || self.column(table, column).is_some_and(|column| column.fresh)
    }

    /// Takes in what a statement changes; `fresh` when it belongs to the plan.
    pub(super) fn learn(&mut self, statement: &Statement, fresh: bool) {
        match statement {
            Statement::CreateTable(created) => self.create(created, fresh),
            Statement::AlterTable(altered) => self.alter(altered, fresh),
            Statement::Drop { object_type: ObjectType::Table, names, .. } => {
                for name in names {
                    self.leave(&name_of(name));
                }
            }
            Statement::RenameTable(renames) => {
                for rename in renames {
                    self.rename(&name_of(&rename.old_name), name_of(&rename.new_name));
                }
            }
            _ => {}
        }
    }

    fn create(&mut self, created: &CreateTable, fresh: bool) {
        let name = name_of(&created.name);
        // `IF NOT EXISTS` leaves a table as it is, and says nothing of one that may be there.
        if created.if_not_exists && self.tables.contains_key(&name) {
            return;
        }
        let columns = created.columns.iter().map(|column| (plain(&column.name), described(column, fresh)));
        self.put(name, Table { fresh, columns: columns.collect() });
    }

    /// What takes the place of a table that was there before is not fresh: what runs takes it for that one.
    fn put(&mut self, name: String, mut table: Table) {
        if self.gone.contains(&name) {
            table.fresh = false;
            table.columns.values_mut().for_each(|column| column.fresh = false);
        }
        self.tables.insert(name, table);
    }

    fn leave(&mut self, name: &str) {
        if !self.tables.remove(name).is_some_and(|table| table.fresh) {
            self.gone.insert(name.to_owned());
        }
    }

    fn rename(&mut self, old: &str, new: String) {
        let table = self.tables.get(old).cloned().unwrap_or_default();
        self.leave(old);
        self.put(new, table);
    }

    fn alter(&mut self, altered: &AlterTable, fresh: bool) {
        let name = name_of(&altered.name);
        for operation in &altered.operations {
            if let Op::RenameTable { table_name } = operation {
                self.rename(&name, new_name(table_name));
                continue;
            }
            let columns = &mut self.tables.entry(name.clone()).or_default().columns;
            match operation {
                Op::AddColumn { column_def, .. } => {
                    columns.insert(plain(&column_def.name), described(column_def, fresh));
                }
                Op::DropColumn { column_names, .. } => {
                    for column in column_names {
                        columns.remove(&plain(column));
                    }
                }
                Op::RenameColumn { old_column_name, new_column_name } => {
                    let column = columns.remove(&plain(old_column_name)).unwrap_or_default();
                    columns.insert(plain(new_column_name), column);
                }
                Op::AlterColumn { column_name, op } => {
                    let column = columns.entry(plain(column_name)).or_default();
                    match op {
                        AlterColumnOperation::SetNotNull => column.mandatory = Some(true),
                        AlterColumnOperation::DropNotNull => column.mandatory = Some(false),
                        AlterColumnOperation::SetDefault { value } => column.has_default = !is_null(value),
                        AlterColumnOperation::DropDefault => column.has_default = false,
                        AlterColumnOperation::SetDataType { data_type, .. } => {
                            column.kind = Some(data_type.clone());
                        }
                        AlterColumnOperation::AddGenerated { .. } => column.has_default = true,
                    }
                }
                Op::ChangeColumn { old_name: column, new_name: name, data_type, options, .. } => {
                    let was = columns.remove(&plain(column)).unwrap_or_default();
                    columns.insert(plain(name), changed(was.fresh, data_type, options));
                }
                Op::ModifyColumn { col_name, data_type, options, .. } => {
                    let was = columns.remove(&plain(col_name)).unwrap_or_default();
                    columns.insert(plain(col_name), changed(was.fresh, data_type, options));
                }
                _ => {}
            }
        }
    }
}

fn described(column: &ColumnDef, fresh: bool) -> Column {
    let options: Vec<&ColumnOption> = column.options.iter().map(|option| &option.option).collect();
    Column {
        fresh,
        kind: Some(column.data_type.clone()),
        has_default: has_default(column),
        mandatory: Some(is_mandatory(&options)),
    }
}

fn changed(fresh: bool, kind: &DataType, options: &[ColumnOption]) -> Column {
    let options: Vec<&ColumnOption> = options.iter().collect();
    Column {
        fresh,
        kind: Some(kind.clone()),
        has_default: options.iter().any(|option| fills(option)),
        mandatory: Some(is_mandatory(&options)),
    }
}
