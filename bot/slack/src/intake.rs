//! What is done with what Slack delivers. Everything that changes something is written down before it is acknowledged, under
//! an identifier that is the same however often and over whichever socket it comes; modals are opened at once, because the
//! right to open one ends after three seconds; secrets are sealed on the spot and written down nowhere.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chat::{About, Listener, Place, Spoken};
use engine::control::{Engine, Refusal};
use engine::model::{EnvironmentKey, Identity};
use engine::store::{Commit, StoreError, Write};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::FRONT;
use crate::blocks::{FORM, SAY, mrkdwn};
use crate::forms::{self, Memory};
use crate::home;
use crate::payload::{Clicked, Commanded, Happened, Said, Submitted};
use crate::settings::Settings;
use crate::web::{Bot, Message, Web, WebError};

/// Longest time sealing a secret may take: Slack waits three seconds for the answer.
const SEALING: Duration = Duration::from_millis(2_500);
/// What the command says to get the form for a secret.
const SECRET_WORDS: [&str; 3] = ["secret", "set secret", "set a secret"];

/// Takes in what Slack delivers.
pub(crate) struct Intake {
    pub(crate) engine: Engine,
    pub(crate) web: Arc<Web>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) listener: Listener,
    /// Who the bot is; empty until Slack has said so.
    pub(crate) bot: OnceLock<Bot>,
    /// What is being done after the acknowledgement.
    pub(crate) tasks: TaskTracker,
}

/// What goes back with the acknowledgement.
pub(crate) type Answer = Option<Value>;

impl Intake {
    /// Takes in what happened; after this it may be acknowledged. An error means that it must be delivered again.
    pub(crate) async fn take(self: &Arc<Self>, happened: Happened) -> Result<Answer, StoreError> {
        match happened {
            Happened::Said(said) => self.said(said).await.map(|()| None),
            Happened::Commanded(commanded) => self.commanded(commanded).await,
            Happened::Clicked(clicked) => self.clicked(clicked).await.map(|()| None),
            Happened::Submitted(submitted) => self.submitted(submitted).await,
            Happened::HomeOpened { user } => {
                self.later(|intake| async move { home::show(&intake, &user).await });
                Ok(None)
            }
            Happened::Challenged(challenge) => Ok(Some(json!({ "challenge": challenge }))),
            Happened::Nothing => Ok(None),
        }
    }

    /// Does something after the acknowledgement.
    fn later<F: Future<Output = ()> + Send + 'static>(self: &Arc<Self>, act: impl FnOnce(Arc<Self>) -> F) {
        self.tasks.spawn(act(Arc::clone(self)));
    }

    async fn said(self: &Arc<Self>, said: Said) -> Result<(), StoreError> {
        let bot = self.bot.get().map(|bot| bot.user.as_str()).unwrap_or_default();
        let at_bot = format!("<@{bot}>");
        let named = said.mention || (!bot.is_empty() && said.text.contains(&at_bot));
        if said.user == bot || !(named || said.direct || self.settings.channels.listens(&said.channel)) {
            return Ok(());
        }
        let event = format!("said/{}/{}", said.channel, said.ts);
        let text = said.text.replace(&at_bot, " ").trim().to_owned();
        if matches!(self.engine.redactor().redact(&said.text), std::borrow::Cow::Owned(_)) {
            return self.secret_said(said, event).await;
        }
        // In a channel an answer belongs under what was said; between two there is nobody to disturb.
        let thread = said.thread.clone().or_else(|| (!said.direct).then(|| said.ts.clone()));
        let place = Place { thread, inside: said.thread.is_some(), ..Place::default() };
        let mut spoken = self.spoken(&said.user, &said.channel, event, text, place);
        spoken.overheard = !(named || said.direct);
        self.listener.take(&spoken).await.map(|_| ())
    }

    /// Something said to the bot.
    fn spoken(&self, user: &str, channel: &str, event: String, text: String, place: Place) -> Spoken {
        let environment = self.settings.channels.environment(channel).map(ToString::to_string);
        Spoken {
            inbound: chat::Inbound {
                identity: identity(user),
                conversation: conversation(channel),
                event: Some(event),
                text,
            },
            about: About { run: None, environment },
            place,
            overheard: false,
        }
    }

    /// A secret stands in a message: nothing of it is kept, and its writer is told at once.
    async fn secret_said(self: &Arc<Self>, said: Said, event: String) -> Result<(), StoreError> {
        let store = self.engine.store();
        if store.inbound_is_known(FRONT, &event).await? {
            return Ok(());
        }
        let mut commit = Commit::at(self.engine.now_ms());
        let at_ms = commit.now_ms;
        commit.writes.push(Write::InboundPut { front: FRONT.to_owned(), event, at_ms });
        match store.commit(commit).await {
            // The other socket was quicker.
            Err(StoreError::Conflict) => return Ok(()),
            other => other?,
        }
        self.later(|intake| async move {
            let deleted = intake.web.message_delete(&said.channel, &said.ts).await.is_ok();
            let gone = if deleted {
                "I deleted your message."
            } else {
                "*Delete your message*: Slack does not let me."
            };
            let says = format!(
                "That looks like a secret. {gone} Nothing of it was kept or done. Who could read it here may have it: replace it where it came from."
            );
            let button = json!({
                "type": "button", "action_id": forms::SECRET_BUTTON, "style": "primary", "value": "set",
                "text": { "type": "plain_text", "text": "Enter it safely" },
            });
            let message = Message {
                text: says.replace('*', ""),
                blocks: vec![
                    json!({ "type": "section", "text": mrkdwn(&says) }),
                    json!({ "type": "actions", "elements": [button] }),
                ],
                thread: said.thread.clone(),
            };
            if let Err(error) = intake.web.message_whisper(&said.channel, &said.user, &message).await {
                tracing::warn!(channel = said.channel, %error, "somebody can't be told of a secret they wrote");
            }
        });
        Ok(())
    }

    async fn commanded(self: &Arc<Self>, commanded: Commanded) -> Result<Answer, StoreError> {
        let Commanded { user, channel, text, trigger, answer_at } = commanded;
        let text = text.trim().to_owned();
        if SECRET_WORDS.contains(&text.to_lowercase().as_str()) {
            self.later(|intake| async move { intake.secret_form(&trigger).await });
            return Ok(None);
        }
        if matches!(self.engine.redactor().redact(&text), std::borrow::Cow::Owned(_)) {
            let says =
                "That looks like a secret. Nothing of it was kept or done. Set secrets with `/infra secret`.";
            return Ok(Some(json!({ "response_type": "ephemeral", "text": says })));
        }
        let text = if text.is_empty() { "help".to_owned() } else { text };
        let place = Place { to: Some(user.clone()), answer_at, ..Place::default() };
        let spoken = self.spoken(&user, &channel, format!("command/{trigger}"), text, place);
        self.listener.take(&spoken).await.map(|_| None)
    }

    async fn clicked(self: &Arc<Self>, clicked: Clicked) -> Result<(), StoreError> {
        let thread = clicked.thread.clone().or_else(|| clicked.message.clone());
        let place = Place { thread, inside: clicked.thread.is_some(), ..Place::default() };
        if clicked.action == forms::SECRET_BUTTON {
            self.later(|intake| async move { intake.secret_form(&clicked.trigger).await });
            return Ok(());
        }
        if clicked.action == FORM {
            self.later(|intake| async move { intake.question_form(&clicked, place).await });
            return Ok(());
        }
        if clicked.action.split('/').next() != Some(SAY) || clicked.value.is_empty() {
            return Ok(());
        }
        let Clicked { user, channel, message, value, at, .. } = clicked;
        let Some(channel) = channel else {
            let event = format!("click/{}/{user}/{at}", home::PLACE);
            self.later(|intake| async move { intake.clicked_at_home(&user, event, value).await });
            return Ok(());
        };
        let event = format!("click/{channel}/{}/{user}/{at}", message.unwrap_or_default());
        let spoken = self.spoken(&user, &channel, event, value, place);
        self.listener.take(&spoken).await.map(|_| ())
    }

    /// In the App Home there is no conversation: it goes on between the two.
    async fn clicked_at_home(&self, user: &str, event: String, value: String) {
        let direct = match self.web.direct(user).await {
            Ok(direct) => direct,
            Err(error) => {
                tracing::warn!(user, %error, "somebody who clicked in the App Home can't be spoken with");
                return;
            }
        };
        let spoken = self.spoken(user, &direct, event, value, Place::default());
        if let Err(error) = self.listener.take(&spoken).await {
            tracing::error!(%error, "a click in the App Home can't be written down");
        }
    }

    async fn question_form(&self, clicked: &Clicked, place: Place) {
        let (Ok(form), Some(channel)) = (serde_json::from_str(&clicked.value), clicked.channel.clone())
        else {
            return;
        };
        let view = forms::question(&form, &Memory { channel, place });
        self.open(&clicked.trigger, view).await;
    }

    async fn secret_form(&self, trigger: &str) {
        let environments: Vec<String> = match self.engine.project_get(None).await {
            Ok(project) => project.value.environments.keys().map(ToString::to_string).collect(),
            Err(_) => Vec::new(),
        };
        if !environments.is_empty() {
            self.open(trigger, forms::secret(&environments)).await;
        }
    }

    async fn open(&self, trigger: &str, view: Value) {
        if let Err(error) = self.web.modal_open(trigger, view).await {
            tracing::warn!(%error, "a form can't be opened");
        }
    }

    async fn submitted(self: &Arc<Self>, submitted: Submitted) -> Result<Answer, StoreError> {
        match submitted.callback.as_str() {
            forms::SECRET => Ok(Some(self.secret_set(&submitted).await)),
            forms::SAY => {
                let Ok(memory) = serde_json::from_str::<Memory>(&submitted.memory) else { return Ok(None) };
                let answer = submitted.value(forms::ANSWER);
                if matches!(self.engine.redactor().redact(&answer), std::borrow::Cow::Owned(_)) {
                    let says = "That looks like a secret. Set secrets with /infra secret.";
                    return Ok(Some(forms::fault(forms::ANSWER, says)));
                }
                let event = format!("form/{}", submitted.view);
                let spoken = self.spoken(&submitted.user, &memory.channel, event, answer, memory.place);
                self.listener.take(&spoken).await.map(|_| None)
            }
            _ => Ok(None),
        }
    }

    /// Seals what was filled in. Nothing of it is kept but the seal, and that this form was: a second delivery is done.
    async fn secret_set(&self, submitted: &Submitted) -> Value {
        let name = match submitted.value(forms::NAME).trim().parse() {
            Ok(name) => name,
            Err(error) => return forms::fault(forms::NAME, &format!("{error}")),
        };
        let value = submitted.value(forms::VALUE);
        if value.is_empty() {
            return forms::fault(forms::VALUE, "There is nothing here.");
        }
        let event = format!("form/{}", submitted.view);
        let sealing = async {
            if self.engine.store().inbound_is_known(FRONT, &event).await? {
                return Ok(None);
            }
            let project = self.engine.project_get(None).await?.value.project;
            let environment = submitted.value(forms::ENVIRONMENT).parse().map_err(|_| {
                let (say, next) = ("there is no such environment", "choose another one");
                Refusal::NotFound { say: say.to_owned(), next: next.to_owned() }
            })?;
            let environment = EnvironmentKey::new(project, environment);
            let actor = self.engine.actor(&identity(&submitted.user)).await?;
            let version =
                self.engine.secret_set(&environment, &name, SecretString::from(value), &actor).await?;
            let mut commit = Commit::at(self.engine.now_ms());
            let at_ms = commit.now_ms;
            commit.writes.push(Write::InboundPut { front: FRONT.to_owned(), event: event.clone(), at_ms });
            match self.engine.store().commit(commit).await {
                // It came over both sockets in the same moment: two versions of one value.
                Ok(()) | Err(StoreError::Conflict) => Ok::<_, Refusal>(Some((environment, version))),
                Err(error) => Err(error.into()),
            }
        };
        match tokio::time::timeout(SEALING, sealing).await {
            Ok(Ok(None)) => forms::done("It is sealed."),
            Ok(Ok(Some((environment, version)))) => forms::done(&format!(
                "*{name}* of {} is sealed (version {version}). Services read it when they start: `restart {}`.",
                environment.environment, environment.environment
            )),
            Ok(Err(refusal)) => forms::fault(forms::NAME, &refusal.to_string()),
            Err(_) => forms::fault(forms::VALUE, "It took too long, and may be sealed or not. Try again."),
        }
    }
}

/// Who somebody is.
pub(crate) fn identity(user: &str) -> Identity {
    Identity { front: FRONT.to_owned(), external_id: user.to_owned() }
}

/// The conversation of a channel.
pub(crate) fn conversation(channel: &str) -> String {
    format!("{FRONT}:{channel}")
}

/// Says something in a channel that is not the answer to anybody.
pub(crate) async fn announce(web: &Web, channel: &str, says: &str) -> Result<String, WebError> {
    let blocks = vec![json!({ "type": "section", "text": mrkdwn(says) })];
    web.message_post(channel, &Message { text: says.to_owned(), blocks, thread: None }).await
}
