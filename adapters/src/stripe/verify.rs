//! Whether a key works, for whom, and what it may do.

use engine::ports::PortError;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::{Kind, Mode, Stripe};
use crate::http::{ApiError, Call, Verified};

/// What is read, and what needs it. Whether a restricted key may write shows only when it writes.
const NEEDED: [(&str, &str); 4] = [
    ("webhook_endpoints", "Webhook Endpoints: Write, for the webhook"),
    ("products", "Products: Write, for products"),
    ("prices", "Prices: Write, for prices"),
    ("events", "Events: Read, for the look at what was not delivered"),
];

/// The account a key opens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Its identifier: `acct_…`.
    pub id: String,
    /// Its address.
    pub email: Option<String>,
    /// Whether it can take money.
    #[serde(default)]
    pub charges_enabled: bool,
    business_profile: Option<Profile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Profile {
    name: Option<String>,
}

impl Account {
    /// What people know it by.
    pub fn name(&self) -> &str {
        let name = self.business_profile.as_ref().and_then(|profile| profile.name.as_deref());
        name.or(self.email.as_deref()).unwrap_or(&self.id)
    }
}

/// What an account has, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Funds {
    /// In the smallest unit of the currency; may be below zero.
    pub amount: i64,
    /// Three small letters (ISO 4217).
    pub currency: String,
}

/// What an account has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Balance {
    /// What can be paid out.
    pub available: Vec<Funds>,
    /// What is on its way.
    pub pending: Vec<Funds>,
    /// Whether it is real money.
    pub livemode: bool,
}

impl Stripe {
    /// The account.
    pub async fn account(&self) -> Result<Account, PortError> {
        let account = self.get(Call::get(&["v1", "account"])).await?;
        account.ok_or_else(|| PortError::fail("Stripe knows no account of this key", ""))
    }

    /// What it has, and that the key is of the mode it should be.
    pub async fn balance(&self) -> Result<Balance, PortError> {
        let balance = self.get(Call::get(&["v1", "balance"])).await?;
        balance.ok_or_else(|| PortError::fail("Stripe knows no balance of this key", ""))
    }

    /// Tries the key. Each thing it is needed for is read once; what it may not read is missing.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the key is not accepted at all or opens the other mode.
    pub async fn verify(&self) -> Result<Verified, PortError> {
        let mut verified = Verified::default();
        match self.tried::<Account>(Call::get(&["v1", "account"])).await? {
            Some(account) => {
                account.name().clone_into(&mut verified.account);
                verified.says.push(format!("account {} in {} mode", account.id, self.mode()));
                if self.mode() == Mode::Live && !account.charges_enabled {
                    verified.warnings.push("The account can't take money yet: finish it at https://dashboard.stripe.com/account/onboarding.".to_owned());
                }
            }
            None => verified.missing.push("Account: Read, for whose account it is".to_owned()),
        }
        match self.tried::<Balance>(Call::get(&["v1", "balance"])).await? {
            Some(balance) => {
                let funds = |one: &Funds| format!("{} {}", one.amount, one.currency);
                let funds: Vec<String> = balance.available.iter().map(funds).collect();
                verified.says.push(format!("its balance answers ({})", funds.join(", ")));
            }
            None => verified.missing.push("Balance: Read, for the mode".to_owned()),
        }
        for (path, need) in NEEDED {
            let call = Call::get(&["v1", path]).query("limit", "1");
            if self.tried::<IgnoredAny>(call).await?.is_none() {
                verified.missing.push(need.to_owned());
            }
        }
        match self.kind() {
            Kind::Secret => verified.warnings.push(
                "This key may do everything, move money too. A restricted key (rk_…) that may write webhook endpoints, products and prices is enough.".to_owned(),
            ),
            Kind::Restricted => verified.says.push(
                "a restricted key: what it may read was tried, what it may write shows when it writes".to_owned(),
            ),
        }
        Ok(verified)
    }

    /// What the key may read; absent when it may not. A key that is not accepted at all is an error.
    async fn tried<T: DeserializeOwned>(&self, call: Call) -> Result<Option<T>, PortError> {
        let what = format!("{call:?}");
        let answer = match self.asked(call).await {
            Err(ApiError::Refused { status: 403, .. }) => return Ok(None),
            other => other.map_err(ApiError::of_read)?,
        };
        self.of_mode(&answer.json().map_err(ApiError::of_read)?, &what)?;
        answer.json().map(Some).map_err(ApiError::of_read)
    }
}
