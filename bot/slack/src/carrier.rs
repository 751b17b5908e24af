//! Takes letters to Slack: one root message for each run's card, edited in place; everything else where it was asked for.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use chat::{
    Allowance, Card, Carrier, FileDue, Kind, Letter, Outbound, Sent, Tone, Troubles, Undelivered, picture,
    view,
};
use engine::clock::EpochMs;
use engine::control::Engine;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::FRONT;
use crate::absence::stamp;
use crate::blocks::{Rendered, context, render};
use crate::trouble;
use crate::web::{File, History, Message, Web, WebError};

/// Slack takes about one message a second in a channel. A little more, because both ends measure.
const GAP_MS: i64 = 1_100;
/// New messages over all channels: Slack says "several hundred a minute".
const POSTS: Allowance = Allowance { burst: 20, gap_ms: 300 };
/// Edits: Slack's tier 3, 50 a minute in a workspace.
const EDITS: Allowance = Allowance { burst: 10, gap_ms: 1_550 };
/// Messages for one person alone: Slack's tier 4, 100 a minute in a workspace.
const WHISPERS: Allowance = Allowance { burst: 20, gap_ms: 800 };
/// Wait when a person must mend something first: an invitation, a token, a scope.
const MENDING_MS: i64 = 60_000;
/// A little is looked back further than a message was begun: clocks differ.
const LOOK_BACK_MS: i64 = 5_000;

/// What a file is called where people see it.
const FILE_TITLE: &str = "whole.txt";
/// How files of text are handed in.
const TEXT: &str = "text/plain; charset=utf-8";
/// Slack's words for a message that can't be edited any more.
const GONE: [&str; 3] = ["message_not_found", "cant_update_message", "edit_window_closed"];
/// The first of them, which says that it is deleted.
const NO_MESSAGE: &str = "message_not_found";
/// Slack's words for a thread that nothing can be said in: somebody has deleted or locked it, or the channel has none.
const NO_THREAD: [&str; 4] = [
    "thread_not_found",
    "cannot_reply_to_message",
    "restricted_action_thread_locked",
    "restricted_action_non_threadable_channel",
];
/// Deleted threads that are remembered; after so many they are found out anew.
const DELETED_MAX: usize = 1_000;
/// Slack's words for blocks or a text that it does not take, whatever its documentation says.
const MISFIT: [&str; 6] = [
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_blocks_too_long",
    "msg_too_long",
    "invalid_arguments",
    "invalid_metadata_format",
];
/// Slack's words for trouble of its own: it may have worked. The last two are about a workspace or a channel being moved.
const TROUBLE: [&str; 6] = [
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
    "external_channel_migrating",
];
/// Slack's words for what works once somebody has mended it.
const MENDABLE: [&str; 22] = [
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "messages_tab_disabled",
    "restricted_action_read_only_channel",
    "restricted_action_thread_only_channel",
    "enterprise_is_restricted",
    "two_factor_setup_required",
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "missing_scope",
    "no_permission",
    "not_allowed_token_type",
    "access_denied",
    "restricted_action",
    "org_login_required",
    "ekm_access_denied",
    "team_access_not_granted",
    "accesslimited",
];

/// The way to Slack.
pub(crate) struct SlackCarrier {
    engine: Engine,
    web: Arc<Web>,
    troubles: Troubles,
    /// Threads that somebody has deleted, by channel. Slack counts a refused message among those it takes in a second: to try
    /// the thread again each time would leave no room for the message beside it.
    deleted: Mutex<HashSet<(String, String)>>,
}

impl SlackCarrier {
    pub(crate) fn new(engine: Engine, web: Arc<Web>, troubles: Troubles) -> Self {
        Self { engine, web, troubles, deleted: Mutex::default() }
    }

    fn deleted(&self) -> MutexGuard<'_, HashSet<(String, String)>> {
        self.deleted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread a letter belongs into, as long as it is there.
    fn thread_of(&self, channel: &str, letter: &Letter) -> Option<String> {
        let there = |thread: &String| !self.deleted().contains(&(channel.to_owned(), thread.clone()));
        letter.place.thread.clone().filter(there)
    }

    fn note_deleted(&self, channel: &str, thread: &str) {
        let mut deleted = self.deleted();
        if deleted.len() >= DELETED_MAX {
            deleted.clear();
        }
        deleted.insert((channel.to_owned(), thread.to_owned()));
    }

    /// Deletes a message with a secret in it; the card, with what became of that.
    async fn erased(&self, channel: &str, message: &str, letter: &Letter) -> Result<Card, Undelivered> {
        let deleted = match self.web.message_delete(channel, message).await {
            Ok(()) => true,
            // A try whose answer was lost did it, or somebody else.
            Err(WebError::Refused { code, .. }) if code == NO_MESSAGE => true,
            Err(error @ WebError::Refused { .. }) => match undelivered(error) {
                // Slack's own trouble.
                later @ Undelivered::Later { .. } => return Err(later),
                _ => false,
            },
            Err(error) => return Err(undelivered(error)),
        };
        Ok(view::secret_deleted(letter.outbound.card().clone(), "Slack", deleted))
    }

    /// Brings what found no room in a message. Until the last of the calls nobody sees anything of it.
    async fn bring(&self, channel: &str, letter: &Letter) -> Result<Option<String>, WebError> {
        let files = self.files(letter).await;
        self.web.files_attach(channel, letter.place.thread.as_deref(), files).await
    }

    /// The files that belong to a letter: those of its run, the picture on it, or all of its text.
    async fn files(&self, letter: &Letter) -> Vec<File> {
        let card = letter.outbound.card();
        if let Some(files) = &card.files {
            let brought = files.read(&self.engine).await.into_iter();
            let mut all: Vec<File> =
                brought.map(|file| text_file(file.name.clone(), file.name, file.text)).collect();
            if render(card, "").rest.is_some() {
                all.push(text_file(FILE_TITLE.to_owned(), FILE_TITLE.to_owned(), view::plain(card)));
            }
            return all;
        }
        let drawn = card.chart().and_then(|chart| Some((chart, picture::png(chart)?)));
        vec![match drawn {
            Some((chart, bytes)) => File {
                name: file_name(letter),
                title: chart.title.clone(),
                kind: "image/png",
                says: Some(chart.says.join("; ")),
                bytes,
            },
            None => text_file(file_name(letter), FILE_TITLE.to_owned(), view::plain(card)),
        }]
    }

    /// Says where they were to come that files can't be brought, and what to do: a log nobody reads is no answer.
    async fn say_unbrought(&self, channel: &str, letter: &Letter, why: &str) {
        let says = format!(
            "The files can't be brought here ({why}). Give the app the scope `files:write` (deploy/slack/manifest.yaml has all \
             of them), install it once more, and ask again."
        );
        let message =
            Message { blocks: vec![context(&says)], text: says, thread: letter.place.thread.clone() };
        if let Err(error) = self.web.message_post(channel, &message).await {
            tracing::warn!(channel, %error, "nobody can be told that files can't be brought");
        }
    }
}

impl SlackCarrier {
    /// Brings a file, unless it is there already.
    async fn carry_file(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
    ) -> Result<Sent, Undelivered> {
        if let Some(known) = known {
            return Ok(Sent::whole(Some(known.to_owned())));
        }
        match self.bring(channel_of(conversation), letter).await {
            Ok(file) => Ok(Sent::whole(file)),
            // The message it belongs to stands; it does not wait until somebody gives the app a scope.
            Err(error @ WebError::Refused { .. }) if !trouble::is_wrong_token(&error) => {
                match undelivered(error) {
                    Undelivered::Barred { why, .. }
                    | Undelivered::Gone { why }
                    | Undelivered::Never { why } => {
                        self.say_unbrought(channel_of(conversation), letter, &why).await;
                        Err(Undelivered::Never { why })
                    }
                    other => Err(other),
                }
            }
            Err(error) => Err(undelivered(error)),
        }
    }

    /// The direct conversation with somebody, for a file; none where Slack does not let, which is no reason to say nothing.
    async fn between(&self, user: &str) -> Result<Option<String>, WebError> {
        match self.web.direct(user).await {
            Ok(direct) => Ok(Some(direct)),
            Err(error @ WebError::Refused { .. }) => {
                tracing::warn!(user, %error, "a file can't be brought to somebody");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn carry_as(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
        rendered: Rendered,
    ) -> Result<Sent, WebError> {
        let channel = channel_of(conversation);
        let mut message = Message { text: rendered.text, blocks: rendered.blocks, thread: None };
        // While something is under way its card is drawn all the time; the whole of it comes at the end.
        let card = letter.outbound.card();
        let cut = card.chart().is_some()
            || card.files.is_some()
            || rendered.rest.is_some() && card.tone != Tone::Going;
        let due = |conversation: &str, thread: Option<String>| {
            let mark = file_mark(letter.outbound.card(), thread.as_deref());
            cut.then(|| FileDue { conversation: conversation.to_owned(), thread, mark })
        };
        if let (Outbound::Update(_), Some(ts)) = (&letter.outbound, known) {
            self.web.message_update(channel, ts, &message).await?;
            let file = due(conversation, Some(ts.to_owned()));
            return Ok(Sent { message: Some(ts.to_owned()), file });
        }
        if let (Some(ts), Some(_)) = (known, &letter.place.edits) {
            self.web.message_update(channel, ts, &message).await?;
            return Ok(Sent::whole(Some(ts.to_owned())));
        }
        if let Some(user) = &letter.place.to {
            message.thread = letter.place.thread.clone().filter(|_| letter.place.inside);
            // A file can't be for one person in a channel: it comes between the two.
            let between = if cut { self.between(user).await? } else { None };
            self.web.tell(Some(channel), user, letter.place.answer_at.as_deref(), &message).await?;
            let file = between.and_then(|direct| due(&crate::intake::conversation(&direct), None));
            return Ok(Sent { message: None, file });
        }
        message.thread = self.thread_of(channel, letter);
        let posted = match (self.web.message_post(channel, &message).await, &message.thread) {
            // Somebody has deleted what was answered to. The answer is still due.
            (Err(WebError::Refused { code, .. }), Some(thread)) if NO_THREAD.contains(&code.as_str()) => {
                self.note_deleted(channel, thread);
                message.thread = None;
                self.web.message_post(channel, &message).await
            }
            (posted, _) => posted,
        };
        let ts = posted?;
        let file = due(conversation, Some(message.thread.unwrap_or_else(|| ts.clone())));
        Ok(Sent { message: Some(ts), file })
    }
}

/// The channel of a conversation.
pub(crate) fn channel_of(conversation: &str) -> &str {
    conversation.strip_prefix(FRONT).and_then(|rest| rest.strip_prefix(':')).unwrap_or(conversation)
}

/// What tells a file from others in a thread.
fn file_mark(card: &Card, thread: Option<&str>) -> String {
    // The files of a run come as often as they are asked for.
    let asked_ms = card.files.as_ref().map(|files| files.asked_ms.to_string()).unwrap_or_default();
    let said = format!("{}\n{asked_ms}{}", thread.unwrap_or_default(), view::plain(card));
    hex::encode(&Sha256::digest(said.as_bytes())[..8])
}

/// The name of a file, by which it is found again.
fn file_name(letter: &Letter) -> String {
    let card = letter.outbound.card();
    if let Some((files, first)) = card.files.as_ref().and_then(|files| Some((files, files.names.first()?))) {
        return files.file_name(first);
    }
    let mark = file_mark(card, letter.place.thread.as_deref());
    if card.chart().is_some() { format!("canary-{mark}.png") } else { format!("whole-{mark}.txt") }
}

fn text_file(name: String, title: String, text: String) -> File {
    File { name, title, kind: TEXT, says: None, bytes: text.into_bytes() }
}

/// What tells a letter's message from others: the same however often it is sent.
fn mark(letter: &Letter) -> String {
    match &letter.outbound {
        Outbound::Update(card) => format!("card/{}", card.key),
        Outbound::Say(card) if letter.place.under.is_some() && card.chart().is_none() => {
            format!("end/{}", letter.place.under.as_deref().unwrap_or_default())
        }
        Outbound::Say(card) => {
            let body = serde_json::to_vec(&(card, &letter.place)).unwrap_or_default();
            format!("say/{}", hex::encode(&Sha256::digest(&body)[..8]))
        }
    }
}

/// A card that Slack does not take as it is: its first line, and all of it as a file.
fn plainly(letter: &Letter) -> Rendered {
    let card = letter.outbound.card();
    let mut short = Card::new(card.tone, card.headline.clone());
    short.command.clone_from(&card.command);
    short.buttons.clone_from(&card.buttons);
    let note = "Slack does not take the whole of this; it comes as a file.";
    let mut rendered = render(&short.text(note), &mark(letter));
    rendered.rest = Some(view::plain(card));
    rendered
}

fn is_misfit(error: &WebError) -> bool {
    matches!(error, WebError::Refused { code, .. } if MISFIT.contains(&code.as_str()))
}

fn undelivered(error: WebError) -> Undelivered {
    let why = error.to_string();
    match error {
        WebError::Limited { after_ms, .. } => Undelivered::Limited { why, after_ms },
        WebError::Unanswered { .. } => Undelivered::Later { why, after_ms: None },
        WebError::Refused { code, .. } if GONE.contains(&code.as_str()) => Undelivered::Gone { why },
        WebError::Refused { code, .. } if TROUBLE.contains(&code.as_str()) => {
            Undelivered::Later { why, after_ms: None }
        }
        WebError::Refused { code, .. } if MENDABLE.contains(&code.as_str()) => {
            // What is to be mended is among the troubles, and logged with them.
            tracing::debug!(why, "Slack takes no messages until this is mended");
            if trouble::WRONG_TOKEN.contains(&code.as_str()) {
                Undelivered::Later { why, after_ms: Some(MENDING_MS) }
            } else {
                Undelivered::Barred { why, after_ms: MENDING_MS }
            }
        }
        WebError::Refused { .. } => Undelivered::Never { why },
    }
}

#[async_trait]
impl Carrier for SlackCarrier {
    fn front(&self) -> &str {
        FRONT
    }

    fn gap_ms(&self) -> i64 {
        GAP_MS
    }

    fn allowance(&self, kind: Kind) -> Option<Allowance> {
        Some(match kind {
            Kind::Post => POSTS,
            Kind::Edit => EDITS,
            Kind::Whisper => WHISPERS,
        })
    }

    async fn carry(
        &self,
        conversation: &str,
        letter: &Letter,
        known: Option<&str>,
    ) -> Result<Sent, Undelivered> {
        if letter.place.file {
            return self.carry_file(conversation, letter, known).await;
        }
        let card = match &letter.place.erases {
            Some(message) => self.erased(channel_of(conversation), message, letter).await?,
            None => letter.outbound.card().clone(),
        };
        let mut rendered = render(&card, &mark(letter));
        if let Some(user) = &letter.place.mention {
            // Slack tells people of what stands in the text, and shows them the blocks.
            rendered.text = format!("<@{user}> {}", rendered.text);
            rendered.blocks.push(context(&format!("<@{user}>")));
        }
        let mut carried = self.carry_as(conversation, letter, known, rendered).await;
        if let Err(error) = &carried
            && is_misfit(error)
        {
            tracing::error!(conversation, %error, "Slack does not take a card as it is; it is shown shorter");
            carried = self.carry_as(conversation, letter, known, plainly(letter)).await;
        }
        let open = letter.place.to.is_none();
        trouble::spoke(&self.troubles, channel_of(conversation), open, carried.as_ref().err());
        carried.map_err(undelivered)
    }

    async fn link(&self, conversation: &str, message: &str) -> Option<String> {
        match self.web.message_link(channel_of(conversation), message).await {
            Ok(link) => Some(link),
            Err(error) => {
                tracing::debug!(conversation, %error, "Slack does not say the address of a card");
                None
            }
        }
    }

    async fn find(
        &self,
        conversation: &str,
        letter: &Letter,
        since_ms: EpochMs,
    ) -> Result<Option<String>, Undelivered> {
        let channel = channel_of(conversation);
        let history = History {
            thread: self.thread_of(channel, letter),
            oldest: Some(stamp(since_ms - LOOK_BACK_MS)),
            ..History::default()
        };
        let messages = match self.web.messages(channel, &history).await {
            Ok(page) => page.messages,
            // Without the scope to read there is no telling; showing it twice is better than not at all.
            Err(WebError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(undelivered(error)),
        };
        if letter.place.file {
            let name = file_name(letter);
            let files = messages.iter().flat_map(|message| message["files"].as_array().into_iter().flatten());
            let mut ours = files.filter(|file| file["name"] == name.as_str());
            return Ok(ours.next().and_then(|file| file["id"].as_str()).map(ToOwned::to_owned));
        }
        let mark = mark(letter);
        let ours = |message: &&Value| {
            let blocks = message["blocks"].as_array().map(Vec::as_slice).unwrap_or_default();
            blocks.iter().any(|block| block["block_id"] == mark.as_str())
        };
        Ok(messages.iter().find(ours).and_then(|message| message["ts"].as_str()).map(ToOwned::to_owned))
    }
}
