//! Where everything of a chart stands, as a few kinds of shapes: what draws them decides nothing. The panels are below each
//! other, so that a phone shows them as wide as it is. The versions differ in colour, in stroke and by name.

use super::scale::{label, lasting, top, top_label};
use super::{Chart, Dot, Panel};

/// Width of the picture.
const WIDTH: f32 = 640.0;
/// Height of what stands above the panels, and of a panel.
const HEAD: f32 = 56.0;
const PANEL: f32 = 168.0;
/// Where the plot of a panel is within it: room for labels on each side.
const LEFT: f32 = 72.0;
const RIGHT: f32 = 16.0;
const ABOVE: f32 = 28.0;
const BELOW: f32 = 26.0;
/// Size of all text.
pub const TEXT_PX: f32 = 16.0;
/// Distance of text from what it is about.
const GAP: f32 = 6.0;
/// Characters of a title that fit.
const TITLE_CHARS: usize = 76;
/// Widths of strokes.
const THIN: f32 = 1.0;
const THICK: f32 = 2.5;

/// What colour something has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// The ground.
    Paper,
    /// Words.
    Words,
    /// Axes.
    Frame,
    /// The stable version.
    Stable,
    /// The version on trial.
    Canary,
}

impl Ink {
    /// Red, green, blue. The versions' colours are told apart by everybody (Okabe and Ito 2008).
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Self::Paper => [255, 255, 255],
            Self::Words => [34, 34, 34],
            Self::Frame => [170, 170, 170],
            Self::Stable => [0, 114, 178],
            Self::Canary => [213, 94, 0],
        }
    }
}

/// Which end of a text is where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its end.
    End,
}

/// A shape; lengths are those of the scene, from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// A line through points.
    Line {
        /// The points.
        points: Vec<(f32, f32)>,
        /// Its colour.
        ink: Ink,
        /// How thick it is.
        width: f32,
        /// Whether it is dashed.
        dashed: bool,
    },
    /// A spot, for what has no neighbour to draw a line to.
    Spot {
        /// Its middle.
        at: (f32, f32),
        /// Its colour.
        ink: Ink,
    },
    /// A line of text, [`TEXT_PX`] high.
    Text {
        /// Where it stands: its base line.
        at: (f32, f32),
        /// Which end of it is there.
        anchor: Anchor,
        /// The words.
        text: String,
        /// Its colour.
        ink: Ink,
    },
}

/// A picture as shapes, in the order they are drawn in.
#[derive(Debug, Clone, PartialEq)]
pub struct Scene {
    /// How wide it is.
    pub width: f32,
    /// How high it is.
    pub height: f32,
    /// What is on it.
    pub shapes: Vec<Shape>,
}

/// A chart as shapes.
pub fn scene(chart: &Chart) -> Scene {
    let mut scene =
        Scene { width: WIDTH, height: HEAD + PANEL * chart.panels.len() as f32, shapes: Vec::new() };
    let title: String = chart.title.chars().take(TITLE_CHARS).collect();
    scene.text((GAP * 2.0, 22.0), Anchor::Start, title, Ink::Words);
    for (x, name, ink) in [(LEFT, "stable", Ink::Stable), (LEFT + 150.0, "canary", Ink::Canary)] {
        scene.line(vec![(x, 41.0), (x + 36.0, 41.0)], ink, THICK, ink == Ink::Stable);
        scene.text((x + 36.0 + GAP, 46.0), Anchor::Start, name.to_owned(), ink);
    }
    for (number, panel) in chart.panels.iter().enumerate() {
        scene.panel(chart, panel, HEAD + PANEL * number as f32);
    }
    scene
}

impl Scene {
    fn text(&mut self, at: (f32, f32), anchor: Anchor, text: String, ink: Ink) {
        self.shapes.push(Shape::Text { at, anchor, text, ink });
    }

    fn line(&mut self, points: Vec<(f32, f32)>, ink: Ink, width: f32, dashed: bool) {
        self.shapes.push(Shape::Line { points, ink, width, dashed });
    }

    fn panel(&mut self, chart: &Chart, panel: &Panel, y: f32) {
        let (left, right) = (LEFT, WIDTH - RIGHT);
        let (high, low) = (y + ABOVE, y + PANEL - BELOW);
        let top = top(panel);
        let across = |at_s: f32| left + (right - left) * at_s / (chart.span_s.max(1) as f32);
        let up = |value: u32| low - (low - high) * (value as f32 / top as f32).min(1.0);
        self.text((left, y + 16.0), Anchor::Start, panel.title(), Ink::Words);
        for value in [0, top / 2, top] {
            let at = up(value);
            self.line(vec![(left, at), (right, at)], Ink::Frame, THIN, value > 0);
            let words = if value == top { top_label(panel, top) } else { label(panel.measure, value) };
            self.text((left - GAP, at + TEXT_PX / 3.0), Anchor::End, words, Ink::Words);
        }
        let mut free_from = left;
        for stage in &chart.stages {
            let at = across(stage.from_s as f32);
            self.line(vec![(at, high), (at, low)], Ink::Frame, THIN, false);
            let words = format!("{}%", stage.weight_pct);
            // Stages that were over at once would have their labels on top of each other.
            if at >= free_from {
                free_from = at + TEXT_PX * words.len() as f32 * 0.7;
                self.text((at, low + TEXT_PX + 2.0), Anchor::Start, words, Ink::Words);
            }
        }
        let ends = lasting(chart.span_s);
        if free_from < right - TEXT_PX * ends.len() as f32 * 0.7 {
            self.text((right, low + TEXT_PX + 2.0), Anchor::End, ends, Ink::Words);
        }
        for (dots, ink) in [(&panel.stable, Ink::Stable), (&panel.canary, Ink::Canary)] {
            let place = |dot: &Dot, value| (across(dot.from_s as f32 + dot.span_s as f32 / 2.0), up(value));
            for known in dots.split(|dot| dot.value.is_none()) {
                let points: Vec<(f32, f32)> =
                    known.iter().filter_map(|dot| Some(place(dot, dot.value?))).collect();
                match points.as_slice() {
                    [] => {}
                    [alone] => self.shapes.push(Shape::Spot { at: *alone, ink }),
                    _ => self.line(points, ink, THICK, ink == Ink::Stable),
                }
            }
        }
    }
}
