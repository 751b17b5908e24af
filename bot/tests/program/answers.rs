//! What needs no state: help, parsing, completions.

use expect_test::expect;

use crate::world::World;

#[test]
fn the_help_is_a_page_people_read() {
    expect![[r#"
        Infrastructure you can talk to: deploys, rollbacks and the record of them, in plain words.

        Usage: infra-chat [OPTIONS] [COMMAND]

        Commands:
          chat         Talk in the terminal, or read lines from a pipe (what happens without a command)
          serve        Keep everything running: services, schedules, waiting runs, HTTP API
          run          Say one thing, wait for what comes of it, and tell by the exit code
          status       Show how things stand
          project      Bring in or write out the description of a project
          user         Say who people are and what they may do
          secret       Keep secrets for services
          audit        Read, export and verify the record of what was done
          doctor       Look whether everything that is needed is there
          parse        Show the typed command a sentence becomes, as JSON
          completions  Write the completion script of a shell

        Options:
          -h, --help
                  Print help (see a summary with '-h')

          -V, --version
                  Print version

        For every command:
              --data-dir <DIR>
                  Folder of all state (default: the platform's data folder)

              --config <FILE>
                  Configuration file (default: infra-chat.toml here, if there is one)

              --as <NAME>
                  Who is speaking (default: you, by your name on this machine)

              --color <WHEN>
                  Colour

                  Possible values:
                  - auto:   On a terminal, unless NO_COLOR is set
                  - always: Always
                  - never:  Never
          
                  [default: auto]

        Try it:
          infra-chat                                   talk in the terminal; the first start brings a sample project
          infra-chat run "deploy staging"              one command; waits; exit code 0, 1 failed, 2 refused or needs
          approval
          infra-chat --as ben run "approve r-3f2a"     speak as somebody else
          printf 'deploy staging\n/wait\nstatus\n' | infra-chat chat

        For your own project:
          infra-chat project import infra-chat.project.yaml
          infra-chat user add ana --role deployer --identity slack:U123
          openssl rand -hex 32 | infra-chat secret set invoice-perfect/staging/session-secret
          infra-chat serve                             keep it running: services, schedules, HTTP API

        When something is odd: infra-chat doctor
    "#]].assert_eq(&World::empty().program_with(&["--help"], "", &[("COLUMNS", "110")]).ended(0).out);
}

#[test]
fn a_sentence_becomes_a_typed_command() {
    let world = World::empty();
    expect![[r#"
        {"commands":[{"action":"deploy","environments":["staging"],"services":["api"]}],"missing":[],"problem":null}
    "#]].assert_eq(&world.program(&["parse", "deploy api to staging"]).ended(0).out);
    world.program(&["parse", "lovely weather"]).ended(0).says("\"problem\":{");
    assert!(!world.data().exists(), "parsing leaves nothing behind");
}

#[test]
fn a_batch_answers_every_line() {
    let input = "\"deploy staging\"\nnot json\n\"rollback production\"\n";
    let told = World::empty().program_with(&["parse", "--batch"], input, &[]).ended(0);
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines.len(), 3, "{}", told.all());
    assert!(lines[0].contains("\"deploy\"") && lines[2].contains("\"rollback\""));
    assert!(lines[1].contains("no JSON string"));
}

#[test]
fn shells_get_their_completions() {
    World::empty().program(&["completions", "bash"]).ended(0).says("complete -F");
}

#[test]
fn a_word_that_is_no_command_is_refused_with_one_that_is() {
    World::empty().program(&["statsu"]).ended(2).says("status");
}
