//! Whether people on duty can be texted: the account, the number texts come from, the way back for replies, and the phones of
//! those who are named.

use adapters::twilio::{ApiError, INBOUND_PATH, Sender, Settings, Twilio};
use engine::model::{Project, SMS};
use engine::store::Store;

use super::{Finding, Report};
use crate::config::Config;

/// What it is called among the findings.
const WHAT: &str = "texts";

/// Looks at all of it; where nobody is to be texted and no account is set, there is nothing to say.
pub(super) async fn texts(report: &mut Report, config: &Config, projects: &[Project], hosted: bool) {
    phones(report, config, projects).await;
    let Some(settings) = &config.twilio else {
        if projects.iter().any(|project| project.environments.values().any(|it| it.texts.is_some())) {
            let says = "shown in the terminal: set twilio.account_sid, twilio.auth_token and twilio.from to have them on phones";
            report.say(Finding::Ok, WHAT, says);
        }
        return;
    };
    match Twilio::new(settings) {
        Ok(twilio) => account(report, &twilio, settings, hosted).await,
        Err(error) => report.say(Finding::Fail, WHAT, &error.to_string()),
    }
}

async fn account(report: &mut Report, twilio: &Twilio, settings: &Settings, hosted: bool) {
    match twilio.account().await {
        Ok(account) if account.status == "active" => {
            let trial = account.kind.as_deref() == Some("Trial");
            let (finding, says) = if trial {
                (
                    Finding::Warn,
                    "the account is a trial: it texts numbers only that are verified in Twilio's console",
                )
            } else {
                (Finding::Ok, "Twilio takes the account and its token")
            };
            report.say(finding, WHAT, says);
        }
        Ok(account) => {
            let says = format!("the Twilio account is {}: see Twilio's console", account.status);
            return report.say(Finding::Fail, WHAT, &says);
        }
        Err(error @ ApiError::Refused { .. }) => return report.say(Finding::Fail, WHAT, &error.to_string()),
        Err(error) => {
            let says = format!("{error}: check the network of this machine, and twilio.api_base");
            return report.say(Finding::Warn, WHAT, &says);
        }
    }
    sender(report, twilio, settings).await;
    way_back(report, twilio, settings, hosted).await;
}

async fn sender(report: &mut Report, twilio: &Twilio, settings: &Settings) {
    let number = match &settings.sender {
        Sender::Number(number) => number,
        Sender::Service(sid) => {
            let says = format!(
                "they come from the messaging service {sid}: see there that it has a number that sends"
            );
            return report.say(Finding::Ok, WHAT, &says);
        }
    };
    match twilio.own_number(number).await {
        Ok(None) => {
            let says = format!(
                "twilio.from {number} is no number of this account: set it to one of those in Twilio's console"
            );
            report.say(Finding::Fail, WHAT, &says);
        }
        Ok(Some(own)) if !own.capabilities.sms => {
            let says =
                format!("twilio.from {number} can't send texts: take another number in Twilio's console");
            report.say(Finding::Fail, WHAT, &says);
        }
        Ok(Some(own)) => {
            report.say(Finding::Ok, WHAT, &format!("they come from {number}, which can send them"));
            let Some(public_url) = &settings.public_url else { return };
            let wanted = format!("{public_url}{INBOUND_PATH}");
            if own.sms_url.as_deref() != Some(wanted.as_str()) {
                let there = own.sms_url.filter(|url| !url.is_empty()).unwrap_or_else(|| "nothing".to_owned());
                let says = format!(
                    "replies to {number} don't come here: in Twilio's console, *A message comes in* is {there}; set it to {wanted}"
                );
                report.say(Finding::Warn, WHAT, &says);
            }
        }
        Err(error) => report.say(Finding::Warn, WHAT, &format!("whose {number} is can't be told: {error}")),
    }
}

/// Whether Twilio can tell what became of texts, and what people reply.
async fn way_back(report: &mut Report, twilio: &Twilio, settings: &Settings, hosted: bool) {
    let Some(public_url) = &settings.public_url else {
        let says =
            "nobody can reply: set twilio.public_url to where Twilio finds `infra-chat serve` from outside";
        return report.say(Finding::Warn, WHAT, says);
    };
    match twilio.callbacks_answer(public_url).await {
        Ok(true) => report.say(Finding::Ok, WHAT, &format!("{public_url} is this program, seen from here")),
        _ if !hosted => {
            let says =
                format!("no infra-chat answers at {public_url} now: start `infra-chat serve` and look again");
            report.say(Finding::Warn, WHAT, &says);
        }
        Ok(false) => {
            let says = format!(
                "something else answers at {public_url}: let the proxy there pass /twilio/ on to `infra-chat serve`"
            );
            report.say(Finding::Warn, WHAT, &says);
        }
        Err(error) => {
            let error = error.to_string().replace("Twilio can't be reached", "it can't be reached from here");
            let says = format!("{public_url}: {error}; check twilio.public_url, and the proxy there");
            report.say(Finding::Warn, WHAT, &says);
        }
    }
}

/// Who is to be texted and has no phone: passed over when it matters.
async fn phones(report: &mut Report, config: &Config, projects: &[Project]) {
    let Ok(store) = Store::open(&config.database).await else { return };
    let Ok(known) = store.identity_list().await else { return };
    let mut without: Vec<&str> = projects
        .iter()
        .flat_map(|project| project.environments.values())
        .flat_map(|environment| environment.texts.iter().flat_map(|texts| &texts.people))
        .filter(|person| !known.iter().any(|(identity, name)| identity.front == SMS && name == *person))
        .map(engine::model::UserName::as_str)
        .collect();
    without.sort_unstable();
    without.dedup();
    for person in without {
        let says = format!(
            "{person} is to be texted and has no phone, so is passed over: infra-chat user link {person} sms:+4917139200099"
        );
        report.say(Finding::Warn, WHAT, &says);
    }
}
