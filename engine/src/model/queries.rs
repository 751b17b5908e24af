//! What a metrics server is asked about a service, instead of the edge.

use serde::{Deserialize, Serialize};

/// Queries to Prometheus, in PromQL. Each gives counters with a label that says of which release they are. `$environment` and
/// `$service` stand for the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queries {
    /// Requests answered, a counter: `http_requests_total{service="$service"}`.
    pub requests: String,
    /// Those of them that failed, a counter: `http_requests_total{service="$service", status=~"5.."}`.
    pub errors: String,
    /// How long answers took, the buckets of a histogram in seconds, by `le`; absent means that latency is not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency: Option<String>,
    /// The label with the release's number.
    pub release_label: String,
    /// Seconds from one sample to the next, as the server scrapes.
    pub every_s: u32,
}
