//! Who may do what beyond a single recording: API keys with scopes, and templates by which a page's
//! visitors may record.
//!
//! - [`Scope`], [`ApiKey`]: what a key's holder may do, and how a key is kept
//! - [`KeptKey`], [`KeptName`]: what storage keeps of keys and templates
//! - [`Template`], [`Terms`]: what a visitor's recording may become, and has

mod admission;
mod kept;
mod key;
mod template;
mod terms;

pub use admission::Use;
pub use kept::{KEPT_PREFIX, KeptKey, KeptName};
pub use key::{ApiKey, CreateKey, CreatedKey, KeyInfo, KeyList, Scope};
pub use template::{CreateTemplate, PatchTemplate, Template, TemplateId, TemplateList};
pub use terms::{Limits, Terms};
