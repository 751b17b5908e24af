//! What goes wrong at a simulated vendor.

use super::{Asked, Said};

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// 429 with so many seconds to wait; nothing was done.
    Limited(u32),
    /// 500; nothing was done.
    Broken,
    /// Nothing was done, and no answer ever comes.
    Stuck,
    /// It is done, and no answer ever comes.
    Slow,
    /// It is done, and the connection breaks off in the answer.
    AnswerLost,
    /// It is done, and the answer is 502 of something in between.
    BadGateway,
    /// This answer stands in place of the right one; nothing was done.
    Instead(Said),
}

/// Which call a fault is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum When {
    /// The next one, whatever it is.
    Next,
    /// The next with this method and a path, query or body in which these words stand: `("POST", "webhook_endpoints")`.
    Like(&'static str, String),
    /// The n-th call from now that is no `GET`, counted from 1.
    Write(u32),
}

impl When {
    /// Whether it is this call; counts down.
    pub(super) fn is(&mut self, asked: &Asked) -> bool {
        match self {
            Self::Next => true,
            Self::Like(method, words) => {
                asked.method == *method
                    && (asked.path.contains(words.as_str())
                        || String::from_utf8_lossy(&asked.body).contains(words.as_str()))
            }
            Self::Write(_) if asked.method == "GET" => false,
            Self::Write(left) => {
                *left = left.saturating_sub(1);
                *left == 0
            }
        }
    }
}
