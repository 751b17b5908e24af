//! The calls of the ports, by name: what the ledger records and what faults aim at.

use std::fmt;

macro_rules! calls {
    ($($variant:ident $name:literal $writes:literal;)*) => {
        /// A call of one of the ports, named like its method.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Call {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl Call {
            /// Every call, port by port: for tests that try each.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The method's name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether it needs a permit, and so lands in the ledger.
            pub fn is_write(self) -> bool {
                match self { $(Self::$variant => $writes,)* }
            }
        }
    };
}

// The variant, the method's name, whether it writes.
calls! {
    Observe "observe" false;
    Preflight "preflight" false;
    ShapeEnsure "shape_ensure" true;
    ComponentEnd "component_end" true;
    ServiceEnd "service_end" true;
    BuildLook "build_look" false;
    BuildStart "build_start" true;
    BuildStop "build_stop" true;
    ConfigPut "config_put" true;
    InstancesEnsure "instances_ensure" true;
    InstancesStop "instances_stop" true;
    InstancesReplace "instances_replace" true;
    InstancesReplaced "instances_replaced" false;
    SchedulePut "schedule_put" true;
    CacheClear "cache_clear" true;
    Check "check" false;
    JobBatch "job_batch" true;
    JobTry "job_try" false;
    MigrateStart "migrate_start" true;
    MigrateLook "migrate_look" false;
    MigrateStop "migrate_stop" true;
    Logs "logs" false;
    Weights "weights" false;
    WeightsSet "weights_set" true;
    Probe "probe" false;
    Answered "answered" false;
    Seen "seen" false;
    Resolve "resolve" false;
    DefaultBranch "default_branch" false;
    References "references" false;
    Compare "compare" false;
    Files "files" false;
    OfCommit "of_commit" false;
    MigrationsApplied "migrations_applied" false;
    MigrationApply "migration_apply" true;
    RowsFill "rows_fill" true;
    RowsTry "rows_try" false;
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
