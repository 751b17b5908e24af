//! `incident`: the story of what went wrong, and all its files in an archive for somebody elsewhere.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use engine::control::Bundle;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};

use super::project::refused;
use super::speaker;
use crate::cli::{Exit, Global, Incident};
use crate::out;

/// The file in the archive by which `sha256sum -c` checks the others, where they were unpacked: the manifest names them as they
/// are kept here.
const SUMS: &str = "SHA256SUMS";

/// Who may read the archive and the files in it: its owner.
const MODE: u32 = 0o600;

pub(super) async fn run(global: &Global, command: Incident) -> anyhow::Result<Exit> {
    let config = super::config_with_folder(global)?;
    let engine = super::engine_of_database(&config).await?;
    let actor = speaker::actor(&engine, global).await?;
    match command {
        Incident::Show { incident } => Ok(match engine.incident(&incident, &actor).await {
            Ok(detail) => {
                let summary = || format!("{}: {}", detail.incident.id, detail.incident.summary);
                out::line(detail.story.unwrap_or_else(summary).trim_end());
                Exit::Fine
            }
            Err(refusal) => refused(&refusal),
        }),
        Incident::Export { incident, file } => match engine.incident_bundle(&incident, &actor).await {
            Ok(bundle) => {
                let file = file.unwrap_or_else(|| PathBuf::from(format!("{}.tar.gz", bundle.incident.id)));
                write(&bundle, &file).with_context(|| format!("can't write {}", file.display()))?;
                out::aside(&format!(
                    "{} files of {} in {}",
                    bundle.files.len(),
                    bundle.incident.id,
                    file.display()
                ));
                Ok(Exit::Fine)
            }
            Err(refusal) => Ok(refused(&refusal)),
        },
    }
}

/// Writes the archive: the same bundle gives the same archive.
fn write(bundle: &Bundle, file: &Path) -> anyhow::Result<()> {
    let open = File::options().write(true).create(true).truncate(true).mode(MODE).open(file)?;
    let mut archive = Builder::new(GzEncoder::new(BufWriter::new(open), Compression::default()));
    let sums = sums(bundle);
    let files = bundle.files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    for (name, bytes) in files.chain([(SUMS, sums.as_bytes())]) {
        let mut header = Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(MODE);
        header.set_mtime((bundle.incident.opened_ms / 1_000).unsigned_abs());
        archive.append_data(&mut header, format!("{}/{name}", bundle.incident.id), bytes)?;
    }
    archive.into_inner()?.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.flush()?;
    Ok(())
}

/// A line for each file of the bundle.
fn sums(bundle: &Bundle) -> String {
    let mut sums = String::new();
    for (name, bytes) in &bundle.files {
        for byte in Sha256::digest(bytes) {
            let _ = write!(sums, "{byte:02x}");
        }
        sums.extend(["  ", name, "\n"]);
    }
    sums
}
