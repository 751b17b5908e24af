//! One way to speak with the host, whether this program is it or asks another.

use std::sync::Arc;

use chat::intent::Known;
use chat::{Front, Inbound, known};
use engine::model::Identity;

use super::Following;
use super::follow::follow;
use super::guest::Guest;
use super::wire::{self, Heard, RunBrief, Which};
use crate::config::Config;
use crate::wiring::{Holder, Host, HostLock, Sample, folder_private, speaker_default};

/// A session with the host.
pub(crate) enum Session {
    /// This program is the host.
    Host(Box<Host>),
    /// Another one is.
    Guest {
        /// The way to it.
        guest: Guest,
        /// Who it is, as far as it says.
        holder: Option<Holder>,
    },
}

/// Something said, as a session hears it.
pub(crate) struct Asked<'a> {
    /// The front's name in identities.
    pub(crate) front: &'a str,
    /// Who speaks, by their name there.
    pub(crate) speaker: &'a str,
    /// Where.
    pub(crate) conversation: &'a str,
    /// What.
    pub(crate) text: &'a str,
    /// A name of its own, by which it is done once however often it is heard; `None` where it is only said once.
    pub(crate) event: Option<&'a str>,
}

impl Asked<'_> {
    /// Who speaks.
    pub(crate) fn identity(&self) -> Identity {
        Identity { front: self.front.to_owned(), external_id: self.speaker.to_owned() }
    }

    /// As every front says it.
    pub(crate) fn inbound(&self) -> Inbound {
        Inbound {
            identity: self.identity(),
            conversation: self.conversation.to_owned(),
            event: self.event.map(str::to_owned),
            text: self.text.to_owned(),
        }
    }
}

impl Session {
    /// Becomes the host of the data folder, or a guest of the one there is. `command` is this program's subcommand, for
    /// others to see who the host is; `sample` says what a host does about an empty database; `progress` is told what is being done.
    pub(crate) async fn open(
        config: &Config,
        command: &str,
        sample: Sample,
        progress: &(dyn Fn(&str) + Sync),
    ) -> anyhow::Result<Self> {
        folder_private(&config.data_dir)?;
        loop {
            if let Some(lock) = HostLock::try_take(&config.data_dir, command, &config.database)? {
                return Ok(Self::Host(Box::new(Host::open(config, lock, sample, progress).await?)));
            }
            progress("speaking with the infra-chat that runs the services");
            let gone = || !HostLock::is_taken(&config.data_dir);
            if let Some(guest) = Guest::connect(&config.data_dir, gone).await? {
                return Ok(Self::Guest { guest, holder: Holder::read(&config.data_dir) });
            }
        }
    }

    /// The host, when this program is it.
    pub(crate) fn host(&self) -> Option<&Host> {
        match self {
            Self::Host(host) => Some(host),
            Self::Guest { .. } => None,
        }
    }

    /// Hears something and answers.
    pub(crate) async fn hear(&self, asked: &Asked<'_>) -> anyhow::Result<Heard> {
        match self {
            Self::Host(host) => Ok(host.desk().hear(&asked.inbound()).await.into()),
            Self::Guest { guest, .. } => guest.hear(&asked.inbound()).await,
        }
    }

    /// What can be proposed to whoever types.
    pub(crate) async fn known(&self, identity: &Identity) -> anyhow::Result<Known> {
        match self {
            Self::Host(host) => Ok(known(host.engine(), host.desk(), host.references(), identity).await?),
            Self::Guest { guest, .. } => guest.known(identity).await,
        }
    }

    /// Who speaks on a front when nobody says; `name` is what the system calls the user.
    pub(crate) async fn speaker(&self, front: &str, name: &str) -> anyhow::Result<String> {
        match self {
            Self::Host(host) => Ok(speaker_default(host.engine(), front, name).await?),
            Self::Guest { guest, .. } => guest.speaker(front, name).await,
        }
    }

    /// How runs stand, of those that somebody may look at.
    pub(crate) async fn runs(&self, identity: &Identity, which: &Which) -> anyhow::Result<Vec<RunBrief>> {
        match self {
            Self::Host(host) => Ok(wire::runs(host.engine(), identity, which).await?),
            Self::Guest { guest, .. } => guest.runs(identity, which).await,
        }
    }

    /// Shows in a conversation what happens to runs: to all, or to those asked for there.
    pub(crate) async fn follow(
        &self,
        front: Arc<dyn Front>,
        conversation: &str,
        identity: &Identity,
        everything: bool,
    ) -> anyhow::Result<Following> {
        let conversation = conversation.to_owned();
        match self {
            Self::Host(host) => {
                let runs = wire::follow_of(host.engine(), identity, everything).await?;
                Ok(follow(host.engine().clone(), front, conversation, runs).await?)
            }
            Self::Guest { guest, .. } => {
                guest.follow(front, conversation, identity.clone(), everything).await
            }
        }
    }

    /// Ends it: a host ends its services cleanly, a guest just goes.
    pub(crate) async fn close(self) {
        if let Self::Host(host) = self {
            host.close().await;
        }
    }
}
