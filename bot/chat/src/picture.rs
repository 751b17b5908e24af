//! A chart as a picture for chats: PNG, twice as fine as its shapes are given, with letters that come along, so that it looks the
//! same on every machine.

use engine::chart::{Anchor, Chart, Ink, Scene, Shape, TEXT_PX, scene};
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Stroke, StrokeDash,
    Transform,
};

/// Pixels for each unit of a scene.
const FINE: f32 = 2.0;
/// The letters, as high as text is at that.
const LETTERS: RasterHeight = RasterHeight::Size32;
/// The part of a letter's raster that is above its base line.
const ABOVE_BASE: f32 = 0.78;
/// Radius of a spot.
const SPOT: f32 = 3.0;
/// A dash and the gap behind it.
const DASHES: [f32; 2] = [6.0, 4.0];
/// What is drawn instead of a character there is no letter for.
const UNKNOWN: char = '?';

/// Draws a chart; nothing when there is no memory for it.
pub fn png(chart: &Chart) -> Option<Vec<u8>> {
    let Scene { width, height, shapes } = scene(chart);
    let mut canvas = Pixmap::new((width * FINE) as u32, (height * FINE) as u32)?;
    canvas.fill(colour(Ink::Paper));
    for shape in &shapes {
        match shape {
            Shape::Line { points, ink, width, dashed } => line(&mut canvas, points, *ink, *width, *dashed),
            Shape::Spot { at, ink } => spot(&mut canvas, *at, *ink),
            Shape::Text { at, anchor, text, ink } => letters(&mut canvas, *at, *anchor, text, *ink),
        }
    }
    canvas.encode_png().ok()
}

fn colour(ink: Ink) -> Color {
    let [red, green, blue] = ink.rgb();
    Color::from_rgba8(red, green, blue, u8::MAX)
}

fn paint(ink: Ink) -> Paint<'static> {
    let mut paint = Paint { anti_alias: true, ..Paint::default() };
    paint.set_color(colour(ink));
    paint
}

fn line(canvas: &mut Pixmap, points: &[(f32, f32)], ink: Ink, width: f32, dashed: bool) {
    let mut path = PathBuilder::new();
    for (number, (x, y)) in points.iter().enumerate() {
        if number == 0 { path.move_to(*x, *y) } else { path.line_to(*x, *y) }
    }
    let Some(path) = path.finish() else { return };
    let dash = if dashed { StrokeDash::new(DASHES.to_vec(), 0.0) } else { None };
    let stroke =
        Stroke { width, line_cap: LineCap::Butt, line_join: LineJoin::Round, dash, ..Stroke::default() };
    canvas.stroke_path(&path, &paint(ink), &stroke, Transform::from_scale(FINE, FINE), None);
}

fn spot(canvas: &mut Pixmap, (x, y): (f32, f32), ink: Ink) {
    let Some(path) = PathBuilder::from_circle(x, y, SPOT) else { return };
    canvas.fill_path(&path, &paint(ink), FillRule::Winding, Transform::from_scale(FINE, FINE), None);
}

/// A line of text, letter by letter: each is as wide as the others.
fn letters(canvas: &mut Pixmap, (x, y): (f32, f32), anchor: Anchor, text: &str, ink: Ink) {
    let wide = get_raster_width(FontWeight::Regular, LETTERS);
    let all = wide * text.chars().count();
    let left = match anchor {
        Anchor::Start => (x * FINE) as i64,
        Anchor::End => (x * FINE) as i64 - all as i64,
    };
    let high = ((y - TEXT_PX * ABOVE_BASE) * FINE) as i64;
    for (number, letter) in text.chars().enumerate() {
        let raster = get_raster(plain(letter), FontWeight::Regular, LETTERS)
            .or_else(|| get_raster(UNKNOWN, FontWeight::Regular, LETTERS));
        let Some(raster) = raster else { continue };
        for (row, cells) in raster.raster().iter().enumerate() {
            for (column, cover) in cells.iter().enumerate() {
                blend(canvas, left + (number * wide + column) as i64, high + row as i64, ink, *cover);
            }
        }
    }
}

/// What titles of ours are made with beside letters, as what there is a letter for.
fn plain(letter: char) -> char {
    match letter {
        '·' | '–' | '—' => '-',
        '→' => '>',
        '…' => '.',
        letter => letter,
    }
}

/// Puts so much of an ink on a dot.
fn blend(canvas: &mut Pixmap, x: i64, y: i64, ink: Ink, cover: u8) {
    let (width, height) = (i64::from(canvas.width()), i64::from(canvas.height()));
    if cover == 0 || !(0..width).contains(&x) || !(0..height).contains(&y) {
        return;
    }
    let Some(dot) = canvas.pixels_mut().get_mut((y * width + x) as usize) else { return };
    let mix = |there: u8, new: u8| {
        let cover = u32::from(cover);
        ((u32::from(there) * (255 - cover) + u32::from(new) * cover) / 255) as u8
    };
    let [red, green, blue] = ink.rgb();
    let mixed = [mix(dot.red(), red), mix(dot.green(), green), mix(dot.blue(), blue)];
    if let Some(mixed) = PremultipliedColorU8::from_rgba(mixed[0], mixed[1], mixed[2], u8::MAX) {
        *dot = mixed;
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use engine::chart::{Dot, Measure, Panel, StageMark};

    use super::*;

    fn chart(title: &str) -> Chart {
        let dots = |values: [u32; 3]| {
            values
                .iter()
                .zip(0..)
                .map(|(value, at)| Dot { from_s: at * 10, span_s: 10, value: Some(*value) })
                .collect()
        };
        Chart {
            title: title.to_owned(),
            span_s: 30,
            stages: vec![StageMark { from_s: 0, weight_pct: 10 }, StageMark { from_s: 15, weight_pct: 50 }],
            panels: vec![Panel {
                service: "api".parse().unwrap(),
                measure: Measure::Failed,
                stable: dots([0, 20, 10]),
                canary: dots([0, 900, 2_000]),
            }],
            says: Vec::new(),
        }
    }

    #[test]
    fn it_is_a_png_of_its_size_and_holds_both_versions() {
        let bytes = png(&chart("r-2 · Deploy v1.4.0 to staging")).unwrap();
        let drawn = Pixmap::decode_png(&bytes).unwrap();
        let Scene { width, height, .. } = scene(&chart(""));
        assert_eq!((drawn.width(), drawn.height()), ((width * FINE) as u32, (height * FINE) as u32));
        assert!(bytes.len() < 100_000, "{} bytes", bytes.len());
        for ink in [Ink::Stable, Ink::Canary, Ink::Words, Ink::Frame] {
            let [red, green, blue] = ink.rgb();
            let is_there =
                |dot: &&PremultipliedColorU8| (dot.red(), dot.green(), dot.blue()) == (red, green, blue);
            assert!(drawn.pixels().iter().filter(is_there).count() > 100, "{ink:?}");
        }
    }

    /// Every picture's title had one.
    #[test]
    fn a_dot_between_words_is_no_question_mark() {
        assert_eq!(png(&chart("r-2 · Deploy")), png(&chart("r-2 - Deploy")));
        assert_ne!(png(&chart("r-2 · Deploy")), png(&chart("r-2 ? Deploy")));
    }

    #[test]
    fn what_has_no_letter_and_what_does_not_fit_is_no_reason_to_fail() {
        assert!(png(&chart(&"žluťoučký kůň ".repeat(50))).is_some());
    }
}
