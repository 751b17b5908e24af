//! Slack's Web API, as far as this front uses it. Answers are read leniently: only what is needed is looked for, because
//! Slack adds to them all the time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chat::Troubles;
use engine::clock::EpochMs;
use secrecy::SecretString;
use serde_json::{Value, json};

use crate::blocks::context;
pub(crate) use crate::call::WebError;
use crate::call::{Caller, Given};
use crate::check::lacking;
use crate::holds::Holds;
use crate::limits::{ALT_CHARS, BLOCKS};
use crate::settings::Settings;
use crate::trouble;

/// Messages read when one is looked for that may have arrived.
const HISTORY_READ: u32 = 100;
/// What is added where the bot may not speak.
const NOT_THERE: &str = "I am not in that channel: `/invite` me, and what runs do is shown there too.";
/// How bodies are written.
const JSON: &str = "application/json; charset=utf-8";

/// A message to send.
#[derive(Debug, Clone, Default)]
pub(crate) struct Message {
    /// What is read where blocks are not.
    pub(crate) text: String,
    /// Block Kit.
    pub(crate) blocks: Vec<Value>,
    /// The message whose thread it belongs into.
    pub(crate) thread: Option<String>,
}

/// What is read of a channel. Instants are epoch seconds as Slack writes them.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    /// The root of a thread, when that is read.
    pub(crate) thread: Option<String>,
    /// Only what came after it.
    pub(crate) oldest: Option<String>,
    /// Only what came before it.
    pub(crate) latest: Option<String>,
    /// Where the page before ended.
    pub(crate) cursor: Option<String>,
}

/// A page of it.
#[derive(Debug, Clone)]
pub(crate) struct Page {
    /// As Slack describes them.
    pub(crate) messages: Vec<Value>,
    /// Where it goes on, when there is more.
    pub(crate) next: Option<String>,
}

/// Who the bot is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bot {
    /// Its user.
    pub(crate) user: String,
    /// Its bot.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    /// The workspace it is in, as people call it.
    pub(crate) team: String,
    /// That workspace, where Slack says so; where the app is installed for an organization, that.
    pub(crate) team_id: Option<String>,
    /// The organization of that workspace, where it has one.
    pub(crate) organization: Option<String>,
    /// What it may do, where Slack says so.
    pub(crate) scopes: Option<Vec<String>>,
}

impl Bot {
    /// Who it is and where, for people.
    pub(crate) fn called(&self) -> String {
        let name = if self.name.is_empty() { &self.user } else { &self.name };
        let team = if self.team.is_empty() { String::new() } else { format!(" in {}", self.team) };
        format!("@{name} ({}){team}", self.user)
    }
}

type Time = Arc<dyn Fn() -> EpochMs + Send + Sync>;

/// The Web API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Web {
    caller: Caller,
    base: String,
    bot: SecretString,
    app: Option<SecretString>,
    directs: Directs,
    /// What Slack asked to wait with.
    holds: Arc<Mutex<Holds>>,
    now: Time,
    /// Where it is told which calls don't work.
    troubles: Option<Troubles>,
}

/// Direct conversations that were opened, by person. They stay the same for good.
type Directs = Arc<Mutex<HashMap<String, String>>>;

impl std::fmt::Debug for Web {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Web")
    }
}

impl Web {
    /// A client as the settings say.
    pub(crate) fn new(settings: &Settings, now: Time) -> std::io::Result<Self> {
        Ok(Self {
            caller: Caller::new(&settings.api_base)?,
            base: settings.api_base.clone(),
            bot: settings.bot_token.clone(),
            app: settings.app_token.clone(),
            directs: Directs::default(),
            holds: Arc::default(),
            now,
            troubles: None,
        })
    }

    /// The same, which tells which calls don't work.
    pub(crate) fn with_troubles(self, troubles: Troubles) -> Self {
        Self { troubles: Some(troubles), ..self }
    }

    async fn post(&self, method: &'static str, body: Value) -> Result<Value, WebError> {
        self.call(method, Given::Json(&body)).await
    }

    async fn get(&self, method: &'static str, parameters: &[(&str, String)]) -> Result<Value, WebError> {
        let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        self.call(method, Given::Form(&form)).await
    }

    async fn call(&self, method: &'static str, given: Given<'_>) -> Result<Value, WebError> {
        let answered = self.ask(&self.bot, method, given).await;
        if let Some(troubles) = &self.troubles {
            trouble::called(troubles, method, answered.as_ref().err());
        }
        let (answer, scopes) = answered?;
        self.note(scopes.as_deref());
        Ok(answer)
    }

    /// Calls a method, unless Slack has asked to wait with it.
    async fn ask(
        &self,
        token: &SecretString,
        method: &'static str,
        given: Given<'_>,
    ) -> Result<(Value, Option<Vec<String>>), WebError> {
        let holds = || self.holds.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = holds().wait_ms(method, (self.now)());
        if waits.is_some() {
            return Err(WebError::Limited { method, after_ms: waits });
        }
        let url = format!("{}/{method}", self.base);
        let answered = self.caller.method_and_scopes(token, method, &url, given).await;
        if let Err(WebError::Limited { after_ms: Some(after_ms), .. }) = &answered {
            holds().hold(method, (self.now)(), *after_ms);
        }
        answered
    }

    /// Each answer says what the app may do: what it will need later is told now, and once it is given, that is noticed.
    fn note(&self, scopes: Option<&[String]>) {
        if let (Some(troubles), Some(has)) = (&self.troubles, scopes) {
            trouble::lacking(troubles, &lacking(has));
        }
    }

    /// Who the bot is.
    pub(crate) async fn who_am_i(&self) -> Result<Bot, WebError> {
        let (answer, scopes) = self.ask(&self.bot, "auth.test", Given::Json(&json!({}))).await?;
        self.note(scopes.as_deref());
        Ok(Bot {
            user: text(&answer, "/user_id"),
            id: text(&answer, "/bot_id"),
            name: text(&answer, "/user"),
            team: text(&answer, "/team"),
            team_id: Some(text(&answer, "/team_id")).filter(|id| !id.is_empty()),
            organization: Some(text(&answer, "/enterprise_id")).filter(|id| !id.is_empty()),
            scopes,
        })
    }

    /// Where to open a socket.
    pub(crate) async fn socket_url(&self) -> Result<String, WebError> {
        let method = "apps.connections.open";
        let Some(app) = &self.app else {
            return Err(WebError::Refused { method, code: "no_app_token".to_owned() });
        };
        let (answer, _) = self.ask(app, method, Given::Json(&json!({}))).await?;
        needed(method, &answer, "/url")
    }

    /// Posts a message; its identifier.
    pub(crate) async fn message_post(&self, channel: &str, message: &Message) -> Result<String, WebError> {
        let method = "chat.postMessage";
        let mut body = json!({
            "channel": channel,
            "text": message.text,
            "blocks": message.blocks,
            "unfurl_links": false,
            "unfurl_media": false,
        });
        put_thread(&mut body, message);
        let answer = self.post(method, body).await?;
        needed(method, &answer, "/ts")
    }

    /// Edits a message.
    pub(crate) async fn message_update(
        &self,
        channel: &str,
        ts: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let body = json!({ "channel": channel, "ts": ts, "text": message.text, "blocks": message.blocks });
        self.post("chat.update", body).await.map(|_| ())
    }

    /// Shows a message to one person alone.
    pub(crate) async fn message_whisper(
        &self,
        channel: &str,
        user: &str,
        message: &Message,
    ) -> Result<(), WebError> {
        let mut body =
            json!({ "channel": channel, "user": user, "text": message.text, "blocks": message.blocks });
        put_thread(&mut body, message);
        self.post("chat.postEphemeral", body).await.map(|_| ())
    }

    /// Answers at the address Slack gave with a command or a click.
    pub(crate) async fn answer_at(&self, url: &str, message: &Message) -> Result<(), WebError> {
        let body = json!({
            "response_type": "ephemeral",
            "replace_original": false,
            "text": message.text,
            "blocks": message.blocks,
        });
        self.caller.hand_in("response_url", url, JSON, body.to_string().into_bytes()).await
    }

    /// Tells one person alone, by whichever way is open: where they are, at the address that came with what they did, or in
    /// the direct conversation.
    pub(crate) async fn tell(
        &self,
        channel: Option<&str>,
        user: &str,
        answer_at: Option<&str>,
        message: &Message,
    ) -> Result<(), WebError> {
        let there = match channel {
            // Between the two nothing needs to be private once more.
            Some(direct) if is_direct(direct) => Some(self.message_post(direct, message).await.map(drop)),
            Some(channel) => Some(self.message_whisper(channel, user, message).await),
            None => None,
        };
        match there {
            None | Some(Err(WebError::Refused { .. })) => {}
            Some(told) => return told,
        }
        let mut message = Message { thread: None, ..message.clone() };
        if channel.is_some() && message.blocks.len() < BLOCKS {
            message.blocks.push(context(NOT_THERE));
        }
        if let Some(url) = answer_at {
            match self.answer_at(url, &message).await {
                Err(WebError::Refused { .. }) => {}
                answered => return answered,
            }
        }
        let direct = self.direct(user).await?;
        self.message_post(&direct, &message).await.map(drop)
    }

    /// The address at which people open a message.
    pub(crate) async fn message_link(&self, channel: &str, ts: &str) -> Result<String, WebError> {
        let method = "chat.getPermalink";
        let which = [("channel", channel.to_owned()), ("message_ts", ts.to_owned())];
        needed(method, &self.get(method, &which).await?, "/permalink")
    }

    /// Deletes a message, where Slack lets the bot.
    pub(crate) async fn message_delete(&self, channel: &str, ts: &str) -> Result<(), WebError> {
        self.post("chat.delete", json!({ "channel": channel, "ts": ts })).await.map(|_| ())
    }

    /// A page of a channel, or of a thread in it.
    pub(crate) async fn messages(&self, channel: &str, history: &History) -> Result<Page, WebError> {
        let mut parameters = vec![("channel", channel.to_owned()), ("limit", HISTORY_READ.to_string())];
        let given = [
            ("ts", &history.thread),
            ("oldest", &history.oldest),
            ("latest", &history.latest),
            ("cursor", &history.cursor),
        ];
        parameters.extend(given.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        let method = if history.thread.is_some() { "conversations.replies" } else { "conversations.history" };
        let answer = self.get(method, &parameters).await?;
        let next = Some(text(&answer, "/response_metadata/next_cursor")).filter(|next| !next.is_empty());
        let next = next.filter(|_| answer["has_more"] != false);
        Ok(Page { messages: answer["messages"].as_array().cloned().unwrap_or_default(), next })
    }

    /// The direct conversation with somebody.
    pub(crate) async fn direct(&self, user: &str) -> Result<String, WebError> {
        let known =
            |directs: &Directs| directs.lock().unwrap_or_else(PoisonError::into_inner).get(user).cloned();
        if let Some(direct) = known(&self.directs) {
            return Ok(direct);
        }
        let method = "conversations.open";
        let answer = self.post(method, json!({ "users": user })).await?;
        let direct = needed(method, &answer, "/channel/id")?;
        let mut directs = self.directs.lock().unwrap_or_else(PoisonError::into_inner);
        directs.insert(user.to_owned(), direct.clone());
        Ok(direct)
    }

    /// Opens a modal for the click or command that gave the trigger.
    pub(crate) async fn modal_open(&self, trigger: &str, view: Value) -> Result<(), WebError> {
        self.post("views.open", json!({ "trigger_id": trigger, "view": view })).await.map(|_| ())
    }

    /// Shows somebody's App Home.
    pub(crate) async fn home_publish(&self, user: &str, view: Value) -> Result<(), WebError> {
        self.post("views.publish", json!({ "user_id": user, "view": view })).await.map(|_| ())
    }

    /// Puts files into a channel, or into a thread of it, as one message; the identifier of the first. Nobody sees anything
    /// of them before the last of the calls.
    pub(crate) async fn files_attach(
        &self,
        channel: &str,
        thread: Option<&str>,
        files: Vec<File>,
    ) -> Result<Option<String>, WebError> {
        let mut handed_in = Vec::new();
        for file in files {
            let title = file.title.clone();
            handed_in.push((self.file_hand_in(file).await?, title));
        }
        let described: Vec<Value> =
            handed_in.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect();
        let mut body = json!({ "files": described, "channel_id": channel });
        if let Some(thread) = thread {
            body["thread_ts"] = json!(thread);
        }
        self.post("files.completeUploadExternal", body).await?;
        Ok(handed_in.into_iter().next().map(|(id, _)| id))
    }

    /// Hands a file in, which nobody sees yet; its identifier.
    async fn file_hand_in(&self, file: File) -> Result<String, WebError> {
        let File { name, kind, says, bytes, .. } = file;
        let method = "files.getUploadURLExternal";
        let mut asked = vec![("filename", name), ("length", bytes.len().to_string())];
        asked.extend(says.map(|says| ("alt_txt", says.chars().take(ALT_CHARS).collect())));
        let place = self.get(method, &asked).await?;
        let (url, file) = (needed(method, &place, "/upload_url")?, needed(method, &place, "/file_id")?);
        let handed_in = self.caller.hand_in("upload", &url, kind, bytes).await;
        handed_in.map_err(|error| match error {
            // The address is used up or its time is over: another one is asked for.
            WebError::Refused { method, code } => WebError::Unanswered { method, why: code },
            error => error,
        })?;
        Ok(file)
    }
}

/// A file for people.
pub(crate) struct File {
    /// Its name.
    pub(crate) name: String,
    /// What people see above it.
    pub(crate) title: String,
    /// Its content type.
    pub(crate) kind: &'static str,
    /// What a picture says to whoever does not see it.
    pub(crate) says: Option<String>,
    /// What is in it.
    pub(crate) bytes: Vec<u8>,
}

/// Whether a channel is the conversation between the bot and one person.
pub(crate) fn is_direct(channel: &str) -> bool {
    channel.starts_with('D')
}

fn put_thread(body: &mut Value, message: &Message) {
    if let Some(thread) = &message.thread {
        body["thread_ts"] = json!(thread);
    }
}

fn text(answer: &Value, pointer: &str) -> String {
    answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn needed(method: &'static str, answer: &Value, pointer: &str) -> Result<String, WebError> {
    match text(answer, pointer) {
        missing if missing.is_empty() => {
            Err(WebError::Unanswered { method, why: format!("it lacks {}", &pointer[1..]) })
        }
        found => Ok(found),
    }
}
