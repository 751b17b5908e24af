//! Migrations that wait, with their statements, and what is wrong with them.

use engine::plan::{Effect, Finding, Plan, shortened, shown};
use engine::ports::Migration;

use crate::message::Card;

/// Migrations a card lists; `plan.json` has all of them, whole.
const MIGRATIONS_SHOWN: usize = 10;
/// Statements of one migration a card lists.
const STATEMENTS_SHOWN: usize = 4;
/// Characters of one statement a card shows.
const STATEMENT_LENGTH: usize = 120;

/// The statements of pending migrations, and what the lint says of them.
pub(super) fn migrations(card: Card, plan: &Plan) -> Card {
    let Some(step) = plan.pending() else { return card };
    let mut lines: Vec<String> = step
        .migrations
        .iter()
        .take(MIGRATIONS_SHOWN)
        .flat_map(|one| of_migration(one, &shown(one, step.dialect)))
        .collect();
    if let more @ 1.. = step.migrations.len().saturating_sub(MIGRATIONS_SHOWN) {
        lines.push(format!("and {more} more migrations; plan.json of the run has them all"));
    }
    let of = |effect| step.findings.iter().filter(move |found| found.effect == effect).map(finding).collect();
    card.list("Migrations", lines)
        .list("Breaks what runs", of(Effect::Breaks))
        .list("Locks for long", of(Effect::Locks))
        .list("Not understood", of(Effect::Unread))
}

fn of_migration(migration: &Migration, statements: &[String]) -> Vec<String> {
    let title = migration.title();
    if statements.is_empty() {
        return vec![format!("{title}: no statements")];
    }
    let shown = statements.iter().take(STATEMENTS_SHOWN);
    let mut lines: Vec<String> =
        shown.map(|statement| format!("{title}: {}", shortened(statement, STATEMENT_LENGTH))).collect();
    match statements.len().saturating_sub(STATEMENTS_SHOWN) {
        0 => {}
        1 => lines.push(format!("{title}: and 1 more statement")),
        more => lines.push(format!("{title}: and {more} more statements")),
    }
    lines
}

/// "0004 tidy drops the column due of invoices (ALTER TABLE …): why. Instead: what."
fn finding(finding: &Finding) -> String {
    let Finding { statement, does, why, instead, .. } = finding;
    let instead = if instead.is_empty() { String::new() } else { format!(". Instead, {instead}") };
    format!("{} {does} ({statement}): {why}{instead}", finding.title())
}
