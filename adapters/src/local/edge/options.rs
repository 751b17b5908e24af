//! Limits of the edge, and what can be set about it.

use std::time::Duration;

/// How long a connection to an instance may take to come about. They are on this machine: a healthy one takes
/// microseconds.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long an instance may think before it begins to answer, counted from the last piece of the request it was sent.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_mins(1);

/// How long a client may take for the head of a request, and how long its connection may be silent between requests.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a client may take nothing at all of an answer that is ready for it.
pub const STALL_TIMEOUT: Duration = Duration::from_mins(1);

/// The largest head of a request, in bytes: room for cookies gone wild. A larger one is answered with 431.
pub const HEAD_MAX_BYTES: usize = 32 * 1_024;

/// Most client connections at a time, over all services. Each may need a second one to an instance, and programs may
/// commonly have 1,024 descriptors.
pub const CONNECTIONS_MAX: usize = 400;

/// What can be set about the edge.
#[derive(Debug, Clone)]
pub struct EdgeOptions {
    /// Allows addresses that other machines can reach.
    pub beyond_this_machine: bool,
    /// See [`CONNECTIONS_MAX`].
    pub connections_max: usize,
    /// See [`CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
    /// See [`RESPONSE_TIMEOUT`].
    pub response_timeout: Duration,
    /// See [`HEAD_TIMEOUT`].
    pub head_timeout: Duration,
    /// See [`STALL_TIMEOUT`].
    pub stall_timeout: Duration,
    /// See [`HEAD_MAX_BYTES`].
    pub head_max_bytes: usize,
}

impl Default for EdgeOptions {
    fn default() -> Self {
        Self {
            beyond_this_machine: false,
            connections_max: CONNECTIONS_MAX,
            connect_timeout: CONNECT_TIMEOUT,
            response_timeout: RESPONSE_TIMEOUT,
            head_timeout: HEAD_TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            head_max_bytes: HEAD_MAX_BYTES,
        }
    }
}
