//! A look at the database behind the engine's back, in one statement: what is there, whatever the code believes.

use engine::clock::EpochMs;
use engine::run::Run;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, SqliteConnection};

use crate::world::database::{Kind, TestDatabase};

/// All rows of interest as texts: what they are, then up to six columns.
const ALL: &str = "\
    SELECT 'run' AS kind, run AS a, environment AS b, state AS c, CAST(version AS TEXT) AS d, body AS e, \
        CAST(COALESCE(queued_ms, 0) AS TEXT) AS f FROM runs \
    UNION ALL SELECT 'lock', environment, kind, holder, CAST(COALESCE(expires_ms, 0) AS TEXT), '', '' FROM locks \
    UNION ALL SELECT 'step', run, CAST(number AS TEXT), state, '', '', '' FROM steps \
    UNION ALL SELECT 'receipt', run, CAST(step AS TEXT), kind, '', '', '' FROM receipts \
    UNION ALL SELECT 'approval', run, digest, state, CAST(expires_ms AS TEXT), '', '' FROM approvals \
    UNION ALL SELECT 'vote', run, person, CAST(at_ms AS TEXT), '', '', '' FROM votes \
    UNION ALL SELECT 'user', person, role, '', '', '', '' FROM users \
    UNION ALL SELECT 'head', name, CAST(seq AS TEXT), hash, '', '', '' FROM heads \
    UNION ALL SELECT 'plan', run, digest, '', '', '', '' FROM plans \
    UNION ALL SELECT 'event', CAST(seq AS TEXT), run, CAST(at_ms AS TEXT), body, '', '' FROM run_events WHERE seq > $1 \
    UNION ALL SELECT 'audit', CAST(seq AS TEXT), body, hash, '', '', '' FROM audit_events WHERE seq > $2";

/// A connection of one's own.
pub(crate) enum Peek {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

/// A run as its row has it.
#[derive(Debug, Clone)]
pub(crate) struct RunRow {
    pub(crate) id: String,
    pub(crate) place: String,
    pub(crate) state: String,
    pub(crate) queued_ms: EpochMs,
    pub(crate) run: Run,
}

impl RunRow {
    /// It is at work on its environment.
    pub(crate) fn changes(&self) -> bool {
        ["running", "paused", "undoing"].contains(&self.state.as_str())
    }

    pub(crate) fn is_over(&self) -> bool {
        ["succeeded", "failed", "rolled-back", "cancelled"].contains(&self.state.as_str())
    }
}

#[derive(Debug)]
pub(crate) struct LockRow {
    pub(crate) place: String,
    pub(crate) kind: String,
    pub(crate) holder: String,
    pub(crate) expires_ms: EpochMs,
}

#[derive(Debug)]
pub(crate) struct ApprovalRow {
    pub(crate) run: String,
    pub(crate) digest: String,
    pub(crate) state: String,
    pub(crate) expires_ms: EpochMs,
}

#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    pub(crate) run: String,
    pub(crate) body: String,
}

#[derive(Debug)]
pub(crate) struct AuditRow {
    pub(crate) seq: i64,
    pub(crate) body: String,
    pub(crate) hash: String,
}

/// What one look saw.
#[derive(Debug, Default)]
pub(crate) struct Sight {
    /// By when they were asked for.
    pub(crate) runs: Vec<RunRow>,
    pub(crate) locks: Vec<LockRow>,
    /// Run, number, state.
    pub(crate) steps: Vec<(String, u32, String)>,
    /// Run, step, kind.
    pub(crate) receipts: Vec<(String, u32, String)>,
    pub(crate) approvals: Vec<ApprovalRow>,
    /// Run, person.
    pub(crate) votes: Vec<(String, String)>,
    /// Name, role.
    pub(crate) users: Vec<(String, String)>,
    /// Name, number, hash.
    pub(crate) heads: Vec<(String, i64, String)>,
    /// Run, digest.
    pub(crate) plans: Vec<(String, String)>,
    /// Those that are new.
    pub(crate) events: Vec<EventRow>,
    /// Those that are new.
    pub(crate) audit: Vec<AuditRow>,
}

impl Sight {
    pub(crate) fn run(&self, id: &str) -> Option<&RunRow> {
        self.runs.iter().find(|row| row.id == id)
    }

    pub(crate) fn step(&self, run: &str, number: u32) -> Option<&str> {
        let of = |step: &&(String, u32, String)| step.0 == run && step.1 == number;
        self.steps.iter().find(of).map(|step| step.2.as_str())
    }

    pub(crate) fn approval(&self, run: &str) -> Option<&ApprovalRow> {
        self.approvals.iter().find(|row| row.run == run)
    }
}

fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("a number")
}

impl Peek {
    pub(crate) async fn at(database: &TestDatabase) -> Self {
        match database.kind {
            Kind::Sqlite => Self::Sqlite(Box::new(SqliteConnection::connect(&database.url).await.unwrap())),
            Kind::Postgres => Self::Postgres(Box::new(PgConnection::connect(&database.url).await.unwrap())),
        }
    }

    /// Rows of texts.
    pub(crate) async fn rows(&mut self, statement: &'static str, numbers: &[i64]) -> Vec<Vec<String>> {
        macro_rules! rows {
            ($connection:expr) => {{
                let mut query = sqlx::query(AssertSqlSafe(statement));
                for number in numbers {
                    query = query.bind(*number);
                }
                let rows = query.fetch_all(&mut **$connection).await.expect(statement);
                rows.iter().map(|row| (0..row.len()).map(|at| row.get::<String, _>(at)).collect()).collect()
            }};
        }
        match self {
            Self::Sqlite(connection) => rows!(connection),
            Self::Postgres(connection) => rows!(connection),
        }
    }

    /// Runs statements.
    pub(crate) async fn execute(&mut self, statements: String) {
        match self {
            Self::Sqlite(connection) => {
                sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut **connection).await.unwrap();
            }
            Self::Postgres(connection) => {
                sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut **connection).await.unwrap();
            }
        }
    }

    /// Looks at everything, and at what the logs have behind those places.
    pub(crate) async fn look(&mut self, after_event: i64, after_audit: i64) -> Sight {
        let mut sight = Sight::default();
        for row in self.rows(ALL, &[after_event, after_audit]).await {
            let [kind, first, second, third, fourth, fifth, sixth] =
                <[String; 7]>::try_from(row).expect("seven columns");
            match kind.as_str() {
                "run" => {
                    let run: Run = serde_json::from_str(&fifth).expect("a run");
                    let fits = run.version == number::<i64>(&fourth) && run.state.as_str() == third;
                    assert!(fits, "row and body of {first} are two things");
                    let queued_ms = number(&sixth);
                    sight.runs.push(RunRow { id: first, place: second, state: third, queued_ms, run });
                }
                "lock" => {
                    let expires_ms = number(&fourth);
                    sight.locks.push(LockRow { place: first, kind: second, holder: third, expires_ms });
                }
                "step" => sight.steps.push((first, number(&second), third)),
                "receipt" => sight.receipts.push((first, number(&second), third)),
                "approval" => {
                    let expires_ms = number(&fourth);
                    sight.approvals.push(ApprovalRow {
                        run: first,
                        digest: second,
                        state: third,
                        expires_ms,
                    });
                }
                "vote" => sight.votes.push((first, second)),
                "user" => sight.users.push((first, second)),
                "head" => sight.heads.push((first, number(&second), third)),
                "plan" => sight.plans.push((first, second)),
                "event" => sight.events.push(EventRow { seq: number(&first), run: second, body: fourth }),
                "audit" => sight.audit.push(AuditRow { seq: number(&first), body: second, hash: third }),
                other => panic!("{other}?"),
            }
        }
        sight
            .runs
            .sort_by(|one, other| (one.run.created_ms, &one.id).cmp(&(other.run.created_ms, &other.id)));
        sight.events.sort_by_key(|row| row.seq);
        sight.audit.sort_by_key(|row| row.seq);
        sight
    }
}
