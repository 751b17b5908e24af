//! `parse`: the typed command a sentence becomes, read with the names of the project there is; without state of its own,
//! with the sample's. A text that is not understood is an answer too, so the exit code is 0.

use std::io::{BufRead, BufReader};

use anyhow::bail;
use chat::intent::{Named, Names, Parsed, Problem, ProblemKind, Vocabulary};
use chat::{Understood, names_of, parse_said};
use engine::model::Project;
use engine::store::{Store, StoreAddress};

use crate::cli::{Exit, Global};
use crate::out;

/// Bytes of input and of output that are kept together.
const BATCH_BUFFER: usize = 64 * 1024;

pub(super) async fn run(
    global: &Global,
    text: Option<&str>,
    batch: bool,
    project: Option<&str>,
) -> anyhow::Result<Exit> {
    let vocabulary = Vocabulary::new(&names(global, project).await?);
    if let Some(text) = text {
        out::data(&serde_json::to_string(&parse_said(text, &vocabulary))?);
    }
    if batch {
        answer_all(&vocabulary)?;
    }
    Ok(Exit::Fine)
}

/// Answers each line of standard input with a line. Output is collected, since telling the system of each line takes many
/// times longer than reading it; who asks one by one, and waits for the answer, gets it at once.
fn answer_all(vocabulary: &Vocabulary) -> anyhow::Result<()> {
    let mut input = BufReader::with_capacity(BATCH_BUFFER, std::io::stdin().lock());
    let mut answers = out::Lines::with_capacity(BATCH_BUFFER);
    let mut line = Vec::new();
    loop {
        if input.buffer().is_empty() {
            // Whatever comes next has to be waited for.
            answers.flush();
        }
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        // A line may be no text at all, or nothing: that is answered too, so that the n-th answer is the n-th line's.
        let parsed = match serde_json::from_slice::<String>(&line) {
            Ok(text) => parse_said(&text, vocabulary),
            Err(_) => Understood { parsed: no_string(), beside: None },
        };
        answers.line(&serde_json::to_string(&parsed)?);
    }
    answers.flush();
    Ok(())
}

/// The names to read with.
async fn names(global: &Global, wanted: Option<&str>) -> anyhow::Result<Names> {
    let config = super::config(global)?;
    let there = match &config.database {
        // Reading a sentence makes no database, and leaves the one there is as it is.
        StoreAddress::Sqlite(file) => file.exists(),
        StoreAddress::Postgres(_) => true,
    };
    let projects: Vec<Project> = if there {
        let listed = Store::open_reading(&config.database).await?.project_list().await?;
        listed.into_iter().map(|project| project.value).collect()
    } else {
        Vec::new()
    };
    let sample = Names::sample();
    let there: Vec<&str> = projects.iter().map(|project| project.project.as_str()).collect();
    let found = match wanted {
        Some(wanted) => projects.iter().find(|project| project.project.as_str() == wanted),
        None if projects.len() > 1 => {
            bail!("there are several projects; name one: --project {}", there.join(", or --project "))
        }
        None => projects.first(),
    };
    match (found, wanted) {
        (Some(project), _) => Ok(with_sample(names_of(project), sample)),
        (None, Some(wanted)) if wanted != sample.project => {
            bail!(
                "there is no project {wanted}; there are: {}",
                if there.is_empty() { "none".to_owned() } else { there.join(", ") }
            )
        }
        (None, _) => Ok(sample),
    }
}

/// The sample project keeps the names its documentation speaks of, also what people call its parts.
fn with_sample(project: Names, sample: Names) -> Names {
    if project.project != sample.project {
        return project;
    }
    let joined = |mut sample: Vec<Named>, own: Vec<Named>| {
        let more: Vec<Named> =
            own.into_iter().filter(|named| sample.iter().all(|other| other.name != named.name)).collect();
        sample.extend(more);
        sample
    };
    Names {
        project: sample.project,
        environments: joined(sample.environments, project.environments),
        services: joined(sample.services, project.services),
        components: joined(sample.components, project.components),
        jobs: joined(sample.jobs, project.jobs),
        providers: joined(sample.providers, project.providers),
    }
}

/// One answer a line, also to a line that is no text.
fn no_string() -> Parsed {
    let message = "This line is no JSON string: write \"deploy staging\", with the quotation marks.";
    Parsed {
        commands: Vec::new(),
        missing: Vec::new(),
        problem: Some(Problem::new(ProblemKind::NotACommand, message)),
    }
}
