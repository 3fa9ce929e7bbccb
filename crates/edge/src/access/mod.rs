//! Who may do what beyond a single recording: API keys with scopes, and templates by which a page's
//! visitors may record.
//!
//! - [`Scope`], [`ApiKey`]: what a key's holder may do, and how a key is kept
//! - [`Template`], [`Terms`]: what a visitor's recording may become, and has

mod key;
mod template;
mod terms;

pub use key::{ApiKey, CreateKey, CreatedKey, KeyInfo, KeyList, Scope};
pub use template::{CreateTemplate, PatchTemplate, Template, TemplateId, TemplateList, Use};
pub use terms::{Limits, Terms};
