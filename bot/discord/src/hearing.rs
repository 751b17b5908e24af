//! What Discord told over a socket and is being written down. Messages of one channel are taken in their order, those of many
//! channels at once: in a busy hour nobody waits for the talk of all the others, and what came to a channel meanwhile is one
//! commit. What was told counts as heard when it and all before it are written down, or are told as missed once the database
//! is back.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use engine::store::StoreError;
use serde_json::Value;
use tokio::task::JoinSet;

use crate::intake::Intake;
use crate::payload::{Told, text};

/// Messages that may wait to be written down before nothing more is read from the socket.
const UNWRITTEN_MAX: usize = 500;

/// What was told of a message, and its number.
type Numbered = (u64, (Told, Value));

/// What was told over one socket.
pub(crate) struct Hearing {
    /// The number of what was told last.
    told: u64,
    /// The numbers of messages that are not written down.
    unwritten: BTreeSet<u64>,
    /// Channels of which messages are being written down, each with those that came meanwhile.
    behind: HashMap<String, Vec<Numbered>>,
    going: JoinSet<Result<(String, Vec<u64>), StoreError>>,
    /// Discord asked how far the bot is, after each of these.
    asked: BTreeSet<u64>,
}

impl Hearing {
    /// Nothing is told yet after this number.
    pub(crate) fn after(told: u64) -> Self {
        Self {
            told,
            unwritten: BTreeSet::new(),
            behind: HashMap::new(),
            going: JoinSet::new(),
            asked: BTreeSet::new(),
        }
    }

    /// Something was told; what is told again has a number from before.
    pub(crate) fn told(&mut self, seq: u64) {
        self.told = self.told.max(seq);
    }

    /// Something was told of a message.
    pub(crate) fn message(&mut self, intake: &Arc<Intake>, told: Told, message: Value) {
        self.unwritten.insert(self.told);
        let channel = text(&message, "channel_id");
        let told = (self.told, (told, message));
        match self.behind.get_mut(&channel) {
            Some(behind) => behind.push(told),
            None => self.write(intake, channel, vec![told]),
        }
    }

    /// The number up to which all is heard.
    pub(crate) fn heard(&self) -> u64 {
        self.unwritten.first().map_or(self.told, |first| first.saturating_sub(1))
    }

    /// Discord asks how far the bot is, and is told at once; what is not written down by now is told once more when it is.
    pub(crate) fn asked(&mut self) {
        if self.told > self.heard() {
            self.asked.insert(self.told);
        }
    }

    /// Whether it is to be told now how far the bot has come since it was asked.
    pub(crate) fn answers(&mut self) -> bool {
        let left = self.asked.split_off(&(self.heard() + 1));
        !std::mem::replace(&mut self.asked, left).is_empty()
    }

    /// Whether so much waits that no more is to be read.
    pub(crate) fn is_full(&self) -> bool {
        self.unwritten.len() >= UNWRITTEN_MAX
    }

    /// Returns when more is written down; never while nothing is being written.
    pub(crate) async fn written(&mut self, intake: &Arc<Intake>) -> Result<(), StoreError> {
        let Some(joined) = self.going.join_next().await else { return std::future::pending().await };
        // One that did not come to its end is told again as well.
        let (channel, written) = joined.unwrap_or(Err(StoreError::Closed))?;
        for seq in written {
            self.unwritten.remove(&seq);
        }
        match self.behind.remove(&channel) {
            Some(behind) if !behind.is_empty() => self.write(intake, channel, behind),
            _ => {}
        }
        Ok(())
    }

    fn write(&mut self, intake: &Arc<Intake>, channel: String, messages: Vec<Numbered>) {
        self.behind.insert(channel.clone(), Vec::new());
        let intake = Arc::clone(intake);
        self.going.spawn(async move {
            let (written, messages): (Vec<u64>, Vec<(Told, Value)>) = messages.into_iter().unzip();
            intake.take_in(&channel, &messages).await?;
            Ok((channel, written))
        });
    }
}
