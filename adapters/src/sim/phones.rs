//! Phones: what was texted is on them, in the order it came, whatever became of the answer.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use engine::model::Phone;
use engine::notify::Fate;
use engine::ports::{Found, Messenger, Outgoing, PortError};

/// How long a busy messenger asks to wait, in milliseconds.
const BUSY_MS: i64 = 1_000;

/// A text on a phone, or on its way to one that is out of reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneText {
    /// The phone.
    pub to: String,
    /// The words.
    pub body: String,
    /// What became of it.
    pub fate: Fate,
}

/// What goes wrong with the next texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhoneFault {
    /// It is sent, and the answer gets lost.
    LostAnswer,
    /// It is not sent, and no answer says so.
    NeverSent,
    /// The messenger asks to wait.
    Busy,
    /// The messenger does not take it.
    Refused,
    /// It is sent, and there is no answer for as long as the program lives.
    Silent,
}

/// All phones there are, and the messenger between.
#[derive(Debug, Default)]
pub struct Phones(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    texts: Vec<PhoneText>,
    out_of_reach: BTreeSet<String>,
    faults: Vec<PhoneFault>,
    silences: usize,
}

impl Phones {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that was sent, in order.
    pub fn texts(&self) -> Vec<PhoneText> {
        self.state().texts.clone()
    }

    /// A phone is switched off, or on again: what is sent to it meanwhile is lost.
    pub fn out_of_reach(&self, phone: &str, is_out: bool) {
        let mut state = self.state();
        if is_out {
            state.out_of_reach.insert(phone.to_owned());
        } else {
            state.out_of_reach.remove(phone);
        }
    }

    /// This goes wrong with the next text, after what is to go wrong before it.
    pub fn fault(&self, fault: PhoneFault) {
        self.state().faults.push(fault);
    }

    /// How often somebody waits, or has waited, for an answer that does not come.
    pub fn silences(&self) -> usize {
        self.state().silences
    }

    /// What is still to go wrong.
    pub fn faults_unstruck(&self) -> Vec<PhoneFault> {
        self.state().faults.clone()
    }
}

impl Phones {
    /// What comes of handing a text over; nothing when no answer ever comes.
    fn taken(&self, text: &Outgoing<'_>) -> Option<Result<Found, PortError>> {
        let mut state = self.state();
        let fault = if state.faults.is_empty() { None } else { Some(state.faults.remove(0)) };
        Some(match fault {
            None => Ok(state.take(text)),
            Some(PhoneFault::LostAnswer) => {
                state.take(text);
                Err(PortError::unknown("the answer got lost"))
            }
            Some(PhoneFault::NeverSent) => Err(PortError::unknown("there was no answer")),
            Some(PhoneFault::Busy) => {
                Err(PortError::Retry { what: "too many texts".to_owned(), after_ms: Some(BUSY_MS) })
            }
            Some(PhoneFault::Refused) => Err(PortError::fail("the number is no phone's", "")),
            Some(PhoneFault::Silent) => {
                state.take(text);
                state.silences += 1;
                return None;
            }
        })
    }
}

impl State {
    fn take(&mut self, text: &Outgoing<'_>) -> Found {
        let fate = if self.out_of_reach.contains(text.to.as_str()) {
            Fate::Lost { why: "the phone is switched off".to_owned() }
        } else {
            Fate::Delivered
        };
        self.texts.push(PhoneText { to: text.to.to_string(), body: text.body.to_owned(), fate });
        // As with most messengers, what became of it is told later.
        Found { sent_as: format!("SM{}", self.texts.len()), fate: Fate::Going }
    }
}

#[async_trait]
impl Messenger for Phones {
    fn name(&self) -> &'static str {
        "the simulated network"
    }

    fn takes_links(&self, to: &Phone) -> bool {
        !to.as_str().starts_with("+1")
    }

    async fn send(&self, text: &Outgoing<'_>) -> Result<Found, PortError> {
        if let Some(answered) = self.taken(text) {
            return answered;
        }
        std::future::pending().await
    }

    async fn look(&self, text: &Outgoing<'_>) -> Result<Vec<Found>, PortError> {
        let state = self.state();
        let same = |(_, one): &(usize, &PhoneText)| one.to == text.to.as_str() && one.body == text.body;
        let found =
            |(at, _): (usize, &PhoneText)| Found { sent_as: format!("SM{}", at + 1), fate: Fate::Going };
        Ok(state.texts.iter().enumerate().filter(same).map(found).collect())
    }

    async fn fate(&self, sent_as: &str) -> Result<Fate, PortError> {
        let state = self.state();
        let at = sent_as.strip_prefix("SM").and_then(|number| number.parse::<usize>().ok());
        let text = at.and_then(|number| state.texts.get(number.checked_sub(1)?));
        text.map(|text| text.fate.clone())
            .ok_or_else(|| PortError::fail(format!("there is no text {sent_as}"), ""))
    }
}
