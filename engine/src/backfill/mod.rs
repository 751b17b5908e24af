//! Backfills: what a job of the application says of a batch, how fast batches follow, and how far it has come. Pure; the
//! executor runs the batches. The protocol is in this folder's README.

mod checkpoint;
mod cursor;
mod hours;
mod pace;
mod protocol;
mod sql;

pub(crate) use checkpoint::takes_ms;
pub use checkpoint::{Checkpoint, Place};
pub use cursor::{Cursor, CursorError};
pub use hours::Hours;
pub use pace::{Pace, batch_at};
pub use protocol::{Asked, Batch, Quarantined, Sample, output_max, read};
pub use sql::{Fill, FillColumn, FillFault};
