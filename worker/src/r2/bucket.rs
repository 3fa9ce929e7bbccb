//! The bucket. Whatever is done with it is counted here.

use std::ops::Deref;

use livetape_edge::Operation;
use worker::{
    CreateMultipartUploadOptionsBuilder, Data, Env, GetOptionsBuilder, ListOptionsBuilder, Object,
    PutOptionsBuilder, Result,
};

use crate::costs::count;

/// The binding of the bucket.
const BINDING: &str = "MEDIA";

/// The edge's bucket; its methods are those of the runtime's.
#[derive(Debug, Clone)]
pub(crate) struct Bucket(worker::Bucket);

pub(crate) fn bucket(env: &Env) -> Result<Bucket> {
    env.bucket(BINDING).map(Bucket)
}

impl Bucket {
    pub(crate) async fn head(&self, key: impl Into<String>) -> Result<Option<Object>> {
        count(Operation::ClassB);
        self.0.head(key).await
    }

    pub(crate) fn get(&self, key: impl Into<String>) -> GetOptionsBuilder<'_> {
        count(Operation::ClassB);
        self.0.get(key)
    }

    pub(crate) fn put(
        &self,
        key: impl Into<String>,
        value: impl Into<Data>,
    ) -> PutOptionsBuilder<'_> {
        count(Operation::ClassA);
        self.0.put(key, value)
    }

    /// Its parts and its completion are a Queue's work, which is no request's.
    pub(crate) fn create_multipart_upload(
        &self,
        key: impl Into<String>,
    ) -> CreateMultipartUploadOptionsBuilder<'_> {
        count(Operation::ClassA);
        self.0.create_multipart_upload(key)
    }

    pub(crate) fn list(&self) -> ListOptionsBuilder<'_> {
        count(Operation::ClassA);
        self.0.list()
    }

    pub(crate) async fn delete(&self, key: impl Into<String>) -> Result<()> {
        count(Operation::Delete);
        self.0.delete(key).await
    }

    /// At most 1,000 keys: one operation.
    pub(crate) async fn delete_multiple(&self, keys: Vec<impl Deref<Target = str>>) -> Result<()> {
        count(Operation::Delete);
        self.0.delete_multiple(keys).await
    }
}
