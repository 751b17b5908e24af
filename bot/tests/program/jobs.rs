//! Data jobs: the sample's own, as real processes on a real database.

use crate::world::World;

/// An order with all that would be asked for: 405 rows at most at this rate are a few seconds.
const ORDER: &str =
    "backfill timezone on staging batch size 20 at 6000/min, dry run first: no, window: any time";

/// Staging with 400 customers beside the sample's five, one of them in a country nobody knows.
fn with_customers() -> World {
    let world = World::with_sample();
    world.program(&["--as", "ana", "run", "deploy v1.2.0 to staging"]).ended(0);
    let many = "INSERT INTO customers (name, email, country) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                WHERE i < 400) SELECT 'C' || i, 'c' || i || '@x.example', CASE WHEN i = 50 THEN 'XX' ELSE 'DE' END FROM n";
    assert!(sql(&world, many).contains(r#""changes":400"#));
    world
}

/// Asks staging's database what the program answers of it.
fn sql(world: &World, statement: &str) -> String {
    let file = world.data().join("local/environments/invoice-perfect/staging/components/postgres/app.db");
    let request = format!("{}\n", serde_json::json!({ "id": 1, "sql": statement, "params": [] }));
    world.program_with(&["sql", &format!("sqlite://{}", file.display())], &request, &[]).ended(0).out
}

fn without_timezone(world: &World) -> String {
    sql(world, "SELECT count(*) FROM customers WHERE timezone IS NULL")
}

#[test]
fn the_samples_job_is_tried_and_fills_what_can_be_filled() {
    let world = with_customers();
    let told = world.program(&["--as", "ana", "run", "dry run backfill timezone on staging"]).ended(0);
    told.says("Nothing was written").says("405 rows").says("row 1: null → \"Europe/London\"");
    assert!(without_timezone(&world).contains("[[405]]"));
    let told = world.chat(&[ORDER, "yes", "/wait", "backfill status timezone"]).ended(0);
    told.says("succeeded").says("404 of 405 rows").says("unknown-country 1").says("has come to its end");
    assert!(without_timezone(&world).contains("[[1]]"));
}

#[test]
fn a_job_goes_on_after_a_kill_and_after_a_stop() {
    let world = with_customers();
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say(ORDER);
    chat.wait_for("Is that right?");
    chat.say("yes");
    chat.wait_for("rows done");
    chat.signal("KILL");
    chat.end();
    let told = world.chat(&["stop backfill timezone on staging", "/wait", "backfill status timezone"]);
    // It may have come to its end before it was stopped; stopped, it goes on.
    let told = if told.all().contains("has come to its end") {
        told
    } else {
        told.says("stopped");
        world.chat(&["resume backfill timezone on staging", "/wait", "backfill status timezone"])
    };
    told.ended(0).says("404 rows done (100%), 1 quarantined: unknown-country 1").says("has come to its end");
    assert!(without_timezone(&world).contains("[[1]]"));
}

/// Beside the sample's own jobs, one that is declared in SQL.
const DECLARED: &str = "jobs:
  upperNames:
    database: postgres
    rows: customers WHERE name <> upper(name)
    key: id
    set: name = upper(name)
 ";

#[test]
fn a_job_declared_in_sql_is_tried_killed_and_gone_on_with() {
    let world = with_customers();
    let file = world.path("sample/infra-chat.project.yaml");
    let described = std::fs::read_to_string(&file).unwrap();
    assert!(described.contains("\njobs:"));
    std::fs::write(&file, described.replacen("jobs:", DECLARED.trim_end(), 1)).unwrap();
    world.program(&["--as", "zoe", "project", "import", "sample/infra-chat.project.yaml"]).ended(0);
    let poison = "CREATE TRIGGER refused BEFORE UPDATE ON customers WHEN new.name = 'REFUSED' \
                  BEGIN SELECT RAISE(ABORT, 'no such name'); END";
    sql(&world, "UPDATE customers SET name = 'c' || id WHERE id > 5");
    sql(&world, "UPDATE customers SET name = 'refused' WHERE id = 50");
    sql(&world, poison);
    let left = |world: &World| sql(world, "SELECT count(*) FROM customers WHERE name <> upper(name)");
    let before = left(&world);
    world
        .program(&["--as", "ana", "run", "dry run backfill upperNames on staging"])
        .ended(0)
        .says("Nothing was written")
        .says("405 rows")
        .says("row 3: \"Curie Glow\" → \"CURIE GLOW\"");
    assert_eq!(left(&world), before);
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.say("backfill upperNames on staging batch size 20 at 6000/min, dry run first: no, window: any time");
    chat.wait_for("Is that right?");
    chat.say("yes");
    chat.wait_for("rows done");
    chat.signal("KILL");
    chat.end();
    let told = world.chat(&["/wait", "backfill status upperNames"]).ended(0);
    told.says("404 rows done (100%), 1 quarantined: 1811-trigger 1").says("has come to its end");
    assert!(left(&world).contains("[[1]]"));
    assert!(sql(&world, "SELECT job FROM ops_job_runs").contains("upperNames"));
}
