//! A chart as SVG: a file any browser shows, with its words for whoever hears it read.

use std::fmt::Write as _;

use super::{Anchor, Chart, Ink, Scene, Shape, TEXT_PX, scene};

/// Radius of a spot.
const SPOT: f32 = 3.0;
/// A dash and the gap behind it.
const DASHES: &str = "6 4";

/// Draws a chart.
pub fn svg(chart: &Chart) -> String {
    let Scene { width, height, shapes } = scene(chart);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title says\" font-family=\"ui-monospace, monospace\" font-size=\"{}\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"says\">{}</desc>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        TEXT_PX * 0.8,
        escaped(&chart.title),
        escaped(&chart.says.join("\n")),
        colour(Ink::Paper),
    );
    for shape in &shapes {
        let _ = match shape {
            Shape::Line { points, ink, width, dashed } => {
                let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                let dashes = if *dashed { format!(" stroke-dasharray=\"{DASHES}\"") } else { String::new() };
                writeln!(
                    text,
                    "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\"{dashes}/>",
                    points.join(" "),
                    colour(*ink)
                )
            }
            Shape::Spot { at: (x, y), ink } => {
                writeln!(text, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{SPOT}\" fill=\"{}\"/>", colour(*ink))
            }
            Shape::Text { at: (x, y), anchor, text: words, ink } => {
                let anchor = match anchor {
                    Anchor::Start => "start",
                    Anchor::End => "end",
                };
                writeln!(
                    text,
                    "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" fill=\"{}\">{}</text>",
                    colour(*ink),
                    escaped(words)
                )
            }
        };
    }
    text.push_str("</svg>\n");
    text
}

fn colour(ink: Ink) -> String {
    format!("#{}", hex::encode(ink.rgb()))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
