//! Stored bytes in and out.

mod bucket;

pub(crate) use bucket::{Bucket, bucket};

use std::collections::HashMap;

use livetape_edge::Sha256Digest;
use livetape_edge::object::Announced;
use worker::web_sys::ReadableStream;
use worker::{Conditional, Data, Error, Object, Range, ResponseBody, Result};

/// R2 lists and deletes so many objects at once.
const AT_ONCE: u32 = 1_000;

/// What became of a write.
pub(crate) enum Put {
    /// It is stored now.
    Created,
    /// Something was stored under the key before; its digest.
    Exists(Option<Sha256Digest>),
    /// The bytes do not have the digest.
    DigestMismatch,
}

/// Stores a body, which must have a known length, under a key that is not in use.
pub(crate) async fn put(
    bucket: &Bucket,
    key: &str,
    body: impl Into<Data>,
    announced: &Announced,
) -> Result<Put> {
    let metadata = announced.metadata.iter();
    let metadata: HashMap<_, _> = metadata
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    let unused = Conditional {
        etag_does_not_match: Some("*".to_owned()),
        ..Conditional::default()
    };
    let put = bucket
        .put(key, body)
        .only_if(unused)
        .sha256(announced.digest.0)
        .custom_metadata(metadata);
    match put.execute().await {
        Ok(Some(_)) => Ok(Put::Created),
        Ok(None) => {
            let stored = bucket.head(key).await?;
            Ok(Put::Exists(stored.as_ref().and_then(digest)))
        }
        Err(error) if is_digest_mismatch(&error) => Ok(Put::DigestMismatch),
        Err(error) => Err(error),
    }
}

/// R2's error 10037, `BadDigest`.
fn is_digest_mismatch(error: &Error) -> bool {
    let text = error.to_string();
    text.contains("10037") || text.to_ascii_lowercase().contains("checksum")
}

/// The SHA-256 that R2 checked when it stored the object.
pub(crate) fn digest(object: &Object) -> Option<Sha256Digest> {
    let sum = object.checksum().sha256?;
    Sha256Digest::from_slice(&sum)
}

/// A range of an object as the runtime's own stream.
pub(crate) async fn range(
    bucket: &Bucket,
    key: &str,
    offset: u64,
    length: u64,
) -> Result<ReadableStream> {
    stream(&get(bucket, key, offset, length).await?)
}

fn stream(object: &Object) -> Result<ReadableStream> {
    let body = object.body().ok_or("an object has no body")?;
    match body.response_body()? {
        ResponseBody::Stream(stream) => Ok(stream),
        _ => Err(Error::from("a stored body is no stream")),
    }
}

/// A whole object as the runtime's own stream, with its length; `None` where there is none.
pub(crate) async fn open(bucket: &Bucket, key: &str) -> Result<Option<(u64, ReadableStream)>> {
    let Some(object) = bucket.get(key).execute().await? else {
        return Ok(None);
    };
    Ok(Some((object.size(), stream(&object)?)))
}

/// A range of an object's bytes.
pub(crate) async fn bytes(bucket: &Bucket, key: &str, offset: u64, length: u64) -> Result<Vec<u8>> {
    let object = get(bucket, key, offset, length).await?;
    object.body().ok_or("an object has no body")?.bytes().await
}

async fn get(bucket: &Bucket, key: &str, offset: u64, length: u64) -> Result<Object> {
    let range = Range::OffsetWithLength { offset, length };
    let object = bucket.get(key).range(range).execute().await?;
    object.ok_or_else(|| Error::from(format!("{key} is not stored")))
}

/// The first bytes of an object, with its facts.
pub(crate) async fn prefix(
    bucket: &Bucket,
    key: &str,
    length: u64,
) -> Result<Option<(Object, Vec<u8>)>> {
    let object = bucket
        .get(key)
        .range(Range::Prefix { length })
        .execute()
        .await?;
    let Some(object) = object else {
        return Ok(None);
    };
    let bytes = match object.body() {
        Some(body) => body.bytes().await?,
        None => Vec::new(),
    };
    Ok(Some((object, bytes)))
}

/// Stores bytes, whatever is stored under the key.
pub(crate) async fn write(bucket: &Bucket, key: &str, bytes: Vec<u8>) -> Result<()> {
    bucket.put(key, bytes).execute().await.map(drop)
}

/// All bytes of an object; `None` where there is none.
pub(crate) async fn whole(bucket: &Bucket, key: &str) -> Result<Option<Vec<u8>>> {
    match bucket.get(key).execute().await? {
        Some(object) => match object.body() {
            Some(body) => body.bytes().await.map(Some),
            None => Ok(None),
        },
        None => Ok(None),
    }
}

/// A page of a list of keys.
pub(crate) struct Page {
    /// In ascending order.
    pub(crate) keys: Vec<String>,
    /// There are others behind them.
    pub(crate) more: bool,
}

/// Keys that begin with `prefix` and come after `after`; all where that is empty.
pub(crate) async fn page(bucket: &Bucket, prefix: &str, after: &str, most: u32) -> Result<Page> {
    let list = bucket.list().prefix(prefix).limit(most);
    let list = match after {
        "" => list,
        after => list.start_after(after),
    };
    let page = list.execute().await?;
    Ok(Page {
        keys: page.objects().iter().map(Object::key).collect(),
        more: page.truncated(),
    })
}

/// What comes before the first slash behind `prefix` in the keys of a page, with both; those after `after`.
pub(crate) async fn folders(bucket: &Bucket, prefix: &str, after: &str, most: u32) -> Result<Page> {
    let list = bucket.list().prefix(prefix).delimiter("/").limit(most);
    let list = match after {
        "" => list,
        after => list.start_after(after),
    };
    let page = list.execute().await?;
    Ok(Page {
        keys: page.delimited_prefixes(),
        more: page.truncated(),
    })
}

/// Deletes all objects whose keys begin with `prefix`, but for one.
pub(crate) async fn delete_below(bucket: &Bucket, prefix: &str, but: &str) -> Result<()> {
    loop {
        let mut keys = page(bucket, prefix, "", AT_ONCE).await?.keys;
        keys.retain(|key| key != but);
        if keys.is_empty() {
            return Ok(());
        }
        bucket.delete_multiple(keys).await?;
    }
}
