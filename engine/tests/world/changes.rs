//! What people ask for, short enough to read in a story.

use engine::model::{CanaryChoice, Change, MigrateChoice, RollbackTarget, ServiceName};

fn named(services: &[&str]) -> Vec<ServiceName> {
    services.iter().map(|name| super::service(name)).collect()
}

/// `deploy v2`
pub fn deploy(reference: &str) -> Change {
    deploy_only(&[], reference)
}

/// `deploy api v2`
pub fn deploy_only(services: &[&str], reference: &str) -> Change {
    Change::Deploy {
        services: named(services),
        reference: Some(reference.to_owned()),
        proved: None,
        migrate: MigrateChoice::First,
        canary: CanaryChoice::Nothing,
    }
}

/// `deploy v2 with canary 10/50/100 soak 20s`
pub fn deploy_canary(reference: &str, weights: &[u8], soak_s: u32) -> Change {
    Change::Deploy {
        services: Vec::new(),
        reference: Some(reference.to_owned()),
        proved: None,
        migrate: MigrateChoice::First,
        canary: CanaryChoice::Stages { weights: weights.to_vec(), soak_s: Some(soak_s) },
    }
}

/// `deploy`: the default branch's newest commit.
pub fn deploy_newest() -> Change {
    Change::Deploy {
        services: Vec::new(),
        reference: None,
        proved: None,
        migrate: MigrateChoice::First,
        canary: CanaryChoice::Nothing,
    }
}

/// `rollback`
pub fn rollback() -> Change {
    rollback_only(&[])
}

/// `rollback api`
pub fn rollback_only(services: &[&str]) -> Change {
    Change::Rollback { services: named(services), to: RollbackTarget::Previous, taking_back: None }
}

/// `rollback to 3`
pub fn rollback_to(release: u32) -> Change {
    Change::Rollback { services: Vec::new(), to: RollbackTarget::Release(release), taking_back: None }
}

/// `migrate v2`
pub fn migrate(reference: &str) -> Change {
    Change::Migrate { reference: Some(reference.to_owned()) }
}

/// `scale api to 3`
pub fn scale(services: &[&str], replicas: u32) -> Change {
    Change::Scale { services: named(services), replicas }
}

/// `restart api`
pub fn restart(services: &[&str]) -> Change {
    Change::Restart { services: named(services) }
}

/// `set GREETING=hi for api`
pub fn set_variable(services: &[&str], name: &str, value: &str) -> Change {
    Change::SetVariable { services: named(services), name: name.to_owned(), value: value.to_owned() }
}

/// `add redis`
pub fn add(component: &str) -> Change {
    Change::AddComponent { component: component.parse().unwrap() }
}

/// `remove redis`
pub fn remove(component: &str) -> Change {
    Change::RemoveComponent { component: component.parse().unwrap() }
}

/// `destroy environment staging`
pub fn destroy() -> Change {
    Change::DestroyEnvironment
}

/// `rotate SESSION_SECRET`
pub fn rotate(secret: &str) -> Change {
    Change::RotateSecret { secret: secret.to_owned() }
}

/// `reconcile`
pub fn reconcile() -> Change {
    Change::Reconcile
}

/// `cron off`
pub fn cron_disable() -> Change {
    Change::CronDisable { services: Vec::new() }
}

/// `cron on`
pub fn cron_enable() -> Change {
    Change::CronEnable { services: Vec::new() }
}

/// `clear cache`
pub fn clear_cache() -> Change {
    Change::ClearCache { services: Vec::new() }
}
