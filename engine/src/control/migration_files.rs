//! Reads the migration files of a commit.

use sha2::{Digest, Sha256};

use super::{Engine, Refusal};
use crate::model::{Migrations, Source, Tool};
use crate::plan::PlanProblem;
use crate::ports::{Language, Migration, Notes, SourceFile};

impl Engine {
    /// The migration files of a commit, in order of their versions.
    pub(super) async fn migrations_in(
        &self,
        source: &Source,
        commit: &str,
        described: &Migrations,
    ) -> Result<Vec<Migration>, Refusal> {
        let files = self
            .ports()
            .code
            .files(source, commit, &described.path)
            .await
            .map_err(Refusal::port("reading the migrations"))?;
        let mut migrations = match &described.runner {
            None => numbered(files, &described.path)?,
            Some(runner) => files.into_iter().filter_map(|file| of_tool(file, runner.tool)).collect(),
        };
        migrations.sort_by(|a, b| a.version.cmp(&b.version));
        if let Some(twice) = migrations.windows(2).find(|pair| pair[0].version == pair[1].version) {
            let (say, next) = if described.runner.is_some() {
                let say = format!("two files of {} are called {}", described.path, twice[0].version);
                (say, "give one of them another name")
            } else {
                let (one, other) = (&twice[0], &twice[1]);
                let say = format!(
                    "two migrations have the number {}: {} and {}",
                    one.version, one.name, other.name
                );
                (say, "give one of them the next free number")
            };
            return Err(Refusal::Problem(PlanProblem::new("migration-name", say, next)));
        }
        Ok(migrations)
    }
}

/// SQL files that are applied from here: each begins with its number.
fn numbered(files: Vec<SourceFile>, folder: &str) -> Result<Vec<Migration>, Refusal> {
    let mut migrations = Vec::new();
    for file in files {
        let Some(stem) = file.name.strip_suffix(".sql") else { continue };
        let digits = stem.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(Refusal::Problem(PlanProblem::new(
                "migration-name",
                format!(
                    "{folder}/{} does not start with a number, so its place among the migrations is unknown",
                    file.name
                ),
                "name migrations like 0004_add_due_dates.sql",
            )));
        }
        migrations.push(Migration {
            version: stem[..digits].to_owned(),
            name: stem[digits..].trim_start_matches(['_', '-']).to_owned(),
            checksum: checksum(&file.text),
            sql: file.text,
            language: Language::Sql,
        });
    }
    Ok(migrations)
}

/// A file that the application's own tool applies; none when the tool passes it over.
fn of_tool(file: SourceFile, tool: Tool) -> Option<Migration> {
    let version = Notes::version_of(&file.name);
    let extension = file.name.strip_prefix(version)?;
    let language = match extension {
        _ if file.name.ends_with(".d.ts") || file.name.ends_with(".down.sql") => return None,
        // The pattern of its command line: https://github.com/sequelize/cli/blob/main/src/core/migrator.js
        ".js" | ".cjs" | ".ts" | ".cts" if tool == Tool::Sequelize => Language::Script,
        "" => return None,
        _ if tool == Tool::Sequelize => return None,
        ".sql" | ".up.sql" => Language::Sql,
        _ => Language::Other,
    };
    Some(Migration {
        version: version.to_owned(),
        name: String::new(),
        checksum: checksum(&file.text),
        sql: file.text,
        language,
    })
}

fn checksum(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}
