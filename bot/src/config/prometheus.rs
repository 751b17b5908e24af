//! The settings of Prometheus: where it is, and what lets us in.

use secrecy::SecretString;

use super::fault::Collector;
use super::layers::Layers;

/// Where the Prometheus is that services may be watched through. Its `Debug` shows no secret.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Its address.
    pub(crate) url: String,
    /// What it wants to be shown, when it wants something.
    pub(crate) token: Option<SecretString>,
}

/// Reads them; `None` when none was given.
pub(super) fn read(layers: &Layers, faults: &Collector) -> Option<Settings> {
    if !layers.has_table("prometheus") {
        return None;
    }
    let url = layers.checked("prometheus.url", faults, |address| {
        let good = ["http://", "https://"]
            .iter()
            .any(|scheme| address.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        if good && !address.contains('@') {
            Ok(address.trim_end_matches('/').to_owned())
        } else {
            Err((
                "is no address of a Prometheus".to_owned(),
                "write it like http://127.0.0.1:9090, without a login".to_owned(),
            ))
        }
    });
    let token = layers.checked("prometheus.token", faults, |token| {
        if token.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(SecretString::from(token))
        } else {
            Err(("holds what no token holds".to_owned(), "give the token alone, without `Bearer`".to_owned()))
        }
    });
    if url.is_none() && !layers.has("prometheus.url") {
        faults.add(
            "the configuration",
            "prometheus.url",
            "is missing",
            "write it like http://127.0.0.1:9090",
        );
    }
    Some(Settings { url: url?, token })
}
