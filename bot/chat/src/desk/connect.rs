//! Connecting environments to providers: each is made known, and verified by a real call once its secret is set.

use engine::control::{ConnectionState, Refusal};
use engine::model::{ConnectionMode, EnvironmentKey, Provider, SecretName};

use super::orders::key;
use super::secret::SecretWish;
use super::{Desk, Heard, Outcome, Speaker};
use crate::intent::{Command, Mode};
use crate::view;

impl Desk {
    /// Connects each environment, and says how far each connection is.
    pub(super) async fn connect(&self, speaker: &Speaker<'_>, command: &Command) -> Result<Heard, Refusal> {
        let project = speaker.project()?.project.clone();
        let said = command.provider.as_deref().unwrap_or_default();
        let provider = Provider::ALL.into_iter().find(|provider| provider.name() == said);
        let provider = provider.ok_or_else(|| Refusal::NotFound {
            say: format!("I know no provider {said}"),
            next: "help connect".to_owned(),
        })?;
        let mode = command.mode.map(|mode| match mode {
            Mode::Test => ConnectionMode::Test,
            Mode::Live => ConnectionMode::Live,
        });
        let mut heard = Heard::nothing();
        for environment in &command.environments {
            let place = key(speaker, environment)?;
            let connected = self.engine.connect(&place, provider, mode, &speaker.actor).await?;
            let wish = SecretWish {
                environment: Some(environment.clone()),
                name: Some(connected.connection.secret.clone()),
                is_order: true,
                ..SecretWish::bare(Some(project.clone()))
            };
            let mut one = command.clone();
            one.environments = vec![environment.clone()];
            let mut card = view::connected(&place, &connected, &wish, self.engine.now_ms());
            card.command = one.canonical();
            // Without a key it is done as far as it was said; one that is not taken, or can't be tried out, is not.
            let outcome = match connected.state {
                ConnectionState::PendingAuth | ConnectionState::Verified { .. } => Outcome::Answered,
                ConnectionState::Configured { .. } | ConnectionState::Refused { .. } => Outcome::Failed,
            };
            heard = heard.and(Heard::say(outcome, card));
        }
        Ok(heard)
    }

    /// What verifies the connections a secret opens, said where it was set: `connect stripe to staging`.
    pub async fn secret_opens(
        &self,
        place: &EnvironmentKey,
        secret: &SecretName,
    ) -> Result<Option<String>, Refusal> {
        let connections = self.engine.store().connection_list(place).await?;
        let opened = connections.into_iter().find(|connection| connection.secret == *secret);
        let several = self.has_several_projects().await?;
        let project = if several { format!("{}: ", place.project) } else { String::new() };
        Ok(opened.map(|it| format!("{project}connect {} to {}", it.provider, place.environment)))
    }
}
