//! What every engine of this program is made of: database, keys, secrets, artifacts, rules.

use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use adapters::accounts::ProviderAccounts;
use adapters::http::Budgets;
use adapters::prometheus::Prometheus;
use adapters::rehearsal::Rehearsals;
use adapters::twilio::TwilioMessenger;
use anyhow::Context as _;
use engine::artifacts::Artifacts;
use engine::audit::SigningKey;
use engine::clock::{Clock, SystemClock};
use engine::control::{Engine, EngineParts, Vault};
use engine::model::Provider;
use engine::notify::PhoneView;
use engine::ports::{Accounts, Ci, Messenger, Ports};
use engine::redact::Redactor;
use engine::secrets::{MasterKey, MasterKeys, SecretError};
use engine::store::Store;
use policies::Rules;
use secrecy::{ExposeSecret, SecretString};

use super::ci::Checks;
use crate::config::Config;

/// The key secrets are sealed under.
pub(crate) const MASTER_KEY_FILE: &str = "master.key";
/// The key checkpoints of the record are signed with.
pub(crate) const SIGNING_KEY_FILE: &str = "signing.key";
/// The name of this data folder among those that share a database.
const INSTALLATION_FILE: &str = "installation";
/// What rule files are called.
const RULE_EXTENSION: &str = "cedar";

/// The parts, open.
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) vault: Arc<Vault>,
    pub(crate) artifacts: Artifacts,
    pub(crate) rules: Rules,
    pub(crate) signing_key: SigningKey,
    /// What leases call this data folder's host. There is one at a time, so one that was killed and is back has its
    /// own leases at once.
    pub(crate) replica: String,
    /// How often providers may be asked, for all that ask them.
    pub(crate) budgets: Budgets,
}

impl Parts {
    /// Opens them in order. The data folder must be there; so must the database, when it is known to be `kept`.
    pub(crate) async fn open(config: &Config, kept: bool) -> anyhow::Result<Self> {
        // What needs no database comes first: a fault there is named before anything is touched.
        let rules = rules_load(config.rules_dir.as_deref())?;
        let store = Store::open_kept(&config.database, kept).await?;
        let keys = config.data_dir.as_path();
        let signing_key = SigningKey::open_or_create(&keys.join(SIGNING_KEY_FILE))?;
        let master_keys = master_keys(config)?;
        let redactor = Arc::new(Redactor::new()?);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let vault =
            Vault::open(store.clone(), Arc::clone(&clock), master_keys, Arc::clone(&redactor)).await?;
        let artifacts = Artifacts::open(&config.artifacts, Arc::clone(&redactor))?;
        let replica = installation(&config.data_dir)?;
        let budgets = Budgets::new(Arc::clone(&clock));
        Ok(Self { store, clock, redactor, vault, artifacts, rules, signing_key, replica, budgets })
    }

    /// The Prometheus that is configured.
    pub(crate) fn prometheus(&self, config: &Config) -> anyhow::Result<Option<Prometheus>> {
        let Some(settings) = &config.prometheus else { return Ok(None) };
        let prometheus = Prometheus::new(&settings.url, settings.token.as_ref(), Arc::clone(&self.clock));
        Ok(Some(prometheus.context("can't speak to Prometheus")?))
    }

    /// What sends texts; without an account they are shown in the terminal.
    pub(crate) fn messenger(&self, config: &Config) -> anyhow::Result<Arc<dyn Messenger>> {
        Ok(match &config.twilio {
            Some(settings) => Arc::new(TwilioMessenger::new(settings.clone(), Arc::clone(&self.clock))?),
            None => Arc::new(PhoneView::new(self.store.clone(), Arc::clone(&self.clock))),
        })
    }

    /// Providers, to be asked whose a key is.
    pub(crate) fn accounts(&self, config: &Config) -> Arc<dyn Accounts> {
        Arc::new(ProviderAccounts::new(config.api_bases.clone(), self.budgets.clone()))
    }

    /// What continuous integration says of commits.
    pub(crate) fn ci(&self, config: &Config) -> Arc<dyn Ci> {
        let api_base = config.api_bases.get(&Provider::Github).cloned();
        Arc::new(Checks::new(self.store.clone(), self.vault.clone(), api_base, self.budgets.clone()))
    }

    /// An engine of these parts.
    pub(crate) fn engine(self, ports: Ports) -> Engine {
        Engine::new(EngineParts {
            store: self.store,
            ports,
            clock: self.clock,
            rules: self.rules,
            artifacts: self.artifacts,
            redactor: self.redactor,
            signing_key: self.signing_key,
            vault: self.vault,
            replica: self.replica,
        })
        .with_rehearsals(Arc::new(Rehearsals::default()))
    }
}

/// The master keys of an installation. A key file is made when it is not there and no key is given.
pub(crate) fn master_keys(config: &Config) -> Result<MasterKeys, SecretError> {
    let Some(newest) = &config.master_key else {
        return MasterKeys::in_file(&config.data_dir.join(MASTER_KEY_FILE));
    };
    let given = |key: &SecretString| MasterKey::from_text("INFRA_CHAT_MASTER_KEY", key.expose_secret());
    let before = config.master_keys_before.iter().map(given).collect::<Result<_, _>>()?;
    Ok(MasterKeys::given(given(newest)?, before))
}

/// A name for this data folder that stays the same and that no other has: written down at its first use.
pub(crate) fn installation(data_dir: &Path) -> anyhow::Result<String> {
    let file = data_dir.join(INSTALLATION_FILE);
    if let Ok(name) = std::fs::read_to_string(&file) {
        return Ok(name.trim().to_owned());
    }
    let name = uuid::Uuid::new_v4().to_string();
    std::fs::write(&file, &name).with_context(|| format!("can't write {}", file.display()))?;
    Ok(name)
}

/// Makes a folder that is its owner's alone; one that is there is left as it is.
pub(crate) fn folder_private(folder: &Path) -> anyhow::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("can't make the folder {}; name another with --data-dir", folder.display()))
}

/// The shipped rules and those of the user's own folder: all of them, or none and why.
pub(crate) fn rules_load(own: Option<&Path>) -> anyhow::Result<Rules> {
    let shipped = Rules::shipped()?;
    let Some(folder) = own else { return Ok(shipped) };
    let read = || format!("can't read the folder of your own rules, {} (rules_dir)", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(read)? {
        let path = entry.with_context(read)?.path();
        if path.extension().is_some_and(|extension| extension == RULE_EXTENSION) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("can't read the rules in {}", path.display()))?;
            files.push((path.display().to_string(), text));
        }
    }
    files.sort();
    Ok(shipped.with_own(&files)?)
}
