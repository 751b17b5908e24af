//! The chat on a real terminal, lent by `script`.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use crate::world::{Running, World};

const ROWS: u16 = 40;
const COLUMNS: u16 = 100;

/// The chat in a terminal of its own; nothing where there is no `script` to lend one.
fn terminal(world: &World) -> Option<Running> {
    terminal_of(world, ROWS)
}

/// The same with so many rows.
fn terminal_of(world: &World, rows: u16) -> Option<Running> {
    let chat = format!(
        "stty rows {rows} cols {COLUMNS}; exec {} --data-dir {} --as ana",
        env!("CARGO_BIN_EXE_infra-chat"),
        world.data().display()
    );
    let there = std::process::Command::new("script").arg("--version").output().is_ok();
    there.then(|| {
        world.start_program(
            "script",
            &["-qefc", &chat, "/dev/null"],
            &[("TERM", "xterm"), ("LANG", "C.UTF-8")],
        )
    })
}

/// What stands on the screen once everything that was written has been drawn.
fn screen(chat: &Running) -> String {
    screen_of(chat, ROWS)
}

fn screen_of(chat: &Running, rows: u16) -> String {
    let mut terminal = vt100::Parser::new(rows, COLUMNS, 1_000);
    terminal.process(chat.said().as_bytes());
    terminal.screen().contents()
}

#[test]
fn what_is_typed_ahead_or_pasted_is_not_lost() {
    let world = World::with_sample();
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy");
    chat.types("status staging\r/whoami\r");
    chat.wait_for("You are ana");
    chat.types("\u{1b}[200~/as ben\n/whoami\u{1b}[201~\r");
    chat.wait_for("You are ben");
    chat.types("/quit\r");
    chat.end().ended(0);
}

#[test]
fn an_interrupt_drops_the_line_and_tells_the_way_out_only_where_there_is_none() {
    let world = World::with_sample();
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy");
    chat.types("whoa");
    chat.wait_until(screen, |shown| shown.trim_end().ends_with("ana> whoa"));
    chat.types("\u{3}");
    chat.wait_until(screen, |shown| shown.trim_end().ends_with("ana>"));
    assert!(!chat.said().contains("To leave"), "{}", chat.said());
    chat.types("\u{3}");
    chat.wait_for("To leave, type /quit or press Ctrl-D. To stop a run, say: cancel");
    chat.types("\u{4}");
    chat.end().ended(0).says_not("You are ana");
}

#[test]
fn what_the_project_has_is_proposed() {
    let world = World::with_sample();
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy");
    chat.types("dry run deploy st\tref v1.1\t\r");
    chat.wait_for("Deploy v1.1.0");
    chat.types("/as z\t\r");
    chat.wait_for("You speak as zoe now");
    chat.types("/as zora\r");
    chat.wait_for("There are ana, ben, vera, zoe");
    chat.types("/quit\r");
    chat.end().ended(0);
}

#[test]
fn a_run_is_one_card_above_the_line_being_typed() {
    /// Its plan with its migrations, what was typed before it and what is typed below are on one screen.
    const ROWS_CARD: u16 = 80;
    let screen = |chat: &Running| screen_of(chat, ROWS_CARD);
    let world = World::with_sample();
    let Some(mut chat) = terminal_of(&world, ROWS_CARD) else { return };
    chat.wait_for("Try: deploy");
    chat.types("dep\tv1.0.0 to st\t\r");
    chat.wait_for("queued");
    chat.types("status");
    chat.wait_for("succeeded in");
    let shown = chat.wait_until(screen, |shown| {
        shown.contains("✓ finalize") && shown.trim_end().ends_with("ana> status")
    });
    for once in ["Deploy v1.0.0", "asked by", "✓ preflight", "✓ finalize", "ana> deploy", "ana> status"] {
        assert_eq!(shown.matches(once).count(), 1, "not once {once:?} in\n{shown}");
    }
    let earlier = ["▸", "queued", "running"].iter().any(|word| shown.contains(word));
    assert!(!earlier, "something of an earlier drawing stayed:\n{shown}");
    chat.types(" staging\r");
    chat.wait_for("release 1 (v1.0.0");
    chat.signal("TERM");
    // `script` passes the end on by closing the terminal.
    chat.end();
}

#[test]
fn a_line_that_was_begun_is_still_there_when_a_guest_becomes_the_host() {
    let world = World::with_sample();
    let mut serve = world.start(&["serve"], &[("INFRA_CHAT_LISTEN", "127.0.0.1:0")]);
    serve.wait_for("listens on http://");
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy");
    chat.types("status sta");
    chat.wait_until(screen, |shown| shown.trim_end().ends_with("ana> status sta"));
    serve.signal("KILL");
    serve.end();
    let shown = chat.wait_until(screen, |shown| {
        shown.contains("this one runs them now.") && shown.trim_end().ends_with("ana> status sta")
    });
    assert_eq!(shown.matches("ana> ").count(), 1, "{shown}");
    chat.types("ging\r");
    chat.wait_until(screen, |shown| {
        shown.contains("staging: nothing is deployed") && shown.trim_end().ends_with("ana>")
    });
    chat.types("/quit\r");
    chat.end().ended(0);
}

#[test]
fn proposals_listed_while_cards_are_drawn_stay_readable() {
    let world = World::with_sample();
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy");
    chat.types("deploy v1.0.0 to staging\r");
    chat.wait_for("queued");
    // Between the two keys the editor takes nothing, and what happens waits.
    chat.types("re\t");
    chat.wait_until(screen, |shown| shown.trim_end().ends_with("ana> re"));
    std::thread::sleep(Duration::from_millis(300));
    chat.types("\t");
    let shown = chat
        .wait_until(screen, |shown| shown.contains("✓ finalize") && shown.trim_end().ends_with("ana> re"));
    for once in ["releases", "rehearse", "reject", "restart", "✓ finalize"] {
        assert_eq!(shown.matches(once).count(), 1, "not once {once:?} in\n{shown}");
    }
    chat.types("\u{15}/quit\r");
    chat.end().ended(0);
}

/// Enough for all lines of the test below to stay on the screen, so that every card is drawn anew in its place.
const ROWS_MANY: u16 = 4_000;
/// Lines ended at once, and between two such bursts.
const BURST: &str = "\r\r\r";
const BETWEEN_BURSTS: Duration = Duration::from_millis(4);

#[test]
fn lines_ended_at_the_very_instant_a_card_is_drawn_leave_nothing_stale() {
    let world = World::with_sample();
    let Some(mut chat) = terminal_of(&world, ROWS_MANY) else { return };
    chat.wait_for("Try: deploy");
    chat.types("deploy v1.0.0 to staging\rdeploy v1.0.0 to local\r");
    chat.wait_for("queued");
    let (began, mut ended) = (Instant::now(), 2);
    // Both deploys are done by then, and as many lines fit.
    while ended + 100 < usize::from(ROWS_MANY) && began.elapsed() < Duration::from_mins(1) {
        chat.types(BURST);
        ended += BURST.len();
        std::thread::sleep(BETWEEN_BURSTS);
        if ended % 300 < BURST.len() && chat.said().matches("succeeded in").count() >= 2 {
            break;
        }
    }
    let shown = chat.wait_until(
        |chat| screen_of(chat, ROWS_MANY),
        |shown| shown.matches("ana>").count() > ended && shown.matches("succeeded in").count() >= 2,
    );
    for (what, times) in
        [("Deploy v1.0.0", 2), ("asked by", 2), ("✓ preflight", 2), ("✓ finalize", 2), ("ana>", ended + 1)]
    {
        assert_eq!(shown.matches(what).count(), times, "{what:?} in\n{shown}");
    }
    let earlier = ["▸", "queued", "running"].iter().find(|word| shown.contains(**word));
    assert_eq!(earlier, None, "something of an earlier drawing stayed:\n{shown}");
    chat.types("/quit\r");
    chat.end().ended(0);
}
