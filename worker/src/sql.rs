//! SQLite in a Durable Object: queries and values.

use std::vec::IntoIter;

use worker::{Error, Result, SqlStorage, SqlStorageValue};

/// Runs a query that gives nothing.
pub(crate) fn write(sql: &SqlStorage, query: &str, values: Vec<SqlStorageValue>) -> Result<()> {
    sql.exec(query, values).map(drop)
}

/// Runs a query; `parse` makes each row a value, `None` where it is none.
pub(crate) fn read<T>(
    sql: &SqlStorage,
    query: &str,
    values: Vec<SqlStorageValue>,
    parse: impl Fn(&mut IntoIter<SqlStorageValue>) -> Option<T>,
) -> Result<Vec<T>> {
    let rows = sql.exec(query, values)?.raw();
    rows.map(|row| {
        let parsed = parse(&mut row?.into_iter());
        parsed.ok_or_else(|| Error::from("a row cannot be read"))
    })
    .collect()
}

pub(crate) fn text(value: SqlStorageValue) -> Option<String> {
    match value {
        SqlStorageValue::String(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn integer(value: SqlStorageValue) -> Option<i64> {
    match value {
        SqlStorageValue::Integer(number) => Some(number),
        _ => None,
    }
}

/// A number; whole ones come back as integers.
pub(crate) fn real(value: SqlStorageValue) -> Option<f64> {
    match value {
        SqlStorageValue::Float(number) => Some(number),
        SqlStorageValue::Integer(number) => Some(number as f64),
        _ => None,
    }
}

pub(crate) fn blob(value: SqlStorageValue) -> Option<Vec<u8>> {
    match value {
        SqlStorageValue::Blob(bytes) => Some(bytes),
        _ => None,
    }
}
