//! What goes in and what comes out, the same for every front. A front turns what it hears into an [`Inbound`] and shows
//! [`Outbound`]s in its own way; nothing else knows which front it is.

use async_trait::async_trait;
use engine::chart::Chart;
use engine::model::Identity;
use serde::{Deserialize, Serialize};

use crate::files::Files;

/// Something a person said or clicked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inbound {
    /// Who, on which front.
    pub identity: Identity,
    /// Where: one conversation is one place with one thread of talk, `terminal`, `slack:C042:1700000000.0001`.
    pub conversation: String,
    /// The front's identifier of the event, when it may deliver one twice.
    pub event: Option<String>,
    /// The words; a click says its button's command.
    pub text: String,
}

/// Something to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "show")]
pub enum Outbound {
    /// A message of its own.
    Say(Card),
    /// A card that takes the place of the earlier one with the same key.
    Update(Card),
}

impl Outbound {
    /// The card either way.
    pub fn card(&self) -> &Card {
        match self {
            Self::Say(card) | Self::Update(card) => card,
        }
    }
}

/// How a card should feel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tone {
    /// An answer.
    Plain,
    /// Somebody must do something.
    Ask,
    /// Under way.
    Going,
    /// It worked.
    Good,
    /// It did not, or is not allowed.
    Bad,
}

/// A message in parts that every front can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What it is about: a run's identifier for the run's card, empty for a message that is never edited.
    pub key: String,
    /// How it should feel.
    pub tone: Tone,
    /// One line that says it all; markup-free.
    pub headline: String,
    /// While it is under way: for how long when this was drawn, in milliseconds. The headline ends with it, and whoever
    /// shows the card may let it go on.
    #[serde(default)]
    pub going_ms: Option<i64>,
    /// The rest, in order.
    pub parts: Vec<Part>,
    /// What can be clicked; in a terminal the commands are shown to be typed.
    pub buttons: Vec<Button>,
    /// The canonical command, so that people learn it; empty when there is none.
    pub command: String,
    /// Only for the person who asked, where the front can do that.
    pub private: bool,
    /// The question it asks, without what the headline says of an answer before; empty when it asks none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asks: String,
    /// What can be filled in instead of typing the answer, where the front can show forms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Form>,
    /// Files of a run that come along with it, where the front can bring files; elsewhere it says where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<Files>,
}

/// One thing to fill in. Submitting says it, as typing it would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// What stands above it.
    pub title: String,
    /// What is asked for.
    pub label: String,
}

/// A part of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "part")]
pub enum Part {
    /// Sentences.
    Text {
        /// The text.
        text: String,
    },
    /// A heading with lines under it.
    List {
        /// The heading; empty for none.
        title: String,
        /// The lines.
        lines: Vec<String>,
    },
    /// Names and values.
    Fields {
        /// In order.
        fields: Vec<(String, String)>,
    },
    /// Steps of a run.
    Steps {
        /// In order.
        steps: Vec<StepLine>,
    },
    /// Something to be shown as it is: the end of a log, a file.
    Verbatim {
        /// The lines.
        lines: Vec<String>,
    },
    /// What people said.
    Quotes {
        /// In order.
        quotes: Vec<Quote>,
    },
    /// A picture, told in words where it can't be shown.
    Picture {
        /// What is on it.
        chart: Chart,
    },
}

/// Something somebody said, in one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Who, by the front's identifier of the person.
    pub who: String,
    /// The words.
    pub text: String,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepMark {
    /// Its turn has not come.
    Pending,
    /// It is being done.
    Going,
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was undone.
    Undone,
    /// What it did stays although the run was undone.
    Kept,
}

/// One step on a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepLine {
    /// How far.
    pub mark: StepMark,
    /// Its name.
    pub title: String,
    /// What it does, waits for, or has done.
    pub says: String,
    /// How long it took, or has been going, in milliseconds.
    pub took_ms: Option<i64>,
}

/// Something to click. Clicking says the command, so buttons survive restarts and mean the same everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    /// What stands on it.
    pub label: String,
    /// What it says when clicked.
    pub command: String,
    /// Ask once more before doing it.
    pub danger: bool,
    /// What is asked then; the command itself when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asks: Option<String>,
}

impl Card {
    /// A card with its headline.
    pub fn new(tone: Tone, headline: impl Into<String>) -> Self {
        Self {
            key: String::new(),
            tone,
            headline: headline.into(),
            going_ms: None,
            parts: Vec::new(),
            buttons: Vec::new(),
            command: String::new(),
            private: false,
            asks: String::new(),
            form: None,
            files: None,
        }
    }

    /// Adds sentences; nothing when they are empty.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        let text = text.into();
        if !text.is_empty() {
            self.parts.push(Part::Text { text });
        }
        self
    }

    /// Adds lines under a heading; nothing when there are none.
    #[must_use]
    pub fn list(mut self, title: &str, lines: Vec<String>) -> Self {
        if !lines.is_empty() {
            self.parts.push(Part::List { title: title.to_owned(), lines });
        }
        self
    }

    /// Adds names and values; nothing when there are none.
    #[must_use]
    pub fn fields(mut self, fields: Vec<(String, String)>) -> Self {
        if !fields.is_empty() {
            self.parts.push(Part::Fields { fields });
        }
        self
    }

    /// Adds lines to be shown as they are; nothing when there are none.
    #[must_use]
    pub fn verbatim(mut self, lines: Vec<String>) -> Self {
        if !lines.is_empty() {
            self.parts.push(Part::Verbatim { lines });
        }
        self
    }

    /// Adds what people said; nothing when it is nothing.
    #[must_use]
    pub fn quotes(mut self, quotes: Vec<Quote>) -> Self {
        if !quotes.is_empty() {
            self.parts.push(Part::Quotes { quotes });
        }
        self
    }

    /// Adds a picture; nothing when there is none.
    #[must_use]
    pub fn picture(mut self, chart: Option<Chart>) -> Self {
        self.parts.extend(chart.map(|chart| Part::Picture { chart }));
        self
    }

    /// What is on its picture, when it has one.
    pub fn chart(&self) -> Option<&Chart> {
        self.parts.iter().find_map(|part| match part {
            Part::Picture { chart } => Some(chart),
            _ => None,
        })
    }

    /// Adds a button.
    #[must_use]
    pub fn button(mut self, label: &str, command: impl Into<String>, danger: bool) -> Self {
        self.buttons.push(Button { label: label.to_owned(), command: command.into(), danger, asks: None });
        self
    }

    /// What is asked before one of its buttons is obeyed.
    #[must_use]
    pub fn asking(mut self, asks: impl Fn(&str) -> Option<String>) -> Self {
        for button in self.buttons.iter_mut().filter(|button| button.danger && button.asks.is_none()) {
            button.asks = asks(&button.command);
        }
        self
    }

    /// It can be answered by filling in this.
    #[must_use]
    pub fn form(mut self, title: &str, label: &str) -> Self {
        self.form = Some(Form { title: title.to_owned(), label: label.to_owned() });
        self
    }

    /// Only for the person who asked.
    #[must_use]
    pub fn privately(mut self) -> Self {
        self.private = true;
        self
    }
}

/// Something went wrong between us and a front. The message stays in line and is tried again.
#[derive(Debug, thiserror::Error)]
#[error("{front} did not take the message: {why}")]
pub struct FrontError {
    /// Which front.
    pub front: String,
    /// Why.
    pub why: String,
}

/// A place where people talk: shows what it is given.
#[async_trait]
pub trait Front: Send + Sync {
    /// Its name in identities: `terminal`, `slack`.
    fn name(&self) -> &str;
    /// Shows something in a conversation.
    async fn show(&self, conversation: &str, outbound: &Outbound) -> Result<(), FrontError>;
}
