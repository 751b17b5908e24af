//! Types of columns: whether every value of one fits into another, and what changing from one to the other costs.

use sqlparser::ast::{CharacterLength, DataType, ExactNumberInfo};

use crate::model::Dialect;

/// As many digits as anybody likes.
const UNBOUNDED: (i64, i64) = (i64::MAX, i64::MAX);

/// The longest text of a type in characters: absent when it is no text, `u64::MAX` when it has no end.
fn room(kind: &DataType) -> Option<u64> {
    match kind {
        DataType::Text | DataType::MediumText | DataType::LongText | DataType::String(None) => Some(u64::MAX),
        DataType::Varchar(length)
        | DataType::CharacterVarying(length)
        | DataType::CharVarying(length)
        | DataType::Nvarchar(length) => Some(match length {
            Some(CharacterLength::IntegerLength { length, .. }) => *length,
            Some(CharacterLength::Max) | None => u64::MAX,
        }),
        _ => None,
    }
}

/// The bytes of a whole number.
fn bytes(kind: &DataType) -> Option<u8> {
    match kind {
        DataType::TinyInt(_) => Some(1),
        DataType::SmallInt(_) | DataType::Int2(_) => Some(2),
        DataType::MediumInt(_) => Some(3),
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => Some(4),
        DataType::BigInt(_) | DataType::Int8(_) => Some(8),
        _ => None,
    }
}

/// Digits before and after the point; `i64::MAX` of both when there is no end to them.
fn digits(kind: &DataType) -> Option<(i64, i64)> {
    match kind {
        DataType::Numeric(exact) | DataType::Decimal(exact) | DataType::Dec(exact) => Some(match exact {
            ExactNumberInfo::None => UNBOUNDED,
            ExactNumberInfo::Precision(all) => (*all as i64, 0),
            ExactNumberInfo::PrecisionAndScale(all, after) => (*all as i64 - after, *after),
        }),
        _ => None,
    }
}

/// Every value of the one fits into the other, and reads the same.
pub(super) fn widens(from: &DataType, to: &DataType) -> bool {
    if from == to {
        return true;
    }
    if let (Some(from), Some(to)) = (room(from), room(to)) {
        return from <= to;
    }
    if let (Some(from), Some(to)) = (bytes(from), bytes(to)) {
        return from <= to;
    }
    match (digits(from), digits(to)) {
        (Some((before, after)), Some((to_before, to_after))) => before <= to_before && after <= to_after,
        _ => false,
    }
}

/// The change writes the whole table anew, or has to read it whole.
pub(super) fn rewrites(from: Option<&DataType>, to: &DataType, dialect: Dialect) -> bool {
    let Some(from) = from else { return true };
    if from == to {
        return false;
    }
    let longer = matches!((room(from), room(to)), (Some(from), Some(to)) if from <= to);
    match dialect {
        // "As an exception, when changing the type of an existing column, if the USING clause does not change the column
        // contents and the old type is binary coercible to the new type, a table rewrite is not needed":
        // https://www.postgresql.org/docs/current/sql-altertable.html. A longer `numeric` of the same scale is meant, too.
        Dialect::Postgres => {
            let same_scale = match (digits(from), digits(to)) {
                (Some(_), Some(UNBOUNDED)) => true,
                (Some((before, after)), Some((to_before, to_after))) => {
                    after == to_after && before <= to_before
                }
                _ => false,
            };
            !longer && !same_scale
        }
        // In place while the length takes as many bytes: https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html
        Dialect::Mysql => {
            let byte_of_length = |kind: &DataType| room(kind).map(|room| room * 4 <= 255);
            let same = matches!(to, DataType::Varchar(_)) && byte_of_length(from) == byte_of_length(to);
            !(longer && same)
        }
        Dialect::Sqlite => false,
    }
}
