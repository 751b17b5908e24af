//! Where providers' APIs are, for whoever has them behind an address of their own.

use std::collections::BTreeMap;

use adapters::http::address_checked;
use engine::model::Provider;

use super::fault::Collector;
use super::layers::Layers;

/// The providers that are asked over an API, and the keys their addresses are set by.
const API_BASES: [(Provider, &str); 5] = [
    (Provider::Railway, "railway.api_base"),
    (Provider::Cloudflare, "cloudflare.api_base"),
    (Provider::Stripe, "stripe.api_base"),
    (Provider::Sendgrid, "sendgrid.api_base"),
    (Provider::Github, "github.api_base"),
];

/// Reads the addresses that are set; the others are the providers' own.
pub(super) fn read(layers: &Layers, faults: &Collector) -> BTreeMap<Provider, String> {
    let set = |(provider, key): (Provider, &'static str)| {
        let base = layers.checked(key, faults, |text| {
            address_checked(text).map_err(|error| {
                let says = error.to_string();
                let why = says.strip_suffix(&format!(": {}", error.mend())).unwrap_or(&says);
                (why.to_owned(), error.mend().to_owned())
            })
        });
        Some((provider, base?))
    };
    API_BASES.into_iter().filter_map(set).collect()
}
