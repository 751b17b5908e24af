//! A chart in characters, for terminals. Only plain ones, and letters for the versions: it can be read without colours, copied,
//! and read out.

use super::scale::{label, lasting, top, top_label};
use super::{Chart, Dot, Panel};

/// Rows of a panel.
const ROWS: u32 = 6;
/// Columns of a panel, whatever room there is.
const COLUMNS_MIN: usize = 20;
const COLUMNS_MAX: usize = 72;
/// Columns for what stands at an axis.
const LABEL: usize = 7;

/// Draws a chart into lines no wider than so many columns, where that is possible.
pub fn letters(chart: &Chart, width: usize) -> Vec<String> {
    let columns = width.saturating_sub(LABEL + 2).clamp(COLUMNS_MIN, COLUMNS_MAX);
    let mut lines = Vec::new();
    for panel in &chart.panels {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.push(format!("{} (s stable, c canary, * both)", panel.title()));
        lines.extend(panel_lines(chart, panel, columns));
    }
    lines
}

fn panel_lines(chart: &Chart, panel: &Panel, columns: usize) -> Vec<String> {
    let top = top(panel);
    let span_s = u64::from(chart.span_s.max(1));
    // Rounded up: what is not nothing is not drawn as nothing.
    let row_of =
        |value: u32| (u64::from(value.min(top)) * u64::from(ROWS - 1)).div_ceil(u64::from(top.max(1)));
    // The row of a version in a column: what was measured in the seconds the column stands for.
    let row_at = |dots: &[Dot], column: usize| {
        let at_s = column as u64 * span_s / columns as u64;
        let is_there =
            |dot: &&Dot| (u64::from(dot.from_s)..u64::from(dot.from_s + dot.span_s)).contains(&at_s);
        dots.iter().find(is_there).and_then(|dot| dot.value).map(row_of)
    };
    let column_of = |at_s: u32| (u64::from(at_s) * columns as u64 / span_s) as usize;
    let mut lines = Vec::new();
    for row in (0..u64::from(ROWS)).rev() {
        let name = match row {
            0 => label(panel.measure, 0),
            row if row == u64::from(ROWS - 1) => top_label(panel, top),
            _ => String::new(),
        };
        let mut line = format!("{name:>LABEL$} |");
        for column in 0..columns {
            let stable = row_at(&panel.stable, column) == Some(row);
            let canary = row_at(&panel.canary, column) == Some(row);
            let begins = column > 0 && chart.stages.iter().any(|stage| column_of(stage.from_s) == column);
            line.push(match (stable, canary) {
                (true, true) => '*',
                (true, false) => 's',
                (false, true) => 'c',
                (false, false) if begins => ':',
                (false, false) => ' ',
            });
        }
        lines.push(line.trim_end().to_owned());
    }
    lines.push(format!("{:LABEL$} +{}", "", "-".repeat(columns)));
    let mut axis = " ".repeat(columns);
    let end = lasting(chart.span_s);
    axis.replace_range(columns - end.len().min(columns).., &end);
    for stage in chart.stages.iter().rev() {
        let (at, name) = (column_of(stage.from_s), format!("{}%", stage.weight_pct));
        if axis.get(at..at + name.len() + 1).is_some_and(|room| room.trim().is_empty()) {
            axis.replace_range(at..at + name.len(), &name);
        }
    }
    lines.push(format!("{:LABEL$}  {axis}", "").trim_end().to_owned());
    lines
}
