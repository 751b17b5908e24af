//! Takes letters to Discord: one message for each run's card, edited in place, with a thread for what belongs to it;
//! everything else where it was asked for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chat::{Allowance, Carrier, Kind, Letter, Outbound, Place, Sent, Troubles, Undelivered};
use engine::clock::EpochMs;
use engine::control::Engine;
use engine::model::RunId;
use serde_json::Value;

use crate::asked_in;
use crate::attached::Attached;
use crate::embeds::Rendered;
use crate::failure::WORN;
use crate::intake::channel_of;
use crate::letters::{drawn, is_inside, message_of, plainly, with_deletion, without_files};
use crate::payload::{list, text};
use crate::threads::Threads;
use crate::web::{Bound, Message, Web, WebError};
use crate::{FRONT, snowflake, trouble};

/// Discord takes five messages in five seconds in a channel. A little less, because both ends measure.
const GAP_MS: i64 = 1_050;
/// Discord takes 50 calls a second of a bot. No second has more of ours than the burst and its gaps, 35: some are made beside
/// letters, and both ends measure.
const CALLS: Allowance = Allowance { burst: 6, gap_ms: 34 };
/// A card shown first has a thread to be begun; what is for one person alone, a conversation between the two.
const TWO_CALLS: u32 = 2;
/// Wait when a person must mend something first: a permission, a token, an archived channel.
const MENDING_MS: i64 = 60_000;
/// A little is looked back further than a message was begun: clocks differ.
const LOOK_BACK_MS: i64 = 5_000;

/// Discord's numbers for a message that is not there any more.
const UNKNOWN_MESSAGE: i64 = 10_008;
/// … and for a channel.
const UNKNOWN_CHANNEL: i64 = 10_003;

/// Where people open channels and messages.
const PEOPLES_ADDRESS: &str = "https://discord.com/channels";
/// What stands there in the place of a server for conversations between two.
const BETWEEN_TWO: &str = "@me";
/// … and for a thread that was put away, which nothing can be written into until it is opened again.
const THREAD_IS_ARCHIVED: i64 = 50_083;
/// … and for one that is closed.
const THREAD_IS_LOCKED: i64 = 160_005;
/// … and for a body it does not take, whatever its documentation says.
const INVALID_BODY: i64 = 50_035;
/// … and for one with nothing in it, as it says of embeds it does not take.
const EMPTY_MESSAGE: i64 = 50_006;
/// … and for an answer to a message by a bot that may not read what was written before.
const MAY_NOT_REPLY: i64 = 160_002;
/// … and for messages that nobody may send for a while.
const SENDING_DISABLED: i64 = 40_004;
/// … and for files that are too large for the server.
const TOO_LARGE: i64 = 40_005;

/// The way to Discord.
pub(crate) struct DiscordCarrier {
    engine: Engine,
    web: Arc<Web>,
    threads: Threads,
    /// The servers of channels.
    guilds: Mutex<HashMap<String, String>>,
    troubles: Troubles,
}

/// Whether a message shows a run's card: the card's key stands at its foot.
pub(crate) fn shows_run(message: &Value) -> bool {
    mark_of(message).is_some_and(|mark| mark.parse::<RunId>().is_ok())
}

fn mark_of(message: &Value) -> Option<&str> {
    list(&message["embeds"]).find_map(|embed| embed["footer"]["text"].as_str())
}

impl DiscordCarrier {
    pub(crate) fn new(engine: Engine, web: Arc<Web>, troubles: Troubles) -> Self {
        let threads = Threads::new(Arc::clone(&web), troubles.clone());
        Self { engine, web, threads, guilds: Mutex::default(), troubles }
    }

    /// The server a channel is on.
    async fn guild_of(&self, channel: &str) -> Option<String> {
        let guilds = || self.guilds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = guilds().get(channel).cloned();
        if known.is_some() {
            return known;
        }
        match self.web.channel(channel).await {
            Ok(described) => {
                let guild = text(&described, "guild_id");
                let guild = Some(guild).filter(|guild| !guild.is_empty())?;
                guilds().insert(channel.to_owned(), guild.clone());
                Some(guild)
            }
            Err(error) => {
                tracing::debug!(channel, %error, "Discord does not say which server a channel is on");
                None
            }
        }
    }

    /// Deletes a message with a secret in it; the letter, with what became of that.
    async fn erased(&self, channel: &str, message: &str, letter: &Letter) -> Result<Letter, WebError> {
        let channel = letter.place.thread.as_deref().filter(|_| letter.place.inside).unwrap_or(channel);
        let deleted = match self.web.message_delete(channel, message).await {
            Ok(()) => true,
            // A try whose answer was lost did it, or somebody else.
            Err(error) if error.is_missing(UNKNOWN_MESSAGE) => true,
            Err(WebError::Refused { .. }) => false,
            Err(error) => return Err(error),
        };
        Ok(with_deletion(letter, deleted))
    }

    async fn carry_as(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
        plain: bool,
    ) -> Result<Option<String>, WebError> {
        let (channel, direct) = channel_of(conversation);
        let erased = match &letter.place.erases {
            Some(message) => Some(self.erased(channel, message, letter).await?),
            None => None,
        };
        let letter = erased.as_ref().unwrap_or(letter);
        let mut message = if plain { plainly(letter) } else { message_of(letter) };
        if let Some(files) = &letter.outbound.card().files {
            let brought = files.read(&self.engine).await.into_iter();
            message.files.extend(brought.map(|file| Attached::named(file.name, file.text)));
        }
        if let (Outbound::Update(_), Some(id)) = (&letter.outbound, known) {
            self.web.message_edit(channel, id, &message).await?;
            self.threads.begin_owed(channel, id).await;
            return Ok(Some(id.to_owned()));
        }
        if let Some(id) = &letter.place.edits {
            return self.redraw(channel, &letter.place, id, &message).await.map(|()| Some(id.clone()));
        }
        if let Some(user) = &letter.place.to {
            return self.whisper(conversation, user, letter, &message).await.map(|()| None);
        }
        let id = self.post(conversation, &letter.place, message).await?;
        if let (Outbound::Update(card), false) = (&letter.outbound, direct) {
            self.threads.begin_of_card(channel, &id, &card.headline).await;
        }
        Ok(Some(id))
    }

    /// Draws a message anew that stands in its thread, or in the channel where there was none.
    async fn redraw(
        &self,
        channel: &str,
        place: &Place,
        id: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        if let Some(thread) = place.thread.as_ref().filter(|_| is_inside(place)) {
            let edited = match self.web.message_edit(thread, id, message).await {
                Err(error) if is_closed(&error) => match self.web.thread_reopen(thread).await {
                    Ok(()) => self.web.message_edit(thread, id, message).await,
                    Err(error) => Err(error),
                },
                edited => edited,
            };
            match edited {
                Err(error) if error.is_missing(UNKNOWN_MESSAGE) || error.is_missing(UNKNOWN_CHANNEL) => {}
                // Nobody can click in a thread that stays closed.
                Err(error) if is_closed(&error) => return Ok(()),
                edited => return edited,
            }
        }
        self.web.message_edit(channel, id, message).await
    }

    /// Shows a private answer: where the asking was, for as long as Discord lets, and then between the two.
    async fn whisper(
        &self,
        conversation: &str,
        user: &str,
        letter: &Letter,
        message: &Message,
    ) -> Result<(), WebError> {
        let place = &letter.place;
        if let Some((application, token)) = place.answer_at.as_deref().and_then(|right| right.split_once('/'))
        {
            let answered = if place.awaited {
                self.web.interaction_finish(application, token, message).await
            } else {
                self.web.interaction_whisper(application, token, message).await
            };
            match answered {
                // The right to answer there has ended.
                Err(WebError::Refused { .. }) => {}
                other => return other,
            }
        }
        let (channel, direct) = channel_of(conversation);
        if direct {
            return self.web.message_post(channel, message).await.map(|_| ());
        }
        let between_two = match self.web.direct(user).await {
            Ok(direct) => {
                let asked = place.thread.as_deref().filter(|_| is_inside(place)).unwrap_or(channel);
                let content = asked_in::named(&message.content, asked);
                self.web.message_post(&direct, &Message { content, ..message.clone() }).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        match between_two {
            // They take no messages from servers' members: better said aloud than not at all.
            Err(WebError::Refused { .. }) => {
                self.post(conversation, place, message.clone()).await.map(|_| ())
            }
            other => other,
        }
    }

    /// Posts where answers belong.
    async fn post(
        &self,
        conversation: &str,
        place: &Place,
        mut message: Message,
    ) -> Result<String, WebError> {
        let (channel, _) = channel_of(conversation);
        let Some(thread) = &place.thread else { return self.web.message_post(channel, &message).await };
        if is_inside(place) {
            let is_there = match self.web.message_post(thread, &message).await {
                // It was not begun, or is deleted.
                Err(error) if error.is_missing(UNKNOWN_CHANNEL) => false,
                Err(error) if is_closed(&error) => match self.web.thread_reopen(thread).await {
                    Ok(()) => match self.web.message_post(thread, &message).await {
                        Err(error) if is_closed(&error) => true,
                        other => return other,
                    },
                    // It may not be opened: better said in the channel than not at all.
                    Err(WebError::Refused { .. }) => true,
                    Err(error) => return Err(error),
                },
                other => return other,
            };
            if !is_there && self.threads.begin_for(channel, thread, &message.content).await? {
                match self.web.message_post(thread, &message).await {
                    // It is said to be there, and is not: better said in the channel than not at all.
                    Err(error) if error.is_missing(UNKNOWN_CHANNEL) => {}
                    posted => return posted,
                }
            }
        }
        message.reply_to = Some(thread.clone());
        match self.web.message_post(channel, &message).await {
            // Said beside it is better than not at all.
            Err(error) if error.code() == Some(MAY_NOT_REPLY) => {
                message.reply_to = None;
                self.web.message_post(channel, &message).await
            }
            posted => posted,
        }
    }
}

/// Where a letter is seen, for what keeps others from being seen there: the channel or a thread of it; nowhere that others are
/// when it is for one person alone.
fn seen_in(channel: &str, letter: &Letter) -> Option<String> {
    let thread = letter.place.thread.as_ref().filter(|_| is_inside(&letter.place));
    let seen = thread.map_or(channel.to_owned(), |thread| format!("{channel}/{thread}"));
    letter.place.to.is_none().then_some(seen)
}

/// Whether nothing can be written into a thread.
fn is_closed(error: &WebError) -> bool {
    matches!(error.code(), Some(THREAD_IS_ARCHIVED | THREAD_IS_LOCKED))
}

fn is_misfit(error: &WebError) -> bool {
    matches!(error, WebError::Refused { status: 400, code: INVALID_BODY | EMPTY_MESSAGE, .. })
}

/// Whether Discord may take the message, and not its files: they are too large for this server, or may not be attached.
fn refuses_files(error: &WebError) -> bool {
    matches!(
        error,
        WebError::Refused { status: 413, .. }
            | WebError::Refused { status: 403, code: trouble::MISSING_PERMISSIONS, .. }
    ) || error.code() == Some(TOO_LARGE)
}

fn undelivered(error: &WebError) -> Undelivered {
    let why = error.to_string();
    match *error {
        WebError::Limited { after_ms, .. } => Undelivered::Later { why, after_ms: Some(after_ms) },
        WebError::Unanswered { .. } => Undelivered::Later { why, after_ms: None },
        WebError::Refused { .. } if error.is_missing(UNKNOWN_MESSAGE) => Undelivered::Gone { why },
        WebError::Refused { code: WORN, .. } => Undelivered::Worn { why },
        WebError::Refused { status: 401, .. } => {
            // What is to be mended is among the troubles, and logged with them.
            tracing::debug!(why, "Discord takes no messages until this is mended");
            Undelivered::Later { why, after_ms: Some(MENDING_MS) }
        }
        WebError::Refused { status: 403, .. } | WebError::Refused { code: SENDING_DISABLED, .. } => {
            tracing::debug!(why, "Discord does not take a message until this is mended");
            Undelivered::Barred { why, after_ms: MENDING_MS }
        }
        WebError::Refused { .. } => Undelivered::Never { why },
    }
}

#[async_trait]
impl Carrier for DiscordCarrier {
    fn front(&self) -> &str {
        FRONT
    }

    fn gap_ms(&self) -> i64 {
        GAP_MS
    }

    fn calls_allowed(&self) -> Option<Allowance> {
        Some(CALLS)
    }

    /// Answers where the asking was are not counted.
    fn calls_of(&self, letter: &Letter, kind: Kind) -> u32 {
        match kind {
            Kind::Whisper if letter.place.answer_at.is_some() => 0,
            Kind::Whisper => TWO_CALLS,
            Kind::Post if matches!(letter.outbound, Outbound::Update(_)) => TWO_CALLS,
            Kind::Post | Kind::Edit => 1,
        }
    }

    async fn carry(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
    ) -> Result<Sent, Undelivered> {
        let mut carried = self.carry_as(conversation, letter, known, false).await;
        if let Err(error) = &carried
            && is_misfit(error)
        {
            tracing::error!(conversation, %error, "Discord does not take a card as it is; it is shown plainly");
            carried = self.carry_as(conversation, letter, known, true).await;
        }
        if let Err(error) = &carried
            && letter.outbound.card().files.is_some()
            && refuses_files(error)
        {
            let why = error.to_string();
            carried = self.carry_as(conversation, &without_files(letter, &why), known, false).await;
        }
        let channel = channel_of(conversation).0;
        let seen_in = seen_in(channel, letter);
        trouble::spoke(&self.troubles, channel, seen_in.as_deref(), carried.as_ref().err());
        carried.map(Sent::whole).map_err(|error| match (undelivered(&error), known) {
            // Nothing was there to be edited, and Discord names what it does not find: this is a page of something between.
            (Undelivered::Gone { why }, None) if error.code() == Some(0) => {
                Undelivered::Later { why, after_ms: Some(MENDING_MS) }
            }
            (undelivered, _) => undelivered,
        })
    }

    async fn link(&self, conversation: &str, message: &str) -> Option<String> {
        let (channel, direct) = channel_of(conversation);
        let guild = if direct { BETWEEN_TWO.to_owned() } else { self.guild_of(channel).await? };
        Some(format!("{PEOPLES_ADDRESS}/{guild}/{channel}/{message}"))
    }

    async fn find(
        &self,
        conversation: &str,
        letter: &Letter,
        since_ms: EpochMs,
    ) -> Result<Option<String>, Undelivered> {
        if letter.place.to.is_some() {
            return Ok(None);
        }
        let channel = match &letter.place.thread {
            Some(thread) if is_inside(&letter.place) => thread.as_str(),
            _ => channel_of(conversation).0,
        };
        let from = snowflake::at(since_ms - LOOK_BACK_MS);
        let messages = match self.web.messages(channel, Bound::After, &from).await {
            Ok(messages) => messages,
            // Without the permission to read there is no telling; showing it twice is better than not at all.
            Err(WebError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(undelivered(&error)),
        };
        let drawn = match &letter.place.erases {
            // Whether the message could be deleted is known only when it is shown.
            Some(_) => [true, false].map(|deleted| drawn(&with_deletion(letter, deleted))).to_vec(),
            None => vec![drawn(letter)],
        };
        let first = |embeds: &Value| text(&embeds[0], "description").trim().to_owned();
        let ours = |message: &&Value| {
            if message["author"]["bot"] != true {
                return false;
            }
            match &letter.outbound {
                Outbound::Update(card) => mark_of(message) == Some(card.key.as_str()),
                Outbound::Say(_) => {
                    let replied = &message["message_reference"]["message_id"];
                    let replies = !is_inside(&letter.place) && letter.place.thread.is_some();
                    let alike = |drawn: &Rendered| {
                        text(message, "content").trim() == drawn.content.trim()
                            && first(&message["embeds"]) == first(&Value::from(drawn.embeds.clone()))
                    };
                    drawn.iter().any(alike)
                        && (!replies || replied.as_str() == letter.place.thread.as_deref())
                }
            }
        };
        let found = messages.iter().find(ours);
        let id = found.map(|message| text(message, "id"));
        if let (Some(id), Outbound::Update(card), false) = (&id, &letter.outbound, channel_of(conversation).1)
        {
            self.threads.begin_of_card(channel, id, &card.headline).await;
        }
        Ok(id)
    }
}
