//! Who may do what beyond a single recording: API keys with scopes, and templates by which a page's
//! visitors may record.
//!
//! - [`Scope`], [`ApiKey`]: what a key's holder may do, and how a key is kept
//! - [`Template`]: what a visitor's recording may become

mod key;
mod template;

pub use key::{ApiKey, CreateKey, CreatedKey, KeyInfo, KeyList, Scope};
pub use template::{
    CreateTemplate, Limits, PatchTemplate, Template, TemplateId, TemplateList, Use,
};
