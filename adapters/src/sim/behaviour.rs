//! How a commit behaves once it is built and started: what a test or a rehearsal decides beforehand.

/// What a commit's build, instances, answers and migrations do. The default is a good release: built at once,
/// healthy at once, no errors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// Whether and when its instances become healthy.
    pub healthy: Healthy,
    /// How its build goes.
    pub build: Building,
    /// Whole percent of its requests that are answered with 500: exactly that share of every 100.
    pub error_rate_percent: u8,
    /// The synthetic checks it fails, every time: those whose first path or command begins like this.
    pub fails_check: Option<String>,
    /// The version of the migration that the database refuses.
    pub migration_fails: Option<String>,
    /// How long the application's own command takes for each of its migrations, in milliseconds.
    pub migration_takes_ms: i64,
}

/// Whether and when an instance becomes healthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Healthy {
    /// As soon as it is started.
    #[default]
    Healthy,
    /// It runs and answers every health check with 503.
    Never,
    /// So many milliseconds after it was started.
    AfterMs(i64),
    /// It ends right after each start.
    CrashLoop,
}

/// How a build goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Building {
    /// It succeeds.
    Ok {
        /// How long it takes, in milliseconds.
        took_ms: i64,
    },
    /// The command fails with exit code 1, at once.
    Fails {
        /// The last lines it prints.
        tail: Vec<String>,
    },
}

impl Default for Building {
    fn default() -> Self {
        Self::Ok { took_ms: 0 }
    }
}

impl Behaviour {
    /// A good release whose build takes so long.
    pub fn builds_in(took_ms: i64) -> Self {
        Self { build: Building::Ok { took_ms }, ..Self::default() }
    }

    /// A release whose build fails, saying this.
    pub fn build_fails(tail: &[&str]) -> Self {
        let tail = tail.iter().map(|line| (*line).to_owned()).collect();
        Self { build: Building::Fails { tail }, ..Self::default() }
    }

    /// A good release whose instances take so long to become healthy.
    pub fn healthy_after(ms: i64) -> Self {
        Self { healthy: Healthy::AfterMs(ms), ..Self::default() }
    }

    /// A release whose instances never become healthy.
    pub fn never_healthy() -> Self {
        Self { healthy: Healthy::Never, ..Self::default() }
    }

    /// A release whose instances end right after each start.
    pub fn crash_loop() -> Self {
        Self { healthy: Healthy::CrashLoop, ..Self::default() }
    }

    /// A release that is healthy and yet fails this share of its requests.
    pub fn fails_requests(percent: u8) -> Self {
        Self { error_rate_percent: percent, ..Self::default() }
    }

    /// A release that does all but pass the synthetic checks whose first path or command begins like this.
    pub fn fails_check(begins: &str) -> Self {
        Self { fails_check: Some(begins.to_owned()), ..Self::default() }
    }

    /// A release whose migration of this version the database refuses.
    pub fn migration_fails(version: &str) -> Self {
        Self { migration_fails: Some(version.to_owned()), ..Self::default() }
    }

    /// A release whose own command takes so long for each of its migrations.
    pub fn migrates_in(ms: i64) -> Self {
        Self { migration_takes_ms: ms, ..Self::default() }
    }
}
