//! Prices. What a price is can't be changed, so one that should be another is replaced: a new one takes its lookup key over, and
//! the old one is made inactive. Who subscribed at the old one keeps it.

use std::collections::BTreeMap;
use std::fmt;

use engine::ports::{Permit, PortError, Receipt};
use serde::Deserialize;

use super::Stripe;
use super::client::{Kept, Listed, MARK, differs, mark_checked, mark_pair, pair};
use crate::http::Call;

const PATH: [&str; 2] = ["v1", "prices"];
/// Pages of a product's active prices that are looked through.
const PAGES_MAX: usize = 5;
/// Longest lookup key, in characters.
const KEY_MAX: usize = 200;

/// How often a price is due.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Recurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    /// Every so many of them.
    pub interval_count: u32,
}

impl fmt::Display for Recurring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "every {} {}", self.interval_count, self.interval)
    }
}

/// A price as Stripe has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Price {
    /// Its identifier: `price_…`.
    pub id: String,
    /// Whose price it is.
    pub product: String,
    /// Whether it can be used.
    pub active: bool,
    /// Three small letters (ISO 4217).
    pub currency: String,
    /// In the smallest unit of the currency; absent for prices in tiers.
    pub unit_amount: Option<i64>,
    /// How often it is due; absent when once.
    pub recurring: Option<Recurring>,
    /// What applications find it by.
    pub lookup_key: Option<String>,
    /// What was written into it.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl Listed for Price {
    fn id(&self) -> &str {
        &self.id
    }
}

/// A price as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedPrice {
    /// What applications find it by, one for each price of the account.
    pub lookup_key: String,
    /// What marks it as ours.
    pub mark: String,
    /// Whose price it is.
    pub product: String,
    /// Three small letters (ISO 4217).
    pub currency: String,
    /// In the smallest unit of the currency.
    pub unit_amount: i64,
    /// How often it is due; once when absent.
    pub recurring: Option<Recurring>,
}

impl Stripe {
    /// The price a lookup key leads to, active or not.
    pub async fn price_of(&self, lookup_key: &str) -> Result<Option<Price>, PortError> {
        let call = Call::get(&PATH).query("lookup_keys[]", lookup_key);
        let (found, _) = self.list::<Price>(call, 1).await?;
        Ok(found.into_iter().find(|one| one.lookup_key.as_deref() == Some(lookup_key)))
    }

    /// Makes a lookup key lead to a price as wanted, and leaves no older one of ours in use. A product whose default price is
    /// an older one gets the new one: Stripe makes no default price inactive.
    ///
    /// # Errors
    /// [`PortError::Fail`] when the key leads to a price of another product, or to another price that is not marked so.
    pub async fn price_ensure(&self, permit: &Permit, wanted: &WantedPrice) -> Result<Receipt, PortError> {
        checked(wanted)?;
        let mut receipt = None;
        let price = match self.price_of(&wanted.lookup_key).await? {
            Some(there) if there.product != wanted.product => {
                return Err(PortError::fail(
                    format!(
                        "lookup key `{}` leads to a price of product {}",
                        wanted.lookup_key, there.product
                    ),
                    "Choose another key, or move that one at https://dashboard.stripe.com/products.",
                ));
            }
            Some(there) if is_same(&there, wanted) && there.active => there,
            Some(there) if mark_of(&there) != Some(wanted.mark.as_str()) => {
                return Err(PortError::fail(
                    format!(
                        "lookup key `{}` leads to price {}, which is another and not marked as `{}`",
                        wanted.lookup_key, there.id, wanted.mark
                    ),
                    "Choose another key.",
                ));
            }
            Some(there) if is_same(&there, wanted) => {
                let written = self.price_set_active(permit, &there.id, true).await?;
                receipt = Some(written.answer.receipt(format!("made price {} active again", there.id)));
                written.read()?
            }
            _ => {
                let written = self.write(permit, &PATH, form(wanted), Kept::IfThere).await?;
                let made: Price = written.read()?;
                receipt = Some(
                    written.answer.receipt(format!("made price {} of product {}", made.id, made.product)),
                );
                made
            }
        };
        let older = self.price_older(wanted, &price.id).await?;
        let product = self.product(&wanted.product).await?;
        let default = product.and_then(|product| product.default_price);
        if older.iter().any(|one| default.as_deref() == Some(one)) {
            let path = ["v1", "products", &wanted.product];
            self.write(permit, &path, vec![pair("default_price", &price.id)], Kept::Never).await?;
        }
        for one in &older {
            let written = self.price_set_active(permit, one, false).await?;
            receipt.get_or_insert_with(|| written.answer.receipt(format!("made older price {one} inactive")));
        }
        if receipt.is_some() {
            let there = self.price_of(&wanted.lookup_key).await?;
            let is_good = |there: &Price| there.id == price.id && there.active && is_same(there, wanted);
            if !there.as_ref().is_some_and(is_good) || !self.price_older(wanted, &price.id).await?.is_empty()
            {
                return Err(differs(&format!("price {}", price.id)));
            }
        }
        let receipt =
            receipt.unwrap_or_else(|| Receipt::new(format!("price {} is as it should be", price.id)));
        Ok(receipt
            .with("price", &price.id)
            .with("lookup-key", &wanted.lookup_key)
            .with("older-inactive", older.len()))
    }

    /// Other active prices with the same mark and product: what a change that was cut off left.
    async fn price_older(&self, wanted: &WantedPrice, current: &str) -> Result<Vec<String>, PortError> {
        let call = Call::get(&PATH).query("product", &wanted.product).query("active", "true");
        let (all, is_more) = self.list::<Price>(call, PAGES_MAX).await?;
        if is_more {
            return Err(PortError::fail(
                format!("product {} has more active prices than are looked through", wanted.product),
                "Make those nobody needs inactive.",
            ));
        }
        let is_older = |one: &Price| one.id != current && mark_of(one) == Some(wanted.mark.as_str());
        Ok(all.into_iter().filter(is_older).map(|one| one.id).collect())
    }

    async fn price_set_active(
        &self,
        permit: &Permit,
        id: &str,
        active: bool,
    ) -> Result<super::client::Written, PortError> {
        self.write(permit, &[PATH[0], PATH[1], id], vec![pair("active", active)], Kept::Never).await
    }
}

fn checked(wanted: &WantedPrice) -> Result<(), PortError> {
    mark_checked(&wanted.mark)?;
    let is_currency = wanted.currency.len() == 3 && wanted.currency.bytes().all(|b| b.is_ascii_lowercase());
    let is_due = wanted.recurring.as_ref().is_none_or(|recurring| {
        recurring.interval_count > 0
            && matches!(recurring.interval.as_str(), "day" | "week" | "month" | "year")
    });
    let is_key = (1..=KEY_MAX).contains(&wanted.lookup_key.chars().count());
    if is_currency && is_due && is_key && wanted.unit_amount >= 0 {
        return Ok(());
    }
    let due = wanted.recurring.as_ref().map(|due| format!(" {due}")).unwrap_or_default();
    Err(PortError::fail(
        format!("{} {}{due} under `{}` is no price", wanted.unit_amount, wanted.currency, wanted.lookup_key),
        "Say it like 2000 eur every 1 month: the smallest unit, three small letters, and day, week, month or year.",
    ))
}

fn form(wanted: &WantedPrice) -> Vec<(String, String)> {
    let mut form = vec![
        pair("currency", &wanted.currency),
        pair("unit_amount", wanted.unit_amount),
        pair("product", &wanted.product),
        pair("lookup_key", &wanted.lookup_key),
        // In one call, so that the key leads somewhere at every moment.
        pair("transfer_lookup_key", true),
        mark_pair(&wanted.mark),
    ];
    if let Some(recurring) = &wanted.recurring {
        form.push(pair("recurring[interval]", &recurring.interval));
        form.push(pair("recurring[interval_count]", recurring.interval_count));
    }
    form
}

fn mark_of(price: &Price) -> Option<&str> {
    price.metadata.get(MARK).map(String::as_str)
}

fn is_same(there: &Price, wanted: &WantedPrice) -> bool {
    there.product == wanted.product
        && there.currency == wanted.currency
        && there.unit_amount == Some(wanted.unit_amount)
        && there.recurring == wanted.recurring
}
