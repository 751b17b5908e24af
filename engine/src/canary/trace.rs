//! A recorded canary, read from JSON field by field, so that what is wrong with it is said with its place and in plain words: who writes traces
//! writes them in any language.

use serde_json::{Map, Value};
use thiserror::Error;

/// From here on not every whole number is one of `f64`.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// So much of what can't be read is shown.
const SHOWN_MAX: usize = 24;

/// A recorded canary.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// Its name, for the answer.
    pub id: String,
    /// The stages: share of traffic in percent, and seconds.
    pub steps: Vec<(f64, u32)>,
    /// Seconds at the start in which the canary may be cold.
    pub warmup_s: u32,
    /// Edges of the latency buckets, in milliseconds: bucket `i` holds what is at or above edge `i - 1` and below edge `i`.
    pub edges_ms: Vec<f64>,
    /// The stable version before the canary.
    pub pre: TracePast,
    /// A row for each second.
    pub sec: Vec<TraceSecond>,
    /// A row for each [`super::LATENCY_ROW_S`] seconds: histograms of the stable version and of the canary.
    pub lat: Vec<(TraceHistogram, TraceHistogram)>,
}

/// `[first bucket, count, count, …]`, or `[]`.
pub type TraceHistogram = Vec<u64>;

/// `[requests, errors, canary requests, canary errors, lanes, error lanes, canary lanes, canary error lanes]`: those without "canary" are
/// the stable version's.
pub type TraceSecond = [u64; 8];

/// The stable version before the canary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TracePast {
    /// Requests.
    pub n: u64,
    /// Failed requests.
    pub err: u64,
    /// Latencies.
    pub hist: TraceHistogram,
    /// Lane-seconds with a request.
    pub lanes: u64,
    /// Lane-seconds with a failed request.
    pub err_lanes: u64,
}

/// Why what was given is no trace.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TraceError {
    /// It ends before it is whole.
    #[error(
        "it ends too early: a bracket, a brace or a quotation mark is left open, or it goes on in the next line; a trace stands in one line"
    )]
    EndsEarly,
    /// It is no JSON.
    #[error("it is no JSON: nothing can be made of {shown} (character {column})")]
    NoJson {
        /// Where, from 1.
        column: usize,
        /// What stands there, between quotation marks, or the end.
        shown: String,
    },
    /// A field that there must be is not there.
    #[error("{place} is missing; expected is {expected}")]
    Missing {
        /// Which.
        place: String,
        /// What it is.
        expected: &'static str,
    },
    /// A field is something else.
    #[error("{place} is {found}; expected is {expected}")]
    Other {
        /// Which.
        place: String,
        /// What it is to be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// A list has another length.
    #[error("{place} has {found}; expected is {expected}")]
    Length {
        /// Which.
        place: String,
        /// What it is to be.
        expected: &'static str,
        /// How many it has.
        found: String,
    },
}

const OBJECT: &str = "an object, {\"id\": …, \"edges_ms\": …, \"sec\": …}, in each line";
const NAME: &str = "a name in quotation marks";
const WHOLE: &str = "a whole number, 0 or more";
const SECONDS: &str = "a whole number of seconds, 0 to 4294967295";
const NUMBER: &str = "a number";
const STEPS: &str = "a list of stages, [[share of traffic in percent, seconds], …]";
const STEP: &str = "a stage, [share of traffic in percent, seconds]";
const EDGES: &str = "a list of the latency buckets' edges in milliseconds, [5, 10, …]";
const PAST: &str = "an object, {\"n\": …, \"err\": …, \"hist\": …, \"lanes\": …, \"err_lanes\": …}";
const ROWS: &str = "a list of rows, one for each second";
const ROW: &str = "a row of 8 numbers, [stable requests, errors, canary requests, errors, stable lanes, lanes with an \
                   error, canary lanes, lanes with an error]";
const PAIRS: &str = "a list of rows, one for each 10 s";
const PAIR: &str = "a row of 2 histograms, [stable, canary]";
const HISTOGRAM: &str = "a histogram, [first bucket, count, count, …] or []";

impl Trace {
    /// Reads a line.
    pub fn read(line: &[u8]) -> Result<Self, TraceError> {
        let json: Value = serde_json::from_slice(line).map_err(|error| no_json(line, &error))?;
        let all = Field { place: "it".to_owned(), value: &json }.object(OBJECT)?;
        let needed = |key: &'static str, expected| {
            let missing = || TraceError::Missing { place: key.to_owned(), expected };
            field(all, "", key).ok_or_else(missing)
        };
        let maybe = |key| field(all, "", key);
        Ok(Self {
            id: needed("id", NAME)?.name()?,
            steps: maybe("steps").map_or(Ok(Vec::new()), |steps| steps.each(STEPS, Field::step))?,
            warmup_s: maybe("warmup_s").map_or(Ok(0), Field::seconds)?,
            edges_ms: needed("edges_ms", EDGES)?.each(EDGES, Field::number)?,
            pre: maybe("pre").map_or(Ok(TracePast::default()), Field::past)?,
            sec: needed("sec", ROWS)?.each(ROWS, Field::second)?,
            lat: maybe("lat").map_or(Ok(Vec::new()), |lat| lat.each(PAIRS, Field::histograms))?,
        })
    }
}

/// A value and where it stands.
struct Field<'a> {
    place: String,
    value: &'a Value,
}

/// The field of an object, if it is there; `of` is what stands before its name.
fn field<'a>(of: &'a Map<String, Value>, before: &str, key: &str) -> Option<Field<'a>> {
    Some(Field { place: format!("{before}{key}"), value: of.get(key)? })
}

impl<'a> Field<'a> {
    fn other(&self, expected: &'static str) -> TraceError {
        TraceError::Other { place: self.place.clone(), expected, found: named(self.value) }
    }

    fn object(&self, expected: &'static str) -> Result<&'a Map<String, Value>, TraceError> {
        self.value.as_object().ok_or_else(|| self.other(expected))
    }

    fn list(&self, expected: &'static str) -> Result<&'a [Value], TraceError> {
        self.value.as_array().map(Vec::as_slice).ok_or_else(|| self.other(expected))
    }

    /// Each of a list.
    fn each<T>(
        self,
        expected: &'static str,
        read: impl Fn(Field<'a>) -> Result<T, TraceError>,
    ) -> Result<Vec<T>, TraceError> {
        let list = self.list(expected)?.iter().enumerate();
        list.map(|(at, value)| read(Field { place: format!("{}[{at}]", self.place), value })).collect()
    }

    /// All of a list that has so many.
    fn exactly<const N: usize>(&self, expected: &'static str) -> Result<[Field<'a>; N], TraceError> {
        let list = self.list(expected)?;
        let wrong = || TraceError::Length { place: self.place.clone(), expected, found: entries(list.len()) };
        let list: &[Value; N] = list.try_into().map_err(|_| wrong())?;
        let mut at = 0..N;
        Ok(list.each_ref().map(|value| {
            let at = at.next().unwrap_or_default();
            Field { place: format!("{}[{at}]", self.place), value }
        }))
    }

    fn name(self) -> Result<String, TraceError> {
        self.value.as_str().map(ToOwned::to_owned).ok_or_else(|| self.other(NAME))
    }

    fn number(self) -> Result<f64, TraceError> {
        self.value.as_f64().ok_or_else(|| self.other(NUMBER))
    }

    /// JSON has one kind of number, and some write 600 as `600.0`.
    fn whole_or_none(&self) -> Option<u64> {
        self.value.as_u64().or_else(|| {
            let number = self.value.as_f64()?;
            let is_whole = number.fract() == 0.0 && (0.0..EXACT_MAX).contains(&number);
            is_whole.then_some(number as u64)
        })
    }

    fn whole(self) -> Result<u64, TraceError> {
        self.whole_or_none().ok_or_else(|| self.other(WHOLE))
    }

    fn seconds(self) -> Result<u32, TraceError> {
        self.whole_or_none().and_then(|whole| u32::try_from(whole).ok()).ok_or_else(|| self.other(SECONDS))
    }

    fn step(self) -> Result<(f64, u32), TraceError> {
        let [share, seconds] = self.exactly(STEP)?;
        Ok((share.number()?, seconds.seconds()?))
    }

    fn second(self) -> Result<TraceSecond, TraceError> {
        let mut row = TraceSecond::default();
        for (to, field) in row.iter_mut().zip(self.exactly::<8>(ROW)?) {
            *to = field.whole()?;
        }
        Ok(row)
    }

    fn histogram(self) -> Result<TraceHistogram, TraceError> {
        self.each(HISTOGRAM, Field::whole)
    }

    fn histograms(self) -> Result<(TraceHistogram, TraceHistogram), TraceError> {
        let [stable, canary] = self.exactly(PAIR)?;
        Ok((stable.histogram()?, canary.histogram()?))
    }

    fn past(self) -> Result<TracePast, TraceError> {
        let all = self.object(PAST)?;
        let maybe = |key| field(all, "pre.", key);
        let count = |key| maybe(key).map_or(Ok(0), Field::whole);
        Ok(TracePast {
            n: count("n")?,
            err: count("err")?,
            hist: maybe("hist").map_or(Ok(Vec::new()), Field::histogram)?,
            lanes: count("lanes")?,
            err_lanes: count("err_lanes")?,
        })
    }
}

/// What a value is, as people call it.
fn named(value: &Value) -> String {
    match value {
        Value::Null => "empty (null)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(list) => format!("a list of {}", entries(list.len())),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn entries(count: usize) -> String {
    if count == 1 { "1 entry".to_owned() } else { format!("{count} entries") }
}

/// A text between quotation marks, as much of it as is needed to find it.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("\"{shown}{more}\"")
}

/// Where JSON ends to be JSON.
fn no_json(line: &[u8], error: &serde_json::Error) -> TraceError {
    if error.is_eof() {
        return TraceError::EndsEarly;
    }
    let column = error.column().max(1);
    let rest = line.get(column - 1..).unwrap_or_default();
    let rest = String::from_utf8_lossy(rest.get(..4 * SHOWN_MAX).unwrap_or(rest)).into_owned();
    let shown = if rest.trim().is_empty() { "the end".to_owned() } else { quoted(rest.trim_end()) };
    TraceError::NoJson { column, shown }
}
