//! How much of anything a description may hold. Generous for people, small enough that no file can hurt.

use std::ops::RangeInclusive;

/// The largest description, in bytes. Real ones are a few kilobytes.
pub const FILE_MAX_BYTES: usize = 256 * 1024;
/// How deep values may nest; the form itself needs six levels.
pub const DEPTH_MAX: usize = 32;
/// How many values a description may hold once aliases are unfolded, so that a few lines can't unfold into gigabytes.
pub const VALUES_MAX: usize = 20_000;
/// The longest title, reason or window name, in characters: they stand in one line of a card.
pub const LINE_MAX: usize = 200;
/// The longest command, path or variable, in bytes: well below what an operating system takes.
pub const TEXT_MAX_BYTES: usize = 16 * 1024;
/// How many faults are shown; whoever has more has understood after these.
pub const FAULTS_SHOWN: usize = 50;

/// Services of one project.
pub const SERVICES_MAX: usize = 200;
/// Environments of one project.
pub const ENVIRONMENTS_MAX: usize = 50;
/// Connections of a project, and of one environment.
pub const CONNECTIONS_MAX: usize = 100;
/// Replicas of one service: what a platform runs of one, so that nothing is described that can't be deployed.
pub const REPLICAS: RangeInclusive<u32> = 1..=64;
/// What an environment's policy may allow of them.
pub const REPLICAS_ALLOWED: RangeInclusive<u32> = 1..=100;
/// Seconds a process may take to become healthy: up to an hour.
pub const HEALTH_TIMEOUT_S: RangeInclusive<u32> = 1..=3600;
/// Seconds a process may take to become healthy when nothing is said.
pub const HEALTH_TIMEOUT_DEFAULT_S: u32 = 30;
/// Memory of a process in mebibytes: up to a tebibyte.
pub const MEMORY_MB: RangeInclusive<u32> = 16..=1_048_576;
/// Open files of a process; below the first no runtime starts.
pub const OPEN_FILES: RangeInclusive<u32> = 32..=1_048_576;
/// People who approve a change.
pub const APPROVALS: RangeInclusive<u32> = 0..=10;
/// People who approve a change in production when nothing is said.
pub const APPROVALS_IN_PRODUCTION: u32 = 1;
/// Changing runs in an hour.
pub const RUNS_PER_HOUR: RangeInclusive<u32> = 1..=1000;
/// Seconds a stage of a canary soaks.
pub const SOAK_S: RangeInclusive<u32> = crate::model::SOAK_S;
/// Canary lane-seconds that must have been compared before a canary passes.
pub const LANE_SECONDS_MIN: RangeInclusive<u32> = 1..=100_000;
/// Synthetic checks of one service.
pub const CHECKS_MAX: usize = 20;
/// Requests of one check.
pub const CHECK_STEPS_MAX: usize = 20;
/// Seconds from one synthetic check to the next.
pub const CHECK_EVERY_S: RangeInclusive<u32> = 1..=3600;
/// Seconds from one synthetic check to the next when nothing is said.
pub const CHECK_EVERY_DEFAULT_S: u32 = 30;
/// Seconds a synthetic check may take: a canary is looked at no sooner than it is over, and must be taken back quickly.
pub const CHECK_TIMEOUT_S: RangeInclusive<u32> = 1..=10;
/// Seconds a synthetic check may take when nothing is said.
pub const CHECK_TIMEOUT_DEFAULT_S: u32 = 3;
/// Seconds from one sample of a metrics server to the next.
pub const SAMPLE_EVERY_S: RangeInclusive<u32> = 1..=60;
/// Seconds from one sample of a metrics server to the next when nothing is said: how often Prometheus scrapes.
pub const SAMPLE_EVERY_DEFAULT_S: u32 = 15;
/// People who are texted about one environment.
pub const TEXTS_PEOPLE_MAX: usize = 20;
/// Minutes each of them has to answer.
pub const TEXTS_WAIT_MINUTES: RangeInclusive<u32> = 1..=240;
/// Minutes an approval may take: up to a week.
pub const APPROVAL_MINUTES: RangeInclusive<u32> = 1..=10_080;
/// Health checks in a row that fail a canary at once.
pub const HEALTH_FAILURES: RangeInclusive<u32> = 1..=100;
/// Ends of its processes that do.
pub const CRASHES: RangeInclusive<u32> = 1..=100;
/// Seconds in which these ends count: up to an hour.
pub const CRASH_WINDOW_S: RangeInclusive<u32> = 1..=3600;
/// The score below which a canary is low.
pub const SCORE_MIN: RangeInclusive<u32> = 1..=100;
/// Seconds it must be low before anything follows: up to a day.
pub const SCORE_LOW_S: RangeInclusive<u32> = 1..=86_400;
/// Log patterns of an environment's own.
pub const LOG_PATTERNS_MAX: usize = 20;
/// Most bytes of one of them once it is compiled.
pub const PATTERN_BYTES_MAX: usize = 256 * 1024;
/// Seconds the application's own command for its migrations may take.
pub const MIGRATE_TIMEOUT_S: RangeInclusive<u32> = 10..=86_400;
/// Seconds the application's own command for its migrations may take when nothing is said.
pub const MIGRATE_TIMEOUT_DEFAULT_S: u32 = 1_800;
