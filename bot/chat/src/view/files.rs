//! The files of a run, and what it printed.

use engine::artifacts::ArtifactName;
use engine::control::{KeptLog, RunFile, RunFiles, RunLogs};
use engine::model::{RunId, ServiceName};
use engine::run::Run;

use super::answers::log_line;
use super::time::of_day;
use super::{BUTTONS_MAX, listed};
use crate::files::{BYTES_A_MESSAGE, FILES_A_MESSAGE, Files};
use crate::message::{Card, Tone};

/// Characters of a hash shown; the command line shows all of it.
const HASH_SHOWN: usize = 16;

/// How the artifacts of a run are asked for.
pub(crate) fn artifacts_of_run(run: &RunId) -> String {
    format!("artifacts of {run}")
}

/// A run's artifacts, with as many messages as their files need.
pub(crate) fn files(run: &RunId, found: &RunFiles, now_ms: i64) -> Vec<Card> {
    let small = found.files.iter().filter(|file| is_brought(file));
    let mut pages: Vec<Vec<&RunFile>> = vec![Vec::new()];
    for file in small {
        let page = pages.last().map(Vec::as_slice).unwrap_or_default();
        let bytes: u64 = page.iter().map(|file| file.kept.size).sum();
        if page.len() >= FILES_A_MESSAGE || bytes + file.kept.size > BYTES_A_MESSAGE {
            pages.push(Vec::new());
        }
        if let Some(page) = pages.last_mut() {
            page.push(file);
        }
    }
    let count = found.files.len();
    let noun = if count == 1 { "artifact" } else { "artifacts" };
    let title = format!("{count} {noun} of {run} in {}", found.environment.environment);
    let lines = found.files.iter().map(|file| line(run, file));
    let several = pages.len();
    let mut cards = Vec::new();
    for (number, page) in pages.into_iter().enumerate() {
        let mut card = if number == 0 {
            Card::new(Tone::Plain, title.clone()).list("", lines.clone().collect())
        } else {
            let names: Vec<String> = page.iter().map(|file| file.name.to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Card::new(
                Tone::Plain,
                format!("Artifacts of {run}, {} of {several}: {}", number + 1, listed(&names)),
            )
        };
        if !page.is_empty() {
            card.files = Some(Files {
                run: run.clone(),
                names: page.iter().map(|file| file.name.to_string()).collect(),
                place: found.place.clone(),
                asked_ms: now_ms,
            });
        }
        cards.push(card);
    }
    cards
}

fn is_brought(file: &RunFile) -> bool {
    file.kept.size <= BYTES_A_MESSAGE
}

fn line(run: &RunId, file: &RunFile) -> String {
    let hash: String = file.kept.sha256.chars().take(HASH_SHOWN).collect();
    let mut line = format!("{}, {}, SHA-256 {hash}\u{2026}", file.name, size(file.kept.size));
    if file.hides {
        line.push_str(", shown without what has become known as secret since");
    }
    if !is_brought(file) {
        line = format!(
            "{line}, larger than the {} a message takes, so it is not here: `infra-chat artifacts {run} {} FILE` fetches it",
            size(BYTES_A_MESSAGE),
            file.name
        );
    }
    line
}

/// A size people can grasp.
pub fn size(bytes: u64) -> String {
    const KIB: u64 = 1_024;
    match bytes {
        1 => "1 byte".to_owned(),
        0..KIB => format!("{bytes} bytes"),
        KIB.. if bytes < KIB * KIB => format!("{:.1} KiB", bytes as f64 / KIB as f64),
        _ => format!("{:.1} MiB", bytes as f64 / (KIB * KIB) as f64),
    }
}

/// Whose artifacts are meant was not said.
pub(crate) fn which_artifacts(runs: &[Run]) -> Card {
    if runs.is_empty() {
        return Card::new(Tone::Plain, "No run has ended yet, so there are no artifacts.")
            .text("Next: status");
    }
    let lines = runs
        .iter()
        .map(|run| format!("{}: {}, {}", run.id, run.request.command, run.state.as_str()))
        .collect();
    let mut card = Card::new(Tone::Ask, "The artifacts of which run?").list("", lines);
    for run in runs.iter().take(BUTTONS_MAX) {
        card = card.button(run.id.as_str(), artifacts_of_run(&run.id), false);
    }
    card
}

/// What was printed while a run ran; says of each line whether it was kept, or is what the platform still has.
pub(crate) fn run_logs(run: &RunId, logs: &RunLogs) -> Card {
    let name = &logs.environment.environment;
    let until = match logs.until_ms {
        Some(until_ms) => {
            format!("while {run} ran ({} to {} UTC)", of_day(logs.since_ms), of_day(until_ms))
        }
        None => format!("since {run} began"),
    };
    let meanwhile = |card: Card| {
        let card = card.verbatim(logs.printed.iter().map(log_line).collect());
        if logs.maybe_more {
            card.text(format!("There may be more before that. Next: logs {name}"))
        } else {
            card
        }
    };
    match logs.kept.as_slice() {
        [] if logs.printed.is_empty() => {
            Card::new(Tone::Plain, format!("Nothing was logged in {name} {until}"))
        }
        [] => meanwhile(Card::new(Tone::Plain, format!("Logs of {name} {until}, newest last"))),
        [only] if logs.printed.is_empty() && matches!(only.name, ArtifactName::Log(_)) => {
            let title = format!("Logs of {run} in {name}, kept before it was undone, newest last");
            cut(Card::new(Tone::Plain, title), run, only)
        }
        several => {
            let title = format!("Logs of {run} in {name}, newest last");
            let mut card = Card::new(Tone::Plain, title);
            for log in several {
                card = card.text(format!("{}, kept before it was undone:", log.name));
                card = cut(card, run, log);
            }
            if logs.printed.is_empty() {
                return card;
            }
            meanwhile(card.text(format!("What the services printed {until}:")))
        }
    }
}

fn cut(card: Card, run: &RunId, log: &KeptLog) -> Card {
    let card = card.verbatim(log.lines.clone());
    if log.before == 0 {
        return card;
    }
    card.text(format!("{} lines before that. Next: {}", log.before, artifacts_of_run(run)))
}

/// How the logs of a run are asked for.
pub(crate) fn logs_of_run(run: &RunId, services: &[ServiceName]) -> String {
    let services: Vec<&str> = services.iter().map(ServiceName::as_str).collect();
    match services.as_slice() {
        [] => format!("logs of {run}"),
        services => format!("logs {} of {run}", services.join(" and ")),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use engine::artifacts::ArtifactRef;
    use engine::model::EnvironmentKey;

    use super::*;
    use crate::view::plain;

    #[test]
    fn a_file_no_message_takes_is_named_with_what_fetches_it() {
        let file = |name: &str, size| RunFile {
            name: name.parse().unwrap(),
            kept: ArtifactRef {
                path: format!("runs/r-3f2a/{name}"),
                sha256: "0123456789abcdef".repeat(4),
                size,
            },
            hides: false,
        };
        let found = RunFiles {
            environment: EnvironmentKey::new("shop".parse().unwrap(), "staging".parse().unwrap()),
            place: "/kept/runs/r-3f2a".to_owned(),
            files: vec![file("run.json", 812), file("build.log", BYTES_A_MESSAGE + 1)],
        };
        let cards = files(&"r-3f2a".parse().unwrap(), &found, 1);
        let said: Vec<String> = cards.iter().map(plain).collect();
        let line = "build.log, 8.0 MiB, SHA-256 0123456789abcdef\u{2026}, larger than the 8.0 MiB a message takes, so it is not \
                    here: `infra-chat artifacts r-3f2a build.log FILE` fetches it";
        assert!(said.concat().contains(line), "{said:#?}");
        let brought = cards.iter().filter_map(|card| card.files.as_ref()).flat_map(|files| &files.names);
        assert_eq!(brought.collect::<Vec<_>>(), ["run.json"], "the other one can't come");
    }
}
