//! Whose a key is: the engine's port `Accounts`, asked of the providers themselves.

use std::collections::BTreeMap;

use async_trait::async_trait;
use engine::model::{ConnectionMode, Provider};
use engine::ports::{Account, Accounts, PortError};
use secrecy::SecretString;

use crate::cloudflare::{Cloudflare, Owner};
use crate::github::{self, GitHub, Repository};
use crate::http::{self, Auth, Budgets, Verified};
use crate::railway::{Railway, Token};
use crate::sendgrid::{self, Region, SendGrid};
use crate::stripe::{self, Stripe};

/// Those that can be asked.
const ASKED: [Provider; 5] =
    [Provider::Railway, Provider::Cloudflare, Provider::Stripe, Provider::Sendgrid, Provider::Github];
/// In whose name Cloudflare is looked at; nothing is made there.
const LOOKS: &str = "infra-chat";

/// Providers at their own addresses, or at those that are set.
#[derive(Debug)]
pub struct ProviderAccounts {
    bases: BTreeMap<Provider, String>,
    budgets: Budgets,
}

impl ProviderAccounts {
    /// Nothing is asked yet. What is asked comes out of the same budgets as runs' calls.
    pub fn new(bases: BTreeMap<Provider, String>, budgets: Budgets) -> Self {
        Self { bases, budgets }
    }

    /// A token of an account or workspace, or one of a project: they look alike.
    async fn railway(&self, api_base: Option<&str>, key: &SecretString) -> Result<Verified, PortError> {
        let of = |token: Token| Railway::new(&token, api_base, None, &self.budgets);
        let refused = match of(Token::Account(key.clone()))?.verify().await {
            Err(error @ PortError::Fail { .. }) => error,
            other => return other,
        };
        match of(Token::Project(key.clone()))?.verify().await {
            Err(PortError::Fail { .. }) => Err(refused),
            other => other,
        }
    }
}

#[async_trait]
impl Accounts for ProviderAccounts {
    fn can_verify(&self, provider: Provider) -> bool {
        ASKED.contains(&provider)
    }

    async fn verify(
        &self,
        provider: Provider,
        mode: Option<ConnectionMode>,
        key: &SecretString,
        repositories: &[String],
    ) -> Result<Account, PortError> {
        let (api_base, key, answer_wait) = (self.bases.get(&provider).cloned(), key.clone(), None);
        let is_live = mode == Some(ConnectionMode::Live);
        let verified = match provider {
            Provider::Railway => self.railway(api_base.as_deref(), &key).await?,
            Provider::Cloudflare => {
                let settings = http::Settings { api_base, auth: Auth::Bearer(key), answer_wait };
                let cloudflare = Cloudflare::new(&settings, &self.budgets, Owner::new(LOOKS)?, None)
                    .map_err(http::ApiError::of_read)?;
                cloudflare.verify(&[]).await?
            }
            Provider::Stripe => {
                let mode = if is_live { stripe::Mode::Live } else { stripe::Mode::Test };
                let settings = stripe::Settings { key, mode, api_base, answer_wait };
                Stripe::new(&settings, &self.budgets)?.verify().await?
            }
            Provider::Sendgrid => {
                let (region, is_sandbox) = (Region::default(), !is_live);
                let settings = sendgrid::Settings { key, region, api_base, is_sandbox, answer_wait };
                SendGrid::new(&settings, &self.budgets)?.verify().await?
            }
            Provider::Github => {
                let settings = github::Settings { token: key, api_base, answer_wait };
                of_repositories(&GitHub::new(&settings, &self.budgets)?, repositories).await?
            }
            other => return Err(PortError::fail(format!("{other} can't be asked yet"), "")),
        };
        let Verified { account, says, warnings, missing } = verified;
        Ok(Account { account, says, warnings, missing })
    }
}

/// The token tried on each repository; what is missing anywhere is told.
async fn of_repositories(github: &GitHub, repositories: &[String]) -> Result<Verified, PortError> {
    let mut verified: Option<Verified> = None;
    for name in repositories {
        let repository: Repository = name
            .parse()
            .map_err(|error| PortError::fail(format!("{error}"), "Mend the project's `source`."))?;
        let one = github.verify(&repository).await?;
        let all = verified.get_or_insert_with(|| Verified { missing: Vec::new(), ..one.clone() });
        all.missing.extend(one.missing);
        all.warnings
            .extend(one.warnings.into_iter().filter(|it| !all.warnings.contains(it)).collect::<Vec<_>>());
    }
    verified.ok_or_else(|| {
        PortError::fail(
            "none of the project's code is on GitHub, so there is nothing to read with the token",
            "Name https://github.com/OWNER/NAME as a repository in the project's description.",
        )
    })
}
