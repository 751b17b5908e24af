//! What needs no state: help, parsing, completions.

use std::io::Write as _;
use std::path::PathBuf;

use expect_test::expect;
use sqlx::{Connection, Executor, SqliteConnection};

use crate::world::World;

#[test]
fn the_help_is_a_page_people_read() {
    expect![[r#"
        Infrastructure you can talk to: deploys, rollbacks and the record of them, in plain words.

        Usage: infra-chat [OPTIONS] [COMMAND]

        Talk:
          chat         Talk in the terminal, or read lines from a pipe (the default)
          run          Say one thing, wait for what comes of it, tell by the exit code
          status       Show how things stand
          demo         Talk with simulated providers: no account, nothing kept

        Keep it going:
          serve        Keep everything running: services, schedules, runs, HTTP API
          doctor       Look whether everything that is needed is there
          backup       Write the embedded database into a file, or say what is in one
          restore      Put a backup in the place of the embedded database

        Set it up:
          project      Bring in or write out the description of a project
          user         Say who people are and what they may do
          secret       Keep secrets for services
          completions  Write the completion script of a shell

        Look behind it:
          artifacts    List the files a run left behind, or fetch one
          incident     Read what went wrong, and take its files along
          audit        Read, export and verify the record of what was done
          parse        Show the typed command a sentence becomes, as JSON
          judge        Judge recorded canaries: lines of JSON in, a decision a line out

        For every command:
              --data-dir <DIR>  Folder of all state (default: the platform's data folder)
              --config <FILE>   Configuration file (default: infra-chat.toml here, if there is one)
              --as <NAME>       Who is speaking (default: you, by your name on this machine)
              --color <WHEN>    Colour; `auto` is on a terminal, unless NO_COLOR is set [default: auto] [possible
                                values: auto, always, never]
          -h, --help            Print help
          -V, --version         Print version

        Try it:
          infra-chat                                   talk; brings a sample project
          infra-chat run "deploy staging"              one command; an exit code tells
          infra-chat --as ben run "approve r-3f2a"     speak as somebody else
          printf 'deploy staging\n/wait\nstatus\n' | infra-chat chat

        For your own project:
          infra-chat project import infra-chat.project.yaml
          infra-chat user add ana --role deployer --identity slack:U123
          openssl rand -hex 32 | infra-chat secret set shop/staging/session-secret
          infra-chat serve                             keep it running, with an HTTP API

        When something is odd: infra-chat doctor
    "#]].assert_eq(&World::empty().program_with(&["--help"], "", &[("COLUMNS", "110")]).ended(0).out);
}

#[test]
fn a_sentence_becomes_a_typed_command() {
    let world = World::empty();
    expect![[r#"
        {"commands":[{"action":"deploy","environments":["staging"],"services":["api"]}],"missing":[],"problem":null}
    "#]].assert_eq(&world.program(&["parse", "deploy api to staging"]).ended(0).out);
    // As `run` does: quotation marks are not needed.
    world.program(&["parse", "deploy", "api", "to", "staging"]).ended(0).says("\"services\":[\"api\"]");
    world.program(&["parse", "lovely weather"]).ended(0).says("\"problem\":{");
    assert!(!world.data().exists(), "parsing leaves nothing behind");
}

#[test]
fn a_batch_answers_every_line() {
    let input = "\"deploy staging\"\nnot json\n\n\"rollback production\"\n";
    let told = World::empty().program_with(&["parse", "--batch"], input, &[]).ended(0);
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines.len(), 4, "{}", told.all());
    assert!(lines[0].contains("\"deploy\"") && lines[3].contains("\"rollback\""));
    assert!(lines[1].contains("no JSON string") && lines[2].contains("no JSON string"), "{}", told.all());
}

#[test]
fn a_batch_answers_lines_that_are_no_text_at_all() {
    let input: &[u8] = b"\"deploy \xff\xfe staging\"\n\xc3\n\"deploy staging\"";
    let world = World::empty();
    let mut running = world.start(&["parse", "--batch"], &[]);
    running.input.take().unwrap().write_all(input).unwrap();
    let told = running.end();
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].contains("no JSON string") && lines[1].contains("no JSON string"), "{}", told.all());
    assert!(lines[2].contains("\"deploy\"") && lines.len() == 3, "{}", told.all());
}

#[test]
fn a_batch_answers_who_waits_for_the_answer() {
    let world = World::empty();
    let mut running = world.start(&["parse", "--batch"], &[]);
    running.input.as_mut().unwrap().write_all(b"\"deploy staging\"\n").unwrap();
    // The input stays open: an answer kept until its end would never come.
    running.wait_for("\"deploy\"");
    running.end();
}

#[test]
fn an_order_with_what_nobody_sees_in_it_is_not_read() {
    let input = "\"deploy\\u0000 staging\"\n\"deploy\\u001b staging\"\n\"deploy\\tstaging\"\n";
    let told = World::empty().program_with(&["parse", "--batch"], input, &[]).ended(0);
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].contains("(U+0000)") && lines[1].contains("(U+001B)"), "{}", told.all());
    assert!(lines[2].contains("\"deploy\""), "{}", told.all());
}

#[test]
fn shells_get_their_completions() {
    World::empty().program(&["completions", "bash"]).ended(0).says("complete -F");
}

#[test]
fn a_word_that_is_no_command_is_refused_with_one_that_is() {
    World::empty().program(&["statsu"]).ended(2).says("status");
}

/// A project that is nothing like the sample.
const SHOP: &str = r#"
project: shop
source: { repository: "https://code.example/shop.git" }
services:
  checkout: { start: ./checkout, health: { path: / } }
environments:
  qa: { edge: { checkout: "127.0.0.1:9" } }
people: [{ name: zoe, role: admin }]
"#;

#[test]
fn where_nothing_is_yet_it_is_said_what_brings_the_sample() {
    let world = World::empty();
    for asked in [&["run", "deploy staging"][..], &["status"]] {
        let told = world.program(asked);
        told.says("project import FILE").says("type `infra-chat` alone").says_not("Services run only");
    }
    let world = World::with_sample();
    world.program(&["--as", "ana", "status"]).ended(0).says_not("alone");
}

#[test]
fn a_sentence_is_read_with_the_names_of_the_project_there_is() {
    let world = World::empty();
    std::fs::write(world.path("shop.yaml"), SHOP).unwrap();
    world.program(&["--as", "zoe", "project", "import", "shop.yaml"]).ended(0);
    let shop = r#"{"commands":[{"action":"deploy","environments":["qa"],"services":["checkout"]}],"missing":[],"problem":null}"#;
    let said = ["parse", "deploy checkout to qa"];
    assert_eq!(world.program(&said).ended(0).out.trim(), shop);
    world.program(&["parse", "deploy checkout to staging"]).ended(0).says("\"problem\":{");

    std::fs::write(
        world.path("mall.yaml"),
        SHOP.replace("shop", "mall").replace("qa:", "trial:").replace(":9", ":11"),
    )
    .unwrap();
    world.program(&["--as", "zoe", "project", "import", "mall.yaml"]).ended(0);
    world.program(&said).ended(1).says("several projects").says("--project mall, or --project shop");
    assert_eq!(world.program(&[&said[..], &["--project", "shop"]].concat()).ended(0).out.trim(), shop);
    let told = world.program(&["parse", "deploy checkout to trial", "--project", "mall"]).ended(0);
    told.says("\"environments\":[\"trial\"]");
    let told = world.program(&["parse", "deploy staging", "--project", "invoice-perfect"]).ended(0);
    told.says("\"environments\":[\"staging\"]");
    world
        .program(&["parse", "deploy qa", "--project", "mart"])
        .ended(1)
        .says("there is no project mart; there are: mall, shop");
}

#[test]
fn reading_a_sentence_leaves_the_database_as_it_is() {
    let world = World::with_sample();
    let file = world.data().join("infra-chat.db");
    // As an older program left it: the newest of its migrations is still to come.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut old = SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
        let older =
            "DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
        old.execute(older).await.unwrap();
        old.close().await.unwrap();
    });
    let seen = || {
        let files = std::fs::read_dir(world.data()).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<PathBuf> = files.collect();
        files.sort();
        (files, std::fs::read(&file).unwrap())
    };
    let before = seen();
    world.program(&["parse", "deploy staging"]).ended(0).says("\"deploy\"");
    assert!(seen() == before, "something has changed");
    // Beside a host it is read as it is at that moment.
    std::fs::remove_dir_all(world.data()).unwrap();
    let mut chat = world.start(&["--as", "ana", "chat"], &[]);
    chat.wait_for("Try: deploy");
    world.program(&["parse", "deploy staging"]).ended(0).says("\"deploy\"");
    chat.end().ended(0);
}

/// Ten minutes at a tenth of the traffic; the canary fails `errors` of its ten requests a second.
fn trace(id: &str, errors: u32) -> String {
    let rows = vec![format!("[90,0,10,{errors},9,0,1,{}]", errors.min(1)); 600].join(",");
    let lat = ["[[3,390,390,120],[3,43,43,14]]"; 60].join(",");
    format!(r#"{{"id":"{id}","rate":10,"steps":[[10,600]],"warmup_s":20,"edges_ms":[5,10,20,50,100,200],"#)
        + &format!(
            r#""pre":{{"n":60000,"err":3,"hist":[3,26000,26000,8000],"lanes":6000,"err_lanes":3}},"sec":[{rows}],"lat":[{lat}]}}"#
        )
}

#[test]
fn recorded_canaries_are_judged_line_by_line() {
    let none = r#"{"id":"none","edges_ms":[5],"sec":[[90,0,0,0,9,0,0,0]],"more":1}"#;
    let bucket = r#"{"id":"bucket","edges_ms":[5],"pre":{"hist":[1,4,4]},"sec":[]}"#;
    let input =
        [&trace("good", 0), "what?", &trace("bad", 2), "", r#"{"id":"half"}"#, bucket, none].join("\n");
    let told = World::empty().program_with(&["judge"], &input, &[]).ended(1);
    let answers: Vec<serde_json::Value> =
        told.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let word = |at: usize, key: &str| answers[at][key].as_str().unwrap_or_default().to_owned();
    assert_eq!(answers.len(), 6, "{}", told.all());
    assert_eq!(
        (word(0, "id"), word(0, "decision"), &answers[0]["t"]),
        ("good".into(), "promote".into(), &600.into())
    );
    assert_eq!(
        word(1, "error"),
        "line 2 can't be judged: it is no JSON: nothing can be made of \"what?\" (character 1)"
    );
    assert_eq!(
        (word(2, "id"), word(2, "decision"), &answers[2]["score"]),
        ("bad".into(), "rollback".into(), &0.into())
    );
    assert!(
        answers[2]["t"].as_u64().unwrap() <= 20 && word(2, "because").contains("requests (20%)"),
        "{}",
        told.all()
    );
    assert_eq!(
        (word(3, "id"), word(3, "error")),
        (
            "half".into(),
            "line 5 can't be judged: edges_ms is missing; expected is a list of the latency buckets' edges in milliseconds, [5, 10, …]"
                .into()
        )
    );
    assert_eq!(
        word(4, "error"),
        "line 6 can't be judged: the histogram pre.hist has bucket 2, but 1 edges make buckets 0 to 1 only"
    );
    assert_eq!((word(5, "decision"), &answers[5]["t"]), ("hold".into(), &1.into()));

    let told = World::empty().program_with(&["judge"], &trace("good", 0), &[]).ended(0);
    assert_eq!(told.out.lines().count(), 1, "{}", told.all());
}
