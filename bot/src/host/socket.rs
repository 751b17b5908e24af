//! The socket's place, and reading and writing lines of JSON on it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::UnixStream;

/// The socket's file within the data folder.
const FILE_NAME: &str = "host.sock";
/// Longest path a socket may have on every system we run on, in bytes.
const PATH_BYTES_MAX: usize = 100;
/// Longest line read: a card with the end of a log on it is far below, and so are all migrations of a service.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Where the socket of a data folder is. In a folder with too long a name it is among the temporary files instead, by a
/// name made from the folder's.
pub(super) fn path(data_dir: &Path) -> PathBuf {
    let within = data_dir.join(FILE_NAME);
    if within.as_os_str().len() <= PATH_BYTES_MAX {
        return within;
    }
    let whole = std::fs::canonicalize(data_dir).unwrap_or_else(|_| data_dir.to_owned());
    let digest = Sha256::digest(whole.as_os_str().as_encoded_bytes());
    let name = digest.iter().take(8).fold(0_u64, |name, byte| name << 8 | u64::from(*byte));
    std::env::temp_dir().join(format!("infra-chat-{name:016x}.sock"))
}

/// Refuses a peer that belongs to another user.
pub(super) fn peer_check(stream: &UnixStream) -> anyhow::Result<()> {
    let peer = stream.peer_cred().context("can't tell who is at the other end of the socket")?;
    if peer.uid() != rustix::process::geteuid().as_raw() {
        bail!("the other end of the socket belongs to another user");
    }
    Ok(())
}

/// Writes a line.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), what: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    Ok(())
}

/// Reads a line; nothing at the end.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
) -> anyhow::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_slice(&line).context("the other infra-chat says something unknown")?))
}
