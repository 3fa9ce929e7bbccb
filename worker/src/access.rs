//! Who may send a request; API keys and templates.

use livetape_edge::access::{
    ApiKey, CreateKey, CreateTemplate, CreatedKey, Scope, Template, TemplateId, Terms,
};
use livetape_edge::route::Route;
use livetape_edge::{Code, Piece, RecordingId};

use crate::refusal::{Answer, Refusal};
use crate::routes::Edge;
use crate::tenant::{Admission, TenantCommand, ask};
use crate::{platform, respond};

impl Edge<'_> {
    /// Checks that the request has a key that may do that: the edge's own may do everything.
    pub(crate) async fn check_scope(&self, scope: Scope) -> Result<(), Refusal> {
        self.check_pause()?;
        let given = self.bearer();
        let Some(key) = given.as_deref().and_then(ApiKey::parse) else {
            return match self.config()?.check_key(given.as_deref()) {
                Ok(()) => Ok(()),
                Err(error) => Err(self.refused(error).await?.into()),
            };
        };
        let digest = key.digest();
        let page = self.page()?;
        let check = TenantCommand::CheckKey {
            digest,
            scope,
            page,
        };
        let answer = ask(self.env, &check).await?;
        match answer.status {
            204 => {
                self.shared.replace(answer.headers);
                Ok(())
            }
            401 => Err(self.refused(Code::KeyInvalid.into()).await?.into()),
            _ => Err(Refusal::Told(answer.into())),
        }
    }

    /// Lets a recording be made by a template, and gives what it has by that.
    pub(crate) async fn admit(&self, id: &str, recording: &RecordingId) -> Result<Terms, Refusal> {
        if self.config()?.check_template(id).is_ok() {
            return Ok(Terms::default());
        }
        let template = TemplateId::parse(id).ok_or(Code::UnknownTemplate)?;
        let admission = Admission {
            template: template.as_str().to_owned(),
            recording: recording.to_string(),
            origin: self.header("Origin"),
            address: self.address(),
            now: platform::now(),
        };
        let answer = ask(self.env, &TenantCommand::Admit(admission)).await?;
        let terms: Result<Terms, _> = match answer.pieces.as_slice() {
            [Piece::Bytes(body)] if answer.status == 200 => serde_json::from_slice(body),
            _ => return Err(Refusal::Told(answer.into())),
        };
        let terms = terms?;
        if !terms.origins.is_empty() {
            self.shared.replace(self.page()?.share(&terms.origins));
        }
        Ok(terms)
    }

    /// Keys and templates.
    pub(crate) async fn administer(&mut self, route: Route) -> Answer {
        self.check_scope(Scope::Admin).await?;
        let command = match route {
            Route::CreateKey => return self.create_key().await,
            Route::Keys => TenantCommand::Keys,
            Route::RevokeKey(id) => TenantCommand::RevokeKey { id },
            Route::CreateTemplate => {
                let wanted: CreateTemplate = self.json().await?;
                let id = TemplateId::from_random(platform::random()?);
                TenantCommand::AddTemplate(Template::new(&id, wanted, platform::now())?)
            }
            Route::Template(id) => TenantCommand::Template {
                id: id.as_str().to_owned(),
            },
            Route::PatchTemplate(id) => TenantCommand::PatchTemplate {
                id: id.as_str().to_owned(),
                patch: self.json().await?,
            },
            Route::DeleteTemplate(id) => TenantCommand::RemoveTemplate {
                id: id.as_str().to_owned(),
            },
            _ => TenantCommand::Templates,
        };
        Ok(ask(self.env, &command).await?)
    }

    async fn create_key(&mut self) -> Answer {
        let wanted: CreateKey = self.json().await?;
        let key = ApiKey::from_random(platform::random()?);
        let info = wanted.info(&key, platform::now())?;
        let digest = key.digest();
        let command = TenantCommand::AddKey {
            info: info.clone(),
            digest,
        };
        ask(self.env, &command).await?;
        let key = key.reveal().to_owned();
        Ok(respond::json(201, &CreatedKey { key, info })?)
    }
}
