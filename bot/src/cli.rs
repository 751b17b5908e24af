//! What can be typed on the command line.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use engine::artifacts::ArtifactName;
use engine::audit::PublicKey;
use engine::model::{IdError, Identity, Role, RunId, UserName};

use crate::commands::{project, secret};
use crate::terminal::speaker_name;

/// How a program ended, for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did what it was asked.
    Fine,
    /// It tried, and it did not work.
    Failed,
    /// It was not allowed or not understood, or a person must say something first.
    Refused,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Fine => Self::SUCCESS,
            Exit::Failed => Self::FAILURE,
            Exit::Refused => Self::from(2),
        }
    }
}

const ABOUT: &str =
    "Infrastructure you can talk to: deploys, rollbacks and the record of them, in plain words.";

const EXAMPLES: &str = "\
Try it:
  infra-chat                                   talk; brings a sample project
  infra-chat run \"deploy staging\"              one command; an exit code tells
  infra-chat --as ben run \"approve r-3f2a\"     speak as somebody else
  printf 'deploy staging\\n/wait\\nstatus\\n' | infra-chat chat

For your own project:
  infra-chat project import infra-chat.project.yaml
  infra-chat user add ana --role deployer --identity slack:U123
  openssl rand -hex 32 | infra-chat secret set shop/staging/session-secret
  infra-chat serve                             keep it running, with an HTTP API

When something is odd: infra-chat doctor";

const JUDGE_HELP: &str = "\
A trace has the keys
  id        any name
  steps     [[share of traffic in percent, seconds], …]: the stages
  warmup_s  seconds at the start in which the canary may be cold
  edges_ms  edges of the latency buckets: bucket i holds edges[i-1] <= x < edges[i]
  pre       {n, err, hist, lanes, err_lanes}: the stable version before the canary
  sec       a row a second: [stable requests, errors, canary requests, errors,
            stable lanes, lanes with an error, canary lanes, lanes with an error]
  lat       a row per 10 s: [stable histogram, canary histogram]
A histogram is [first bucket, count, count, …], [] when empty. Other keys are passed over.

The answer: {\"id\", \"decision\": \"rollback\" | \"promote\" | \"hold\", \"t\": second, \"score\": 0-100, \"because\"}.
A rollback comes as early as it can, the others at the end; hold means not enough data to promote, or plain counts so
far apart that a person would be asked. A line that can't be judged is answered {\"id\", \"error\"}, with the field that
is wrong and what belongs there, and does not stop the others.

  infra-chat judge < traces.jsonl

Exit code: 0 every line was judged, 1 some were not.";

/// The groups of the help, each with its commands.
const GROUPS: [(&str, &[&str]); 4] = [
    ("Talk", &["chat", "run", "status", "demo"]),
    ("Keep it going", &["serve", "doctor", "backup", "restore"]),
    ("Set it up", &["project", "user", "secret", "completions"]),
    ("Look behind it", &["artifacts", "incident", "audit", "parse", "judge"]),
];

impl Cli {
    /// Reads the command line; ends the program with help or a fault where that is what it asks for.
    pub(crate) fn read() -> Self {
        let matches = Self::grouped().get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// The command with its help in groups, which clap has for flags only.
    fn grouped() -> clap::Command {
        let command = Self::command();
        let mut groups = String::new();
        for (title, names) in GROUPS {
            let _ = writeln!(groups, "{title}:");
            for name in names {
                let about = command.find_subcommand(name).and_then(clap::Command::get_about);
                let about = about.map(ToString::to_string).unwrap_or_default();
                let _ = writeln!(groups, "  {name:12} {about}");
            }
            groups.push('\n');
        }
        command.help_template(format!(
            "{{about}}\n\n{{usage-heading}} {{usage}}\n\n{groups}For every command:\n{{options}}{{after-help}}"
        ))
    }
}

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "infra-chat", version, about = ABOUT, after_help = EXAMPLES, max_term_width = 110, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// What every command understands.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "For every command")]
pub(crate) struct Global {
    /// Folder of all state (default: the platform's data folder)
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data_dir: Option<PathBuf>,
    /// Configuration file (default: infra-chat.toml here, if there is one)
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// Who is speaking (default: you, by your name on this machine)
    #[arg(long = "as", value_name = "NAME", value_parser = speaker_name, global = true)]
    pub(crate) speaker: Option<String>,
    /// Colour; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(long, value_name = "WHEN", value_enum, default_value_t, global = true)]
    pub(crate) color: ColorChoice,
}

/// When to colour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    // No documentation comments here: clap would give each its own paragraph in the help.
    #[default]
    Auto,
    Always,
    Never,
}

/// The subcommands, in the order of the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Talk in the terminal, or read lines from a pipe (the default)
    Chat,
    /// Talk with simulated providers: no account, nothing kept
    Demo {
        /// What is shown
        #[arg(value_name = "WHAT")]
        of: Demonstrated,
    },
    /// Keep everything running: services, schedules, runs, HTTP API
    Serve,
    /// Say one thing, wait for what comes of it, tell by the exit code
    #[command(after_help = "Exit code:\n  \
            0  it succeeded, was done, or is scheduled; a question was answered, and \"can I …?\" with yes\n  \
            1  it failed, or could not be done: no release to go back to, or a provider does not answer\n  \
            2  it was refused or not understood, or waits for a person; \"can I …?\" was answered with no, or not alone")]
    Run {
        /// What to say, as in the chat: "deploy staging"
        #[arg(value_name = "TEXT", required = true, num_args = 1..)]
        text: Vec<String>,
    },
    /// Show how things stand
    Status {
        /// An environment (default: all)
        #[arg(value_name = "ENV")]
        environment: Option<String>,
    },
    /// Bring in or write out the description of a project
    #[command(subcommand)]
    Project(project::Project),
    /// Say who people are and what they may do
    #[command(subcommand)]
    User(User),
    /// Keep secrets for services
    #[command(subcommand)]
    Secret(secret::Secret),
    /// Read, export and verify the record of what was done
    #[command(subcommand)]
    Audit(Audit),
    /// Read what went wrong, and take its files along
    #[command(subcommand)]
    Incident(Incident),
    /// List the files a run left behind, or fetch one
    Artifacts {
        /// The run: `r-3f2a`
        #[arg(value_name = "RUN")]
        run: RunId,
        /// Which one, as the list names it: `logs/api.log` (default: list them with SHA-256, size, and where each is)
        #[arg(value_name = "NAME")]
        name: Option<ArtifactName>,
        /// Where to write it (default: standard output)
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Look whether everything that is needed is there
    Doctor,
    /// Write the embedded database into a file, or say what is in one
    #[command(
        after_help = "Everything may run meanwhile. Keys, artifacts and the data of services are not in it."
    )]
    Backup {
        /// The new file; with --check, the one to look at
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Look whether it is whole, and what is in it
        #[arg(long)]
        check: bool,
    },
    /// Put a backup in the place of the embedded database
    #[command(
        after_help = "Nothing may run meanwhile. What was there is kept beside it; runs under way in it are paused."
    )]
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Show the typed command a sentence becomes, as JSON
    Parse {
        /// The sentence
        #[arg(value_name = "TEXT", required_unless_present = "batch", conflicts_with = "batch", num_args = 1..)]
        text: Vec<String>,
        /// Read sentences from standard input, a JSON string a line; answer a JSON object a line
        #[arg(long)]
        batch: bool,
        /// With whose names to read (default: the only project there is; the sample's when there is none)
        #[arg(long, value_name = "NAME")]
        project: Option<String>,
    },
    /// Judge recorded canaries: lines of JSON in, a decision a line out
    #[command(after_help = JUDGE_HELP)]
    Judge,
    /// Write the completion script of a shell
    Completions {
        /// Which shell
        #[arg(value_enum)]
        shell: Shell,
    },
    /// Answer SQL over standard input and output, for services of the local platform
    #[command(hide = true)]
    Sql {
        /// A SQLite URL
        url: String,
    },
}

/// People.
#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a person, or give one another role
    Add {
        /// Their name, or who they are on a front: `slack:U123`
        #[arg(value_name = "NAME|FRONT:ID")]
        who: Who,
        /// What they may do: viewer, deployer or admin
        #[arg(long)]
        role: Role,
        /// Who they are elsewhere, `slack:U123`; can be repeated
        #[arg(long = "identity", value_name = "FRONT:ID")]
        identities: Vec<Identity>,
        /// Take identities that are other people's away from them
        #[arg(long = "move")]
        moves: bool,
    },
    /// Everybody, with their roles and identities
    List,
    /// Say who somebody is on a front
    Link {
        /// Their name
        name: UserName,
        /// The identity: `slack:U123`
        #[arg(value_name = "FRONT:ID")]
        identity: Identity,
        /// Take it away from whoever has it
        #[arg(long = "move")]
        moves: bool,
    },
    /// Take a person away, with all their identities
    Remove {
        /// Their name
        name: UserName,
    },
}

/// A person, by their name or by who they are on a front.
#[derive(Debug, Clone)]
pub(crate) enum Who {
    /// By name.
    Name(UserName),
    /// By an identity.
    Identity(Identity),
}

impl std::str::FromStr for Who {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        if given.contains(':') {
            given.parse().map(Self::Identity).map_err(|error: engine::model::IdError| error.to_string())
        } else {
            given.parse().map(Self::Name).map_err(|error: engine::model::NameError| error.to_string())
        }
    }
}

/// What can be shown without an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Demonstrated {
    /// Environments at Railway, behind Cloudflare
    Railway,
}

/// The record.
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    /// The newest entries
    List {
        /// How many hours back
        #[arg(long, default_value_t = 24)]
        hours: u32,
    },
    /// Write the whole record as lines of JSON, for keeping elsewhere and for `verify`
    Export {
        /// The file (default: standard output)
        file: Option<PathBuf>,
    },
    /// Say whether an export is intact. Works without a database and without a network
    #[command(after_help = "Exit code: 0 intact, 1 altered, truncated or not vouched for.")]
    Verify {
        /// The export
        file: PathBuf,
        /// The public key that `audit export` named, kept elsewhere
        #[arg(long, value_parser = public_key)]
        key: Option<Box<PublicKey>>,
        /// Checkpoints kept elsewhere: the folder of artifacts or a copy, or a file with a JSON object a line; can be
        /// repeated (default: this installation's own, when there is one)
        #[arg(long = "anchors", value_name = "FOLDER")]
        anchors: Vec<PathBuf>,
    },
}

/// Incidents.
#[derive(Debug, Subcommand)]
pub(crate) enum Incident {
    /// The story of an incident
    Show {
        /// Which: `i-3f2a`, as `incidents` lists it
        #[arg(value_name = "INCIDENT")]
        incident: String,
    },
    /// Write all files of an incident into an archive, unless a secret is in one of them
    #[command(
        after_help = "Exit code: 0 written, 2 nothing is written: there is no such incident, a file holds the value of a secret, \
                      or is not what the manifest says."
    )]
    Export {
        /// Which: `i-3f2a`, as `incidents` lists it
        #[arg(value_name = "INCIDENT")]
        incident: String,
        /// The archive (default: INCIDENT.tar.gz here)
        #[arg(value_name = "FILE.tar.gz")]
        file: Option<PathBuf>,
    },
}

/// A public key, boxed because it is much longer than everything else that can be typed.
fn public_key(given: &str) -> Result<Box<PublicKey>, IdError> {
    given.parse().map(Box::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group_of_the_help() {
        let command = Cli::command();
        let shown = command.get_subcommands().filter(|sub| !sub.is_hide_set()).map(clap::Command::get_name);
        let mut shown: Vec<&str> = shown.collect();
        let mut grouped: Vec<&str> = GROUPS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        shown.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, shown);
        Cli::grouped().debug_assert();
    }

    #[test]
    fn help_fits_a_terminal_of_80_columns() {
        const COLUMNS: usize = 80;
        fn check(command: &clap::Command) {
            for line in command.clone().term_width(COLUMNS).render_long_help().to_string().lines() {
                assert!(line.chars().count() <= COLUMNS, "{}: {line}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&Cli::grouped());
    }
}
