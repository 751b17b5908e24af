//! Reads an export and says what it is worth. Needs memory for one line, and nothing but the file, the public key and the
//! anchors somebody kept.

use std::io::{self, BufRead, Read};

use super::checkpoint::{Checkpoint, CheckpointError, PublicKey};
use super::export::{FORMAT, FORMAT_VERSION, LINE_BYTES_MAX, Line};
use super::raw::RawEvent;
use super::verdict::Verdict;
use super::walk::Walk;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The file can't be read.
    #[error("the audit export can't be read")]
    Read(#[from] io::Error),
    /// There is nothing in the file.
    #[error("this file is empty: it is no audit export, or all of it is gone")]
    Empty,
    /// The file is something else.
    #[error(
        "this is no audit export: its first line is not the header; make one with `infra-chat audit export`"
    )]
    NotAnExport,
    /// The file was written by another version of the program.
    #[error(
        "this export has format version {version}, but this program reads {FORMAT_VERSION}: use the program that wrote it"
    )]
    Version {
        /// Its version.
        version: u32,
    },
    /// One of the anchors given proves nothing, so nothing can be proved with it.
    #[error(
        "an anchor can't be used; take it again from where it was kept, and check that the public key belongs to it"
    )]
    Anchor(#[source] CheckpointError),
}

/// Verifies an export, offline.
///
/// `public_key` is the key that signed the checkpoints, as it was handed out before; without it the key in the file is
/// used, which whoever wrote the file could have chosen. `anchors` are checkpoints kept outside the record, in any order.
/// Without either, the best verdict there can be is [`Verdict::UnanchoredSince`].
pub fn verify(
    mut reader: impl BufRead,
    public_key: Option<&PublicKey>,
    anchors: &[Checkpoint],
) -> Result<Verdict, VerifyError> {
    let mut line = Vec::new();
    match line_read(&mut reader, &mut line)? {
        Found::Nothing => return Err(VerifyError::Empty),
        Found::TooLong => return Err(VerifyError::NotAnExport),
        Found::Line { .. } => {}
    }
    let header = match serde_json::from_slice(&line) {
        Ok(Line::Header(header)) if header.format == FORMAT => header,
        _ => return Err(VerifyError::NotAnExport),
    };
    if header.version != FORMAT_VERSION {
        return Err(VerifyError::Version { version: header.version });
    }
    let key = *public_key.unwrap_or(&header.public_key);
    for anchor in anchors {
        match anchor.verify(&key) {
            // The key is only what the file says: then it is the file that lies.
            Err(error @ CheckpointError::OtherKey { .. }) if public_key.is_none() => {
                return Ok(Verdict::Altered {
                    at_seq: 0,
                    why: format!("it names another key than the anchors: {error}"),
                });
            }
            Err(error) => return Err(VerifyError::Anchor(error)),
            Ok(()) => {}
        }
    }
    if key != header.public_key {
        let why = format!("it names the key {}, but the key given is {}", header.public_key.id(), key.id());
        return Ok(Verdict::Altered { at_seq: 0, why });
    }
    if Line::Header(header).canonical().as_bytes() != line {
        return Ok(Verdict::Altered {
            at_seq: 0,
            why: "it is not written as an export writes it".to_owned(),
        });
    }
    let mut walk = Walk::new(key, public_key.is_some(), anchors);
    loop {
        let found = line_read(&mut reader, &mut line)?;
        if let (Found::Line { whole: true }, Some(event)) = (found, RawEvent::read(&line)) {
            match walk.raw(&event) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(verdict) => return Ok(verdict),
            }
        }
        let judged = match found {
            Found::Nothing => return Ok(walk.finish()),
            Found::TooLong => Err(walk.altered("its line is longer than any an export has")),
            Found::Line { whole } => match serde_json::from_slice::<Line>(&line) {
                Ok(read) if read.canonical().as_bytes() == line => walk.step(read),
                Err(_) if !whole => Err(walk.truncated()),
                Ok(_) => Err(walk.altered("its line is not written as an export writes it")),
                Err(error) => Err(walk.altered(&format!("its line can't be read ({error})"))),
            },
        };
        if let Err(verdict) = judged {
            return Ok(verdict);
        }
    }
}

/// What was left of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Its end.
    Nothing,
    /// A line; not whole when the file ends without ending the line.
    Line { whole: bool },
    /// More than a line may have.
    TooLong,
}

/// Reads the next line, without its end.
fn line_read(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Found> {
    line.clear();
    let limit = LINE_BYTES_MAX as u64 + 1;
    reader.by_ref().take(limit).read_until(b'\n', line)?;
    if line.is_empty() {
        return Ok(Found::Nothing);
    }
    let whole = line.pop_if(|last| *last == b'\n').is_some();
    Ok(if line.len() > LINE_BYTES_MAX { Found::TooLong } else { Found::Line { whole } })
}
