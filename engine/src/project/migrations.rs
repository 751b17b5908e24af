//! Reads how migrations are applied: SQL files from here, or by the application's own tool.

use super::describe::{Defaults, Keys as DescribedKeys, Yaml, text, word};
use super::known::Known;
use super::limits::{MIGRATE_TIMEOUT_DEFAULT_S, MIGRATE_TIMEOUT_S};
use super::source;
use super::spot::{Keys, Spot};
use crate::model::{ComponentName, Migrations, Runner, ServiceName, Tool};

/// What applies migrations, by its word.
const RUNNERS: [(&str, Option<Tool>); 3] =
    [("sql", None), ("sequelize", Some(Tool::Sequelize)), ("command", Some(Tool::Command))];
/// The keys that only a tool of the application has.
const OF_TOOLS: [&str; 5] = ["service", "command", "table", "column", "timeout_s"];
/// Sequelize's own: <https://sequelize.org/docs/v6/other-topics/migrations/>.
const SEQUELIZE_COMMAND: &str = "npx sequelize-cli db:migrate";
const SEQUELIZE_TABLE: &str = "SequelizeMeta";
/// The column of most tools.
const COLUMN_DEFAULT: &str = "name";

pub(super) fn read(spot: &Spot<'_>, known: &Known<'_>) -> Option<Migrations> {
    let keys =
        spot.keys(&["path", "component", "runner", "service", "command", "table", "column", "timeout_s"])?;
    let path = keys.need("path", "migrations").and_then(|spot| source::folder(&spot));
    let component = keys.need("component", "postgres").and_then(|spot| {
        let name = spot.scalar()?;
        known.check_component(name, |says| spot.fault(says));
        if known.components.contains(&name) && !known.is_database(name) {
            spot.fault("must be a component of kind `database`: migrations change one");
        }
        spot.parsed::<ComponentName>()
    });
    let tool = keys.or("runner", None, |spot| spot.one_of(&RUNNERS));
    // A word nobody knows is told once; what else is there may be right for what was meant.
    let is_known =
        spot.under("runner").is_none_or(|runner| RUNNERS.iter().any(|(word, _)| runner.node.is_text(word)));
    let runner = if let Some(tool) = tool {
        Some(runner(&keys, known, tool)?)
    } else {
        for spot in OF_TOOLS.iter().filter(|_| is_known).filter_map(|key| spot.under(key)) {
            spot.fault_at_key(
                "is only for a tool of the application; add `runner: sequelize` or `runner: command`, or remove it",
            );
        }
        None
    };
    Some(Migrations { path: path?, component: component?, runner })
}

fn runner(keys: &Keys<'_>, known: &Known<'_>, tool: Tool) -> Option<Runner> {
    let service = keys.need("service", "api").and_then(|spot| {
        let name = spot.scalar()?;
        if known.check_service(name, |says| spot.fault(says)) && known.has_source(name) {
            spot.fault(format!(
                "`{name}` has a source of its own, and migrations are read from the project's; name a service that is built \
                 from that"
            ));
        }
        spot.parsed::<ServiceName>()
    });
    let timeout_s = keys.or("timeout_s", MIGRATE_TIMEOUT_DEFAULT_S, |spot| spot.number(&MIGRATE_TIMEOUT_S));
    let column = keys.or("column", COLUMN_DEFAULT.to_owned(), |spot| identifier(&spot, false));
    let (command, table) = match tool {
        Tool::Sequelize => (
            Some(keys.or("command", SEQUELIZE_COMMAND.to_owned(), |spot| spot.line())),
            Some(keys.or("table", SEQUELIZE_TABLE.to_owned(), |spot| identifier(&spot, true))),
        ),
        Tool::Command => (
            keys.need("command", "\"npx knex migrate:latest\"").and_then(|spot| spot.line()),
            keys.need("table", "knex_migrations").and_then(|spot| identifier(&spot, true)),
        ),
    };
    Some(Runner { tool, service: service?, command: command?, table: table?, column, timeout_s })
}

/// Writes it as it is read.
pub(super) fn describe(migrations: &Migrations, defaults: Defaults) -> Yaml {
    let mut keys = DescribedKeys::new(defaults);
    keys.put("path", text(&migrations.path));
    keys.put("component", text(&migrations.component));
    let Some(runner) = &migrations.runner else { return Yaml::Map(keys.entries) };
    let is_this = |(_, tool): &&(&str, Option<Tool>)| *tool == Some(runner.tool);
    keys.maybe("runner", RUNNERS.iter().find(is_this).map(|(name, _)| word(name)));
    keys.put("service", text(&runner.service));
    match runner.tool {
        Tool::Sequelize => {
            keys.text("command", &runner.command, SEQUELIZE_COMMAND);
            keys.text("table", &runner.table, SEQUELIZE_TABLE);
        }
        Tool::Command => {
            keys.put("command", text(&runner.command));
            keys.put("table", text(&runner.table));
        }
    }
    keys.text("column", &runner.column, COLUMN_DEFAULT);
    keys.word("timeout_s", runner.timeout_s, MIGRATE_TIMEOUT_DEFAULT_S);
    Yaml::Map(keys.entries)
}

/// The name of a table, which may stand in a schema, or of a column.
fn identifier(spot: &Spot<'_>, in_schema: bool) -> Option<String> {
    let text = spot.scalar()?;
    let is_name = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (1..=63).contains(&part.len())
            && part.chars().all(plain)
            && !part.starts_with(|c: char| c.is_ascii_digit())
    };
    let parts: Vec<&str> = text.split('.').collect();
    if parts.iter().all(|part| is_name(part)) && parts.len() <= if in_schema { 2 } else { 1 } {
        return Some(text.to_owned());
    }
    spot.fault(if in_schema {
        "must be the name of a table, as in `SequelizeMeta` or `ops.migrations`: letters, digits and `_`"
    } else {
        "must be the name of a column: letters, digits and `_`"
    });
    None
}
