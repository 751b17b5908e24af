//! Where log lines go: to standard error for `serve`, to `<data>/infra-chat.log` for everything a person looks at.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use anyhow::Context as _;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::config::{Config, LogFormat};

/// A log longer than this is put aside at the next start; one earlier file is kept.
const LOG_BYTES_MAX: u64 = 10 * 1024 * 1024;

/// These would write down what goes over sockets to chat platforms, secrets in forms included, whatever is asked for.
const QUIET: [&str; 3] = ["tungstenite=info", "tokio_tungstenite=info", "slack_morphism=info"];

/// The log's file.
pub(crate) fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("infra-chat.log")
}

/// Log lines go to the file.
pub(crate) fn to_file(config: &Config) -> anyhow::Result<()> {
    let path = file(&config.data_dir);
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > LOG_BYTES_MAX) {
        // A log that can't be put aside goes on growing, which is no reason not to start.
        let _ = std::fs::rename(&path, path.with_extension("log.1"));
    }
    let open = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
    let log: File = open.with_context(|| format!("can't write the log {}", path.display()))?;
    start(config, BoxMakeWriter::new(Mutex::new(log)), false);
    Ok(())
}

/// Log lines go to standard error.
pub(crate) fn to_stderr(config: &Config) {
    use std::io::IsTerminal;
    start(config, BoxMakeWriter::new(std::io::stderr), std::io::stderr().is_terminal());
}

fn start(config: &Config, writer: BoxMakeWriter, coloured: bool) {
    let filter = config.log.parse::<EnvFilter>().unwrap_or_else(|_| EnvFilter::new("info"));
    let filter = QUIET.iter().filter_map(|quiet| quiet.parse().ok()).fold(filter, EnvFilter::add_directive);
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(coloured);
    // A log that can't be written, because its disk is full, is no reason to write into somebody's chat: what is wrong with
    // the disk is said there in words.
    let lines = lines.log_internal_errors(false);
    // A second subscriber is refused, and there is none.
    let _ = match config.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().try_init(),
    };
}
