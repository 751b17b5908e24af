//! Faults: what goes wrong with which call. Each counts the calls it matches from the moment it is switched on.

use super::Call;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// With which call.
    pub call: CallMatch,
    /// What goes wrong.
    pub kind: FaultKind,
}

impl Fault {
    /// A fault of every call of that name; narrow it with [`Fault::about`] and [`Fault::nth`].
    pub fn of(call: Call, kind: FaultKind) -> Self {
        Self { call: CallMatch { call, subject: None, nth: None }, kind }
    }

    /// Only calls about this: see [`CallMatch::subject`].
    #[must_use]
    pub fn about(mut self, subject: &str) -> Self {
        self.call.subject = Some(subject.to_owned());
        self
    }

    /// Only the n-th of the calls that match, from 1.
    #[must_use]
    pub fn nth(mut self, nth: u32) -> Self {
        self.call.nth = Some(nth);
        self
    }
}

/// Which calls a fault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallMatch {
    /// The call.
    pub call: Call,
    /// Words that the call's subject must all contain, as the ledger writes it: `production`, `staging api@3`.
    pub subject: Option<String>,
    /// Which of the matching calls, from 1; absent means all of them until the faults are cleared.
    pub nth: Option<u32>,
}

impl CallMatch {
    fn is_about(&self, call: Call, subject: &str) -> bool {
        let has_word = |wanted: &str| subject.split_whitespace().any(|word| word == wanted);
        self.call == call && self.subject.iter().flat_map(|wanted| wanted.split_whitespace()).all(has_word)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// Nothing happens; the answer is [`PortError::Retry`](engine::ports::PortError::Retry).
    RetryBefore {
        /// How long the other side asks to wait, in milliseconds.
        after_ms: i64,
    },
    /// Nothing happens; the answer is [`PortError::Fail`](engine::ports::PortError::Fail).
    FailBefore,
    /// Nothing happens; the answer is [`PortError::Unknown`](engine::ports::PortError::Unknown).
    UnknownBefore,
    /// It happens, and the answer gets lost: [`PortError::Unknown`](engine::ports::PortError::Unknown).
    LostAnswer,
    /// It happens at once, and the answer comes when the clock has moved on by so many milliseconds.
    SlowMs(i64),
    /// Nothing happens, and the caller's process dies: no call resolves until the world's ports are asked for anew.
    CrashBefore,
    /// It happens, and the caller's process dies before it hears of it.
    Crash,
}

/// The faults that are on.
#[derive(Debug, Default)]
pub(super) struct Faults {
    on: Vec<Armed>,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    matched: u32,
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        self.on.push(Armed { fault, matched: 0 });
    }

    pub(super) fn end(&mut self, fault: &Fault) {
        self.on.retain(|armed| armed.fault != *fault);
    }

    pub(super) fn clear(&mut self) {
        self.on.clear();
    }

    /// Faults that were never due: a test that expects them to strike has aimed beside the mark.
    pub(super) fn unstruck(&self) -> Vec<Fault> {
        let missed = |armed: &&Armed| armed.matched < armed.fault.call.nth.unwrap_or(1);
        self.on.iter().filter(missed).map(|armed| armed.fault.clone()).collect()
    }

    /// What goes wrong with this call; all faults count it, the first that is due wins.
    pub(super) fn strike(&mut self, call: Call, subject: &str) -> Option<FaultKind> {
        let mut struck = None;
        for armed in &mut self.on {
            if !armed.fault.call.is_about(call, subject) {
                continue;
            }
            armed.matched += 1;
            if armed.fault.call.nth.is_none_or(|nth| nth == armed.matched) {
                struck = struck.or(Some(armed.fault.kind));
            }
        }
        struck
    }
}
