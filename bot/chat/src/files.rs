//! Files of runs on their way to people: how many and how large a message takes, and what is in them.

use engine::control::Engine;
use engine::model::RunId;
use serde::{Deserialize, Serialize};

/// Files that come with one message: Discord takes ten, and one place is kept for a text that found no room.
pub(crate) const FILES_A_MESSAGE: usize = 9;
/// Bytes of the files of one message together, and so of the largest: Discord takes 10 MiB where nobody pays for more.
pub(crate) const BYTES_A_MESSAGE: u64 = 8 * 1024 * 1024;

/// Files of a run that come along with a card, where the front can bring files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Files {
    /// The run.
    pub run: RunId,
    /// The names of its artifacts.
    pub names: Vec<String>,
    /// Where they are kept: a folder, or the beginning of a URL. For who is on that machine.
    pub place: String,
    /// When they were asked for, in milliseconds: asked for once more they come once more.
    pub asked_ms: i64,
}

/// A file as it is brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Its name, which says of which run it is.
    pub name: String,
    /// What is in it, without secrets.
    pub text: String,
}

impl Files {
    /// What one of the files is called where it is brought.
    pub fn file_name(&self, name: &str) -> String {
        format!("{}-{}", self.run, name.replace('/', "-"))
    }

    /// The files themselves. One that can't be read says so in its place: it is not left out silently.
    pub async fn read(&self, engine: &Engine) -> Vec<Brought> {
        let mut brought = Vec::new();
        for name in &self.names {
            let text = match name.parse() {
                Ok(artifact) => {
                    engine.artifacts().read(&self.run, &artifact).await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            let text = text.unwrap_or_else(|why| {
                tracing::warn!(run = %self.run, name, why, "a file can't be brought");
                format!("{name} of {} can't be read: {why}. Ask again: artifacts of {}\n", self.run, self.run)
            });
            brought.push(Brought { name: self.file_name(name), text });
        }
        brought
    }
}
