//! What is done with what Discord tells. Messages are written down before they count as heard. Interactions are acknowledged
//! first, because the right to answer one ends after three seconds, and written down then: what somebody saw fail is not
//! done. Secrets are sealed on the spot and written down nowhere.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chat::{
    Hearing, Listener, Pasted, Place, Recent, Recurring, References, Spoken, Taken, Troubles, holds_secret,
};
use engine::control::Engine;
use engine::model::{Identity, Role, RunId};
use engine::store::{Commit, StoreError, Write};
use serde_json::Value;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::names::Names;
use crate::payload::{self, Interacted, Said, Told, Unreadable, What, list, text};
use crate::places::{Kind, Places};
use crate::settings::Settings;
use crate::web::Web;
use crate::{FRONT, check, trouble};

/// What fails while the database is away.
const WRITING: &str = "what Discord told can't be written down, trying again";

/// Takes in what Discord tells.
pub(crate) struct Intake {
    pub(crate) engine: Engine,
    pub(crate) web: Arc<Web>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) listener: Listener,
    /// Until when everything was heard.
    pub(crate) hearing: Hearing,
    /// What keeps it from hearing or speaking.
    pub(crate) troubles: Troubles,
    /// The end of all that goes on by itself.
    pub(crate) stop: CancellationToken,
    pub(crate) places: Places,
    pub(crate) references: References,
    /// What fails while the database is away, for the log.
    pub(crate) recurring: Recurring,
    /// What was said lately, by its event.
    pub(crate) recent: Recent<Said>,
    /// How people name the bot.
    pub(crate) names: Names,
    /// The servers it is a member of.
    pub(crate) guilds: Mutex<BTreeSet<String>>,
    /// The bot's application; empty until Discord has said it.
    pub(crate) application: watch::Sender<String>,
    /// What is being done beside listening.
    pub(crate) tasks: TaskTracker,
}

/// Where something was said or clicked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Where {
    /// The channel; of a thread, the one it belongs to.
    pub(crate) channel: String,
    /// The thread.
    pub(crate) thread: Option<String>,
    /// Between the bot and somebody.
    pub(crate) direct: bool,
}

impl Where {
    /// Its conversation.
    pub(crate) fn conversation(&self) -> String {
        conversation(&self.channel, self.direct)
    }
}

impl Said {
    /// Its event: the same however often it is told.
    pub(crate) fn event(&self) -> String {
        payload::heard_event(&self.channel, &self.id)
    }
}

impl Intake {
    /// A session begins.
    pub(crate) fn ready(self: &Arc<Self>, body: &Value) {
        self.names.is(text(&body["user"], "id"));
        self.joined(list(&body["guilds"]).map(|guild| text(guild, "id")));
        self.later(|intake| async move { intake.look_what_it_may().await });
        let application = text(&body["application"], "id");
        self.application.send_if_modified(|known| {
            let news = !application.is_empty() && *known != application;
            if news {
                *known = application;
            }
            news
        });
    }

    /// Remembers servers; true when one of them is new.
    fn joined(&self, guilds: impl Iterator<Item = String>) -> bool {
        let mut known = self.guilds.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.extend(guilds);
        known.len() > before
    }

    /// Looks whether the bot may do on its servers what it will have to.
    async fn look_what_it_may(&self) {
        match check::lacking(&self.web, self.names.user(), &self.settings).await {
            Ok(lacks) => trouble::lacking(&self.troubles, &lacks),
            Err(error) => tracing::debug!(%error, "Discord does not say what the bot may do"),
        }
    }

    /// Takes in messages of one channel, in their order and in one commit. An error means that they must be told again.
    pub(crate) async fn take(self: &Arc<Self>, messages: &[(Told, Value)]) -> Result<(), StoreError> {
        let mut heard = Vec::new();
        for (told, message) in messages {
            match told {
                Told::Written => {
                    if let Some(said) = payload::said(message) {
                        heard.extend(self.said(said).await?);
                    }
                }
                Told::Updated => heard.extend(self.edited(message).await?),
                Told::Deleted => heard.extend(self.deleted(message).await?),
            }
        }
        self.listener.take_all(&heard).await
    }

    /// What is written down, or can't be; logged when that is news.
    pub(crate) fn writes<T>(&self, written: Result<T, StoreError>) -> Result<T, StoreError> {
        match &written {
            Ok(_) => self.recurring.works(FRONT, WRITING, self.engine.now_ms()),
            Err(error) => self.recurring.fails(FRONT, WRITING, error, self.engine.now_ms()),
        }
        written
    }

    /// Takes in what else happened: nothing of it is to be told again.
    pub(crate) fn take_now(self: &Arc<Self>, kind: &str, body: &Value) {
        if kind == "INTERACTION_CREATE" {
            match payload::interacted(body).and_then(|interacted| self.is_ours(interacted)) {
                Ok(interacted) => {
                    if let Some(guild) = &interacted.guild {
                        self.joined(std::iter::once(guild.clone()));
                    }
                    self.later(|intake| async move { intake.interacted(interacted).await });
                }
                Err(unreadable) => self.later(|intake| async move { intake.refuse(unreadable).await }),
            }
            return;
        }
        let new = kind == "GUILD_CREATE" && self.joined(std::iter::once(text(body, "id")));
        let other = match kind {
            "GUILD_ROLE_UPDATE" => true,
            "CHANNEL_UPDATE" => self.settings.channels.listens(&text(body, "id")),
            "GUILD_MEMBER_UPDATE" => text(&body["user"], "id") == self.names.user(),
            _ => false,
        };
        if new || other {
            self.later(|intake| async move { intake.look_what_it_may().await });
        }
        self.names.hear(kind, body);
        self.places.hear(kind, body);
    }

    /// An interaction with this application, and with no other.
    fn is_ours(&self, interacted: Interacted) -> Result<Interacted, Unreadable> {
        let ours = self.application.borrow();
        if ours.is_empty() || *ours == interacted.application {
            return Ok(interacted);
        }
        let right = Some((interacted.id, interacted.token));
        Err(Unreadable {
            what: "its application",
            typing: matches!(interacted.what, What::Typing { .. }),
            right,
        })
    }

    /// Does something beside listening.
    pub(crate) fn later<F: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        act: impl FnOnce(Arc<Self>) -> F,
    ) {
        self.tasks.spawn(act(Arc::clone(self)));
    }

    async fn said(self: &Arc<Self>, mut said: Said) -> Result<Option<Taken>, StoreError> {
        if said.user == self.names.user() {
            return Ok(None);
        }
        let (text, named) = self.names.without(&said);
        let place = self.place_of(&mut said).await;
        self.said_at(&said, place, named, text).await
    }

    /// Where something was said. Discord may have to be asked: where that is, or who its writer is on the server.
    pub(crate) async fn place_of(&self, said: &mut Said) -> Where {
        let known = if said.guild.is_none() { Some(Kind::Direct) } else { self.places.get(&said.channel) };
        let place = match known {
            Some(kind) => whereabouts(&said.channel, Some(kind)),
            None => self.look(&said.channel).await,
        };
        if place.direct {
            said.roles = self.roles_anywhere(&said.user).await;
        }
        place
    }

    async fn said_at(
        self: &Arc<Self>,
        said: &Said,
        place: Where,
        named: bool,
        text: String,
    ) -> Result<Option<Taken>, StoreError> {
        let addressed = named || place.direct;
        // Pictures alone, or what the bot may not read, have no text.
        let overheard = !text.is_empty() && self.settings.channels.listens(&place.channel);
        if !(addressed || overheard) {
            return Ok(None);
        }
        if holds_secret(self.engine.redactor(), &said.text) {
            let pasted = Self::pasted(said, &place, said.event());
            return Ok(Some(Taken::Pasted(Box::new(pasted))));
        }
        self.recent.put(&said.event(), said.clone());
        let mut spoken = self.spoken_in_place(said, &place, said.event(), text).await?;
        spoken.overheard = !addressed;
        Ok(Some(Taken::Spoken(Box::new(spoken))))
    }

    /// Somebody wrote a secret into a message.
    pub(crate) fn pasted(said: &Said, place: &Where, event: String) -> Pasted {
        let told = Place {
            mention: Some(said.user.clone()),
            thread: place.thread.clone(),
            inside: place.thread.is_some(),
            erases: Some(said.id.clone()),
            ..Place::default()
        };
        Pasted { conversation: place.conversation(), event, place: told }
    }

    /// Something said to the bot in a message, with what it is about and where its answer belongs.
    pub(crate) async fn spoken_in_place(
        &self,
        said: &Said,
        place: &Where,
        event: String,
        text: String,
    ) -> Result<Spoken, StoreError> {
        let mut spoken = self.spoken(&said.user, &said.roles, place, event, text);
        if let Some(replied) = &said.reply_to {
            // A reply to a run's card is about that run, as words in its thread are.
            spoken.about.run = self.run_shown(place, replied).await?;
        }
        let thread = match (&place.thread, place.direct) {
            (Some(thread), _) => Some(thread.clone()),
            // In a channel an answer replies; between two there is nobody to disturb.
            (None, direct) => (!direct).then(|| said.id.clone()),
        };
        let inside = place.thread.is_some();
        spoken.place = Place { thread, inside, ..Place::default() };
        if !inside && !place.direct {
            // A reply answers what was asked by the message it replies to, and nothing else.
            spoken.about.asked_in = said.answered.clone().or(said.reply_to.clone()).into_iter().collect();
        }
        Ok(spoken)
    }

    /// The run whose card a message shows.
    pub(crate) async fn run_shown(&self, place: &Where, message: &str) -> Result<Option<RunId>, StoreError> {
        let card = self.engine.store().shown_card(&place.conversation(), message).await?;
        Ok(card.and_then(|card| chat::run_shown(&card)))
    }

    /// Something said to the bot, to be answered in the open.
    pub(crate) fn spoken(
        &self,
        user: &str,
        roles: &[String],
        place: &Where,
        event: String,
        text: String,
    ) -> Spoken {
        Spoken {
            inbound: chat::Inbound {
                identity: identity(user),
                conversation: place.conversation(),
                event: Some(event),
                text,
            },
            about: self.settings.channels.about(&place.channel),
            place: Place::default(),
            overheard: false,
            role: self.role(roles),
            pressed: None,
            edited: None,
        }
    }

    /// What the server's roles let somebody do.
    pub(crate) fn role(&self, roles: &[String]) -> Option<Role> {
        self.settings.roles.of(roles.iter().map(String::as_str)).max(self.settings.strangers)
    }

    /// What and where a channel is, asked of Discord when it has not said so.
    pub(crate) async fn look(&self, channel: &str) -> Where {
        let known = match self.places.get(channel) {
            Some(known) => Some(known),
            None => match self.web.channel(channel).await {
                Ok(described) => self.places.learn(&described),
                Err(error) => {
                    tracing::info!(channel, %error, "a channel can't be looked at");
                    None
                }
            },
        };
        whereabouts(channel, known)
    }

    /// Somebody's roles on the servers the bot shares with them: between two, Discord does not say them.
    pub(crate) async fn roles_anywhere(&self, user: &str) -> Vec<String> {
        let mut roles = Vec::new();
        if self.settings.roles.is_empty() {
            return roles;
        }
        let guilds = self.guilds.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for guild in guilds {
            match self.web.roles_of(&guild, user).await {
                Ok(held) => roles.extend(held),
                Err(error) => tracing::debug!(guild, %error, "somebody is not on a server"),
            }
        }
        roles
    }

    /// Notes an event that is not handled by the desk; false when it was noted before.
    pub(crate) async fn is_first(&self, event: String) -> Result<bool, StoreError> {
        let store = self.engine.store();
        if store.inbound_is_known(FRONT, &event).await? {
            return Ok(false);
        }
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        commit.writes.push(Write::InboundPut { front: FRONT.to_owned(), event, at_ms });
        match store.commit(commit).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Where a channel of this kind is; one nobody knows is taken for a server's own.
pub(crate) fn whereabouts(channel: &str, kind: Option<Kind>) -> Where {
    match kind {
        Some(Kind::Thread { parent }) => {
            Where { channel: parent, thread: Some(channel.to_owned()), direct: false }
        }
        kind => Where { channel: channel.to_owned(), thread: None, direct: kind == Some(Kind::Direct) },
    }
}

/// Who somebody is.
pub(crate) fn identity(user: &str) -> Identity {
    Identity { front: FRONT.to_owned(), external_id: user.to_owned() }
}

/// What the name of a conversation between two begins with, behind the front.
const BETWEEN_TWO: char = '@';

/// The conversation of a channel.
pub(crate) fn conversation(channel: &str, direct: bool) -> String {
    if direct { format!("{FRONT}:{BETWEEN_TWO}{channel}") } else { format!("{FRONT}:{channel}") }
}

/// The channel of a conversation, and whether it is between two.
pub(crate) fn channel_of(conversation: &str) -> (&str, bool) {
    let rest =
        conversation.strip_prefix(FRONT).and_then(|rest| rest.strip_prefix(':')).unwrap_or(conversation);
    match rest.strip_prefix(BETWEEN_TWO) {
        Some(channel) => (channel, true),
        None => (rest, false),
    }
}
