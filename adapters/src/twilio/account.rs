//! What an account says of itself: whether its token opens it, and whether the number texts come from is its own and can send
//! them. For looking whether everything is set up; sending needs none of it.

use engine::model::Phone;
use reqwest::StatusCode;
use serde::Deserialize;

use super::STATUS_PATH;
use super::client::{ApiError, Twilio};

/// An account, as far as it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// `active`, `suspended`, `closed`.
    pub status: String,
    /// `Trial` or `Full`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
}

/// What one of an account's numbers can do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Capabilities {
    /// Texts.
    #[serde(default)]
    pub sms: bool,
}

/// A number of an account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OwnNumber {
    /// As the whole world dials it.
    pub phone_number: String,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// Where texts that come in to it are told.
    #[serde(default)]
    pub sms_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Numbers {
    #[serde(default)]
    incoming_phone_numbers: Vec<OwnNumber>,
}

impl Twilio {
    /// The account the token opens.
    pub async fn account(&self) -> Result<Account, ApiError> {
        self.call(self.get(".json")).await
    }

    /// What answers where Twilio tells what became of texts, seen from this machine: only `infra-chat serve` refuses to be
    /// asked there and takes what it is told, with 405.
    pub async fn callbacks_answer(&self, public_url: &str) -> Result<bool, ApiError> {
        Ok(self.look(&format!("{public_url}{STATUS_PATH}")).await? == StatusCode::METHOD_NOT_ALLOWED)
    }

    /// A number, when it is the account's own.
    pub async fn own_number(&self, number: &Phone) -> Result<Option<OwnNumber>, ApiError> {
        let asked = self.get("/IncomingPhoneNumbers.json").query(&[("PhoneNumber", number.as_str())]);
        let found: Numbers = self.call(asked).await?;
        // The filter matches parts of numbers too.
        Ok(found.incoming_phone_numbers.into_iter().find(|own| own.phone_number == number.as_str()))
    }
}
