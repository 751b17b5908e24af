//! The stories of `chat`, told over Slack: people type and click on a simulated Slack, and what they see is read from its
//! messages. The stories are the same files; only the stage is another. Besides, what only Slack can do to the bot.
//!
//! Not told here: `parsed`, which no front has a part in.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
#![allow(dead_code, reason = "not every story is told here")]

#[path = "../../../chat/tests/stories/apart.rs"]
mod apart;
#[path = "../../../chat/tests/stories/approvals.rs"]
mod approvals;
#[path = "../../../chat/tests/stories/artifacts.rs"]
mod artifacts;
#[path = "../../../chat/tests/stories/backfill.rs"]
mod backfill;
#[path = "../../../chat/tests/stories/browser.rs"]
mod browser;
#[path = "../../../chat/tests/stories/canary.rs"]
mod canary;
#[path = "../../../chat/tests/stories/channels.rs"]
mod channels;
#[path = "../../../chat/tests/stories/components.rs"]
mod components;
#[path = "../../../chat/tests/stories/connections.rs"]
mod connections;
#[path = "../../../chat/tests/stories/corrections.rs"]
mod corrections;
#[path = "../../../chat/tests/stories/crashes.rs"]
mod crashes;
#[path = "../../../chat/tests/stories/create_environment.rs"]
mod create_environment;
#[path = "../../../chat/tests/stories/create_environment_odd.rs"]
mod create_environment_odd;
#[path = "../../../chat/tests/stories/deploy.rs"]
mod deploy;
#[path = "../../../chat/tests/stories/deploy_troubles.rs"]
mod deploy_troubles;
#[path = "../../../chat/tests/stories/destroy.rs"]
mod destroy;
#[path = "../../../chat/tests/stories/edited.rs"]
mod edited;
#[path = "../../../chat/tests/stories/files.rs"]
mod files;
mod foreign;
#[path = "../../../chat/tests/stories/going_back.rs"]
mod going_back;
#[path = "../../../chat/tests/stories/gone_once.rs"]
mod gone_once;
#[path = "../../../chat/tests/stories/harness/mod.rs"]
mod harness;
#[path = "../../../chat/tests/stories/incident.rs"]
mod incident;
#[path = "../../../chat/tests/stories/lines.rs"]
mod lines;
#[path = "../../../chat/tests/stories/links.rs"]
mod links;
#[path = "../../../chat/tests/stories/looking.rs"]
mod looking;
#[path = "../../../chat/tests/stories/not_yet.rs"]
mod not_yet;
#[path = "../../../chat/tests/stories/odd.rs"]
mod odd;
#[path = "../../../chat/tests/stories/operate.rs"]
mod operate;
#[path = "../../../chat/tests/stories/plain_words.rs"]
mod plain_words;
#[path = "../../../chat/tests/stories/projects.rs"]
mod projects;
#[path = "../../../chat/tests/stories/proved.rs"]
mod proved;
#[path = "../../../chat/tests/stories/questions.rs"]
mod questions;
#[path = "../../../chat/tests/stories/questions_free.rs"]
mod questions_free;
#[path = "../../../chat/tests/stories/questions_kept.rs"]
mod questions_kept;
#[path = "../../../chat/tests/stories/questions_meant.rs"]
mod questions_meant;
#[path = "../../../chat/tests/stories/questions_more.rs"]
mod questions_more;
#[path = "../../../chat/tests/stories/questions_odd.rs"]
mod questions_odd;
#[path = "../../../chat/tests/stories/questions_shared.rs"]
mod questions_shared;
#[path = "../../../chat/tests/stories/questions_spoken.rs"]
mod questions_spoken;
#[path = "../../../chat/tests/stories/reconcile.rs"]
mod reconcile;
#[path = "../../../chat/tests/stories/rehearse.rs"]
mod rehearse;
#[path = "../../../chat/tests/stories/rollback.rs"]
mod rollback;
#[path = "../../../chat/tests/stories/rotate.rs"]
mod rotate;
#[path = "../../../chat/tests/stories/rules.rs"]
mod rules;
#[path = "../../../chat/tests/stories/rules_act.rs"]
mod rules_act;
#[path = "../../../chat/tests/stories/rules_runs.rs"]
mod rules_runs;
#[path = "../../../chat/tests/stories/setup.rs"]
mod setup;
#[path = "../../../chat/tests/stories/setup_answers.rs"]
mod setup_answers;
#[path = "../../../chat/tests/stories/setup_machine.rs"]
mod setup_machine;
#[path = "../../../chat/tests/stories/setup_there.rs"]
mod setup_there;
#[path = "../../../chat/tests/stories/several.rs"]
mod several;
mod slack_absence;
mod slack_clicks;
mod slack_connection;
mod slack_edits;
mod slack_forms;
mod slack_home;
mod slack_log;
mod slack_logs;
mod slack_odd;
mod slack_offered;
mod slack_only;
mod slack_picture;
mod slack_trouble;
mod slack_window;
mod slack_workspaces;
mod spec;
mod stage;
#[path = "../../../chat/tests/stories/stages.rs"]
mod stages;
#[path = "../../../chat/tests/stories/standing.rs"]
mod standing;
#[path = "../../../chat/tests/stories/steering.rs"]
mod steering;
#[path = "../../../chat/tests/stories/texts.rs"]
mod texts;
#[path = "../../../chat/tests/stories/texts_killed.rs"]
mod texts_killed;
#[path = "../../../chat/tests/stories/threads.rs"]
mod threads;
#[path = "../../../chat/tests/stories/trouble.rs"]
mod trouble;
#[path = "../../../chat/tests/stories/unseen.rs"]
mod unseen;
#[path = "../../../chat/tests/stories/variables.rs"]
mod variables;
