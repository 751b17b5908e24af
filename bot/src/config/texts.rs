//! The settings of texts. Twilio is used when any of its settings is given; then account, token and sender must be there.

use adapters::twilio::{API_BASE, Links, Sender, Settings, account_sid, messaging_service};
use engine::model::Phone;
use secrecy::SecretString;

use super::fault::Collector;
use super::layers::Layers;

/// Where people read what is what.
const SETUP: &str = "the README's part about texts says where it is found";

/// An address without a slash at its end.
fn address(text: &str, like: &str) -> Result<String, (String, String)> {
    let text = text.trim_end_matches('/');
    if text.starts_with("https://") || text.starts_with("http://") {
        Ok(text.to_owned())
    } else {
        Err((format!("`{text}` is no address"), format!("write it like {like}")))
    }
}

/// Where a text sends people, when its run is shown nowhere with an address.
pub(super) fn link(layers: &Layers, faults: &Collector) -> Option<String> {
    layers.checked("texts.link", faults, |text| match text.strip_prefix("https://") {
        Some(rest) if !rest.is_empty() && text.is_ascii() => Ok(text.to_owned()),
        _ => Err((format!("`{text}` is no https address"), "write it like https://infra.example".to_owned())),
    })
}

/// Reads them; `None` when none was given.
pub(super) fn read(layers: &Layers, faults: &Collector) -> Option<Settings> {
    if !layers.has_table("twilio") {
        return None;
    }
    let api_base = layers.checked("twilio.api_base", faults, |text| address(text, API_BASE));
    let account = layers.checked("twilio.account_sid", faults, |text| {
        let wrong = || ("is no account: they are AC and 32 hexadecimal digits".to_owned(), SETUP.to_owned());
        account_sid(text).then(|| text.to_owned()).ok_or_else(wrong)
    });
    let token = layers.checked("twilio.auth_token", faults, |text| {
        if text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(SecretString::from(text))
        } else {
            Err(("holds what no token holds".to_owned(), SETUP.to_owned()))
        }
    });
    let from = layers.checked("twilio.from", faults, |text| {
        text.parse::<Phone>().map_err(|error| (error.to_string(), SETUP.to_owned()))
    });
    let service = layers.checked("twilio.messaging_service", faults, |text| {
        let wrong = || {
            ("is no messaging service: they are MG and 32 hexadecimal digits".to_owned(), SETUP.to_owned())
        };
        messaging_service(text).then(|| text.to_owned()).ok_or_else(wrong)
    });
    let public_url =
        layers.checked("twilio.public_url", faults, |text| address(text, "https://infra.example"));
    let links = layers.checked("twilio.links", faults, |text| {
        let mend = || {
            (
                format!("`{text}` says not where"),
                "write `everywhere`, `nowhere`, or countries: `+49, +43`".to_owned(),
            )
        };
        Links::read(text).ok_or_else(mend)
    });
    for key in ["twilio.account_sid", "twilio.auth_token"] {
        if !layers.has(key) {
            faults.add("the configuration", key, "is missing", SETUP);
        }
    }
    let sender = match (from, service) {
        (Some(_), Some(_)) => {
            let mend = "keep one of the two";
            faults.add(
                &layers.place("twilio.from"),
                "twilio.from",
                "is given beside a messaging service",
                mend,
            );
            None
        }
        (Some(number), None) => Some(Sender::Number(number)),
        (None, Some(service)) => Some(Sender::Service(service)),
        (None, None) => {
            if !layers.has("twilio.from") && !layers.has("twilio.messaging_service") {
                faults.add("the configuration", "twilio.from", "is missing", SETUP);
            }
            None
        }
    };
    Some(Settings {
        api_base: api_base.unwrap_or_else(|| API_BASE.to_owned()),
        account_sid: account?,
        auth_token: token?,
        sender: sender?,
        public_url,
        links: links.unwrap_or_default(),
    })
}
