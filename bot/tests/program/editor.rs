//! The chat on a real terminal, lent by `script`.
#![cfg(target_os = "linux")]

use crate::world::World;

/// The chat in a terminal of its own; nothing where there is no `script` to lend one.
fn terminal(world: &World) -> Option<crate::world::Running> {
    let chat =
        format!("exec {} --data-dir {} --as ana", env!("CARGO_BIN_EXE_infra-chat"), world.data().display());
    let there = std::process::Command::new("script").arg("--version").output().is_ok();
    there.then(|| {
        world.start_program(
            "script",
            &["-qefc", &chat, "/dev/null"],
            &[("TERM", "xterm"), ("LANG", "C.UTF-8")],
        )
    })
}

#[test]
fn what_is_typed_ahead_or_pasted_is_not_lost() {
    let world = World::with_sample();
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy staging");
    chat.types("status staging\r/whoami\r");
    chat.wait_for("You are ana");
    chat.types("\u{1b}[200~/as ben\n/whoami\u{1b}[201~\r");
    chat.wait_for("You are ben");
    chat.types("/quit\r");
    chat.end().ended(0);
}

#[test]
fn a_run_is_shown_above_the_line_being_typed() {
    let world = World::with_sample();
    let Some(mut chat) = terminal(&world) else { return };
    chat.wait_for("Try: deploy staging");
    chat.types("dep\tv1.0.0 to st\t\r");
    chat.wait_for("queued");
    chat.types("status");
    chat.wait_for("\u{1b}[32m✓\u{1b}[0m finalize");
    chat.types(" staging\r");
    chat.wait_for("release 1 (v1.0.0");
    chat.signal("TERM");
    // `script` passes the end on by closing the terminal.
    chat.end();
}
