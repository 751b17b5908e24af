//! Products. Their identifiers can be chosen, so that a creation whose answer got lost is found by its name and can't happen twice.

use std::collections::BTreeMap;

use engine::ports::{Permit, PortError, Receipt};
use serde::Deserialize;

use super::Stripe;
use super::client::{Kept, MARK, differs, mark_checked, mark_pair, pair};
use crate::http::Call;

const PATH: [&str; 2] = ["v1", "products"];
/// Longest identifier that is chosen, in characters.
const ID_MAX: usize = 100;

/// A product as Stripe has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Product {
    /// Its identifier.
    pub id: String,
    /// Its name, which buyers see.
    pub name: String,
    /// Its description, which buyers see.
    pub description: Option<String>,
    /// Whether it can be bought.
    pub active: bool,
    /// The price it has when none is named: `price_…`.
    pub default_price: Option<String>,
    /// What was written into it.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

impl Product {
    /// Our mark.
    pub fn mark(&self) -> Option<&str> {
        self.metadata.get(MARK).map(String::as_str)
    }
}

/// A product as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedProduct {
    /// Its identifier, chosen by us: letters, digits, `-`, `_`.
    pub id: String,
    /// What marks it as ours.
    pub mark: String,
    /// Its name.
    pub name: String,
    /// Its description; left alone when absent.
    pub description: Option<String>,
}

impl Stripe {
    /// A product; absent when there is none of that identifier.
    pub async fn product(&self, id: &str) -> Result<Option<Product>, PortError> {
        self.get(Call::get(&[PATH[0], PATH[1], id])).await
    }

    /// Makes a product be there, active and as wanted.
    ///
    /// # Errors
    /// [`PortError::Fail`] when something not marked so has that identifier.
    pub async fn product_ensure(
        &self,
        permit: &Permit,
        wanted: &WantedProduct,
    ) -> Result<Receipt, PortError> {
        mark_checked(&wanted.mark)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if wanted.id.is_empty() || wanted.id.len() > ID_MAX || !wanted.id.chars().all(is_plain) {
            return Err(PortError::fail(
                format!("`{}` can't be the identifier of a product", wanted.id),
                format!("Use 1 to {ID_MAX} letters, digits, `-` and `_`."),
            ));
        }
        let mut form = vec![pair("name", &wanted.name), pair("active", true), mark_pair(&wanted.mark)];
        form.extend(wanted.description.as_ref().map(|text| pair("description", text)));
        let (written, done) = match self.product(&wanted.id).await? {
            Some(there) if there.mark() != Some(wanted.mark.as_str()) => {
                return Err(PortError::fail(
                    format!("product {} is at Stripe already and not marked as `{}`", wanted.id, wanted.mark),
                    "Choose another identifier.",
                ));
            }
            Some(there) if !is_different(&there, wanted) => {
                let receipt = Receipt::new(format!("product {} is as it should be", wanted.id));
                return Ok(receipt.with("product", &wanted.id));
            }
            Some(_) => {
                (self.write(permit, &[PATH[0], PATH[1], &wanted.id], form, Kept::Never).await?, "changed")
            }
            None => {
                form.push(pair("id", &wanted.id));
                (self.write(permit, &PATH, form, Kept::IfThere).await?, "made")
            }
        };
        let there = self.product(&wanted.id).await?;
        if there.is_none_or(|there| is_different(&there, wanted)) {
            return Err(differs(&format!("product {}", wanted.id)));
        }
        Ok(written.answer.receipt(format!("{done} product {}", wanted.id)).with("product", &wanted.id))
    }
}

fn is_different(there: &Product, wanted: &WantedProduct) -> bool {
    there.name != wanted.name
        || !there.active
        || there.mark() != Some(wanted.mark.as_str())
        || wanted.description.as_ref().is_some_and(|text| there.description.as_ref() != Some(text))
}
