//! A real project of Sequelize on a real PostgreSQL: migrates, fails in the middle, is mended and retried, and is applied once
//! however many ask for it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use adapters::local::LocalDatabase;
use engine::clock::ManualClock;
use engine::model::ComponentKind;
use engine::ports::{BuildState, Database, DatabaseAt, MigrateCommand, MigrateState, Notes, Platform, Shape};
use engine::redact::Redactor;

use crate::database_postgres::{Books, OneSecret};
use crate::migrate::{command, ended};
use crate::npm_project::node_modules;
use crate::stage::{Stage, eventually, repository};

const SEQUELIZE: &str = "npx sequelize-cli db:migrate";
const USERS: &str = "20260101000000-create-users";
const ZONE: &str = "20260102000000-add-zone";

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/local_platform/sequelize")
}

fn database() -> DatabaseAt {
    DatabaseAt {
        component: "db".parse().unwrap(),
        url: Some("database-url".parse().unwrap()),
        notes: Some(Notes { table: "SequelizeMeta".to_owned(), column: "name".to_owned() }),
    }
}

/// A migration whose `up` does this.
fn migration(body: &str) -> String {
    format!("module.exports = {{ async up(queryInterface, Sequelize) {{\n{body}\n}}, async down() {{}} }};\n")
}

/// The project, checked out and deployable on a platform whose database is a real one.
struct Shop<'b> {
    stage: Stage,
    books: &'b Books,
    modules: PathBuf,
}

impl<'b> Shop<'b> {
    async fn open(books: &'b Books, modules: PathBuf) -> Self {
        let own = tempfile::tempdir().unwrap().keep();
        let mut files: Vec<(String, String)> = Vec::new();
        for name in [
            "package.json",
            "package-lock.json",
            ".sequelizerc",
            "config.js",
            "migrations/20260101000000-create-users.js",
            "migrations/20260102000000-add-zone.js",
        ] {
            files.push((name.to_owned(), std::fs::read_to_string(project().join(name)).unwrap()));
        }
        let files: Vec<(&str, &str)> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        repository(&own.join("repository"), &files, "v1");
        let mut stage = Stage::at(&own);
        stage.secrets = Arc::new(OneSecret(books.url.clone()));
        stage.start().await;
        let shape = Shape {
            components: [("db".parse().unwrap(), ComponentKind::Database)].into(),
            urls: [("db".parse().unwrap(), "database-url".parse().unwrap())].into(),
            edge: [].into(),
            sticky: [].into(),
        };
        stage.platform().shape_ensure(&stage.permit(), &stage.environment, &shape).await.unwrap();
        stage.configure("api", 1, "serve", &[]).await;
        let shop = Self { stage, books, modules };
        shop.build("v1").await;
        shop
    }

    async fn build(&self, key: &str) {
        let link = format!("ln -s '{}' node_modules", self.modules.display());
        let built = self.stage.build(key, Some(&link)).await;
        assert!(matches!(built, BuildState::Done { .. }), "{built:?}");
    }

    /// Commits a migration and builds the commit.
    async fn comes(&self, key: &str, version: &str, body: &str) {
        let name = format!("migrations/{version}.js");
        repository(&self.stage.folder.join("repository"), &[(&name, &migration(body))], key);
        self.build(key).await;
    }

    fn command(build: &str, versions: &[&str]) -> MigrateCommand {
        command(build, SEQUELIZE, database(), versions)
    }

    async fn migrates(&self, build: &str, versions: &[&str]) -> (bool, String, Vec<String>) {
        let permit = self.stage.permit();
        let command = Self::command(build, versions);
        self.stage.platform().migrate_start(&permit, &self.stage.environment, &command).await.unwrap();
        ended(&self.stage, &permit).await
    }

    /// What the database notes, as a plan and a step read it.
    async fn applied(&self) -> Vec<String> {
        let looks = LocalDatabase::new(
            Path::new("nowhere"),
            Arc::new(ManualClock::at(5)),
            Arc::new(OneSecret(self.books.url.clone())),
            Arc::new(Redactor::new().unwrap()),
        );
        let applied = looks.migrations_applied(&self.stage.environment, &database()).await.unwrap();
        applied.into_iter().map(|one| one.version).collect()
    }
}

impl Drop for Shop<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.stage.folder);
    }
}

#[tokio::test]
async fn a_project_of_sequelize_migrates_fails_in_the_middle_is_mended_and_retried() {
    let Some(modules) = node_modules(&project(), "sequelize-6.37.8") else { return };
    Books::with(async |books| {
        let shop = Shop::open(books, modules.clone()).await;
        assert_eq!(shop.applied().await, Vec::<String>::new());
        let (well, how, tail) = shop.migrates("v1", &[USERS, ZONE]).await;
        assert!(well, "{how}: {tail:?}");
        assert_eq!(shop.applied().await, [USERS, ZONE]);
        // Nothing is left to do, and nothing is run.
        let (well, how, tail) = shop.migrates("v1", &[USERS, ZONE]).await;
        assert_eq!((well, how.as_str(), tail.len()), (true, "somebody else applied them meanwhile", 0));

        // The second of its statements fails, and Sequelize leaves the first where it is.
        let (teams, logins) = ("20260103000000-teams", "20260104000000-logins");
        let team = "await queryInterface.addColumn('users', 'team', { type: Sequelize.STRING });";
        let broken = format!("{team}\nawait queryInterface.sequelize.query('UPDATE nobody SET team = 1');");
        shop.comes("v2", logins, "await queryInterface.createTable('logins', { at: Sequelize.DATE });").await;
        shop.comes("v3", teams, &broken).await;
        let (well, how, tail) = shop.migrates("v3", &[teams, logins]).await;
        assert_eq!((well, how.as_str()), (false, "exit code 1"));
        let tail = tail.join("\n");
        assert!(tail.contains(r#"relation "nobody" does not exist"#), "{tail}");
        assert_eq!(shop.applied().await, [USERS, ZONE]);
        let half = "SELECT count(*) FROM information_schema.columns WHERE table_name = 'users' AND column_name = 'team'";
        assert_eq!(books.ask(half).await, 1);

        // Mended so that it can go over what is there, it is retried, and goes on with what is behind it.
        let mended = "await queryInterface.sequelize.query('ALTER TABLE users ADD COLUMN IF NOT EXISTS team VARCHAR(255)');";
        shop.comes("v4", teams, mended).await;
        let (well, how, tail) = shop.migrates("v4", &[teams, logins]).await;
        assert!(well, "{how}: {tail:?}");
        assert_eq!(shop.applied().await, [USERS, ZONE, teams, logins]);
    })
    .await;
}

#[tokio::test]
async fn a_project_of_sequelize_is_migrated_once_however_many_ask_and_whoever_is_killed() {
    let Some(modules) = node_modules(&project(), "sequelize-6.37.8") else { return };
    Books::with(async |books| {
        let mut shop = Shop::open(books, modules.clone()).await;
        books.run("CREATE TABLE runs (name TEXT NOT NULL)").await;
        let counted = "20260103000000-counted";
        let body = "await queryInterface.sequelize.query(\"INSERT INTO runs VALUES ('counted')\");\n\
                    await queryInterface.sequelize.query('SELECT pg_sleep(0.5)');";
        shop.comes("v2", counted, body).await;
        let permits = [shop.stage.permit(), shop.stage.permit()];
        let command = Shop::command("v2", &[USERS, ZONE, counted]);
        for permit in &permits {
            shop.stage.platform().migrate_start(permit, &shop.stage.environment, &command).await.unwrap();
        }
        let mut hows = Vec::new();
        for permit in &permits {
            let (well, how, tail) = ended(&shop.stage, permit).await;
            assert!(well, "{how}: {tail:?}");
            hows.push(how);
        }
        hows.sort();
        assert_eq!(hows, ["exit code 0", "somebody else applied them meanwhile"]);
        assert_eq!(books.ask("SELECT count(*) FROM runs").await, 1);

        let slow = "20260104000000-slow";
        let body = "await queryInterface.sequelize.query(\"INSERT INTO runs VALUES ('slow')\");\n\
                    await queryInterface.sequelize.query(\"SELECT CASE WHEN (SELECT count(*) FROM runs WHERE name = 'slow') = 1 \
                    THEN pg_sleep(600) END\");";
        shop.comes("v3", slow, body).await;
        let permit = shop.stage.permit();
        let command = Shop::command("v3", &[slow]);
        shop.stage.platform().migrate_start(&permit, &shop.stage.environment, &command).await.unwrap();
        let in_the_middle =
            async || (books.ask("SELECT count(*) FROM runs WHERE name = 'slow'").await == 1).then_some(());
        eventually("it is in the middle", in_the_middle).await;
        // A kill: the database notes that the slow one is not applied, and it goes on with that one.
        shop.stage.crash();
        shop.stage.start().await;
        let key = permit.idempotency_key();
        let state = shop.stage.platform().migrate_look(&shop.stage.environment, key).await.unwrap();
        assert_eq!(state, MigrateState::Interrupted);
        assert_eq!(shop.applied().await, [USERS, ZONE, counted]);
        shop.stage.platform().migrate_start(&permit, &shop.stage.environment, &command).await.unwrap();
        let (well, how, tail) = ended(&shop.stage, &permit).await;
        assert!(well, "{how}: {tail:?}");
        assert_eq!(shop.applied().await, [USERS, ZONE, counted, slow]);
        assert_eq!(books.ask("SELECT count(*) FROM runs WHERE name = 'counted'").await, 1);
    })
    .await;
}
