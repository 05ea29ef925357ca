//! The template editor: lists, previews and lint findings; create, edit, copy, delete.

mod body;
mod checks;
mod preview;
mod problem;
mod samples;
mod views;

use super::once::{Claimed, Ticket, answered};
use super::{App, unavailable};
use http::StatusCode;
pub(crate) use preview::show;
use problem::{not_changed, not_open};
use shared::clock;
use shared::domain::composition::{Composition, Finding, lint};
use shared::domain::grant::VerifiedWaba;
use shared::domain::ids::OnboardingId;
use shared::domain::onboarding::{Onboarding, State};
use shared::domain::operation::Operation;
use shared::domain::template::{DELETED, Status, Template, normal_language};
use shared::domain::template_budget::CREATIONS_AN_HOUR;
use shared::domain::time::Timestamp;
use shared::http::fields::{Fields, LARGEST_TEXT};
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json, no_content};
use shared::perform::Customer;
use shared::perform::template_editor::TemplateEditor;
use shared::queue::Job;
use shared::store::TemplateDraft;
use std::time::Duration;
use views::{TemplateList, TemplateView, draft_view, refused};

/// An account that can accept templates, with the dependencies for that.
struct Open {
    onboarding: Onboarding,
    token: shared::secret::Secret,
    waba: VerifiedWaba,
}

impl App {
    pub(crate) async fn templates(&self, id: &str) -> Result<Reply, Problem> {
        let onboarding = self.of_onboarding(id).await?;
        let drafts = self.store.drafts(&onboarding.id).await.map_err(|error| unavailable(&error))?;
        let drafts = drafts.into_iter().map(draft_view).collect();
        let mut list = TemplateList {
            templates: Vec::new(),
            drafts,
            synced_at: None,
            created_last_hour: 0,
            creations_an_hour: CREATIONS_AN_HOUR,
        };
        if let Some(waba) = &onboarding.waba {
            let now = clock::now();
            let held = self.store.templates(waba.id()).await.map_err(|error| unavailable(&error))?;
            let budget = self.store.template_budget(waba.id()).await.map_err(|error| unavailable(&error))?;
            let budget = budget.map(|held| held.record).unwrap_or_default();
            list.created_last_hour = budget.creations(now);
            let view = |template: &Template| TemplateView::of(template, budget.edits(&template.id, now));
            list.templates = held.iter().map(|held| view(&held.record)).collect();
            let synced = self.store.templates_synced_at(waba.id()).await.map_err(|error| unavailable(&error))?;
            list.synced_at = synced.map(Timestamp::to_rfc3339);
        }
        Ok(json(StatusCode::OK, &list))
    }

    /// Submits a template, or saves it as a draft until the account can accept it.
    pub(crate) async fn create_template(
        &self,
        id: &str,
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let composition = body::whole(Fields::read_any(LARGEST_TEXT, request)?, &[])?;
        let onboarding = self.of_onboarding(id).await?;
        let ticket = match self.claim(request).await? {
            Claimed::Open(ticket) => ticket,
            Claimed::Answered(_, answer) => return Ok(answered(&answer)),
        };
        let findings = lint(&composition);
        let done = self.submit(onboarding, (composition, findings), request, (&ticket, operation)).await?;
        Ok(self.settle_reply(&ticket, done).await)
    }

    async fn submit(
        &self,
        onboarding: Onboarding,
        (composition, findings): (Composition, Vec<Finding>),
        request: &Request,
        (ticket, operation): (&Ticket, &Operation),
    ) -> Result<Reply, Problem> {
        checks::count_unknown(&composition);
        if findings.iter().any(|finding| finding.refused) {
            return Ok(refused(&findings, request));
        }
        if onboarding.joins.is_some() || matches!(onboarding.state(), State::Leaving | State::Left) {
            return Err(not_open());
        }
        let operation = named(operation, &composition.name, &composition.language);
        let Some(open) = self.open(onboarding.clone()).await? else {
            self.requested(&onboarding.id, &operation).await?;
            let at = clock::now();
            let draft = TemplateDraft { composition, at, over: false, code: None };
            self.store.save_draft(&onboarding.id, &draft).await.map_err(|error| unavailable(&error))?;
            return Ok(json(StatusCode::ACCEPTED, &draft_view(draft)));
        };
        self.requested(&onboarding.id, &operation).await?;
        let customer = Customer { graph: &self.graph, token: &open.token };
        let created = match self.editor(&customer, &open.waba).create(&composition, &ticket.holder()).await {
            Ok(created) => created,
            Err(error) => return not_changed(&error, &request.request_id),
        };
        let mut view = TemplateView::of(&created, 0);
        view.hints = findings;
        Ok(json(StatusCode::CREATED, &view))
    }

    pub(crate) async fn template(
        &self,
        id: &str,
        (name, language): (&str, &str),
        request: &Request,
    ) -> Result<Reply, Problem> {
        let (open, template) = self.of_name(id, name, language).await?;
        let customer = Customer { graph: &self.graph, token: &open.token };
        let read = match self.editor(&customer, &open.waba).read(&template.id).await {
            Ok(read) => read,
            Err(error) => return not_changed(&error, &request.request_id),
        };
        let mut view = TemplateView::of(&template, self.edits(&open, &template).await?);
        view.components = Some(read.components);
        Ok(json(StatusCode::OK, &view))
    }

    pub(crate) async fn edit_template(
        &self,
        id: &str,
        (name, language): (&str, &str),
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let fields = Fields::read_any(LARGEST_TEXT, request)?;
        let (open, template) = self.of_name(id, name, language).await?;
        if Status::parse(&template.status).is_closed() {
            let title = "Meta allows editing only approved, rejected or paused templates.";
            return Err(Problem::new(StatusCode::CONFLICT, "template.not_editable", title));
        }
        let composition = body::change(fields, (name, language), template.category.as_deref())?;
        checks::count_unknown(&composition);
        let findings = checks::of_edit(&self.graph, &composition);
        if findings.iter().any(|finding| finding.refused) {
            return Ok(refused(&findings, request));
        }
        self.requested(&open.onboarding.id, &named(operation, name, language)).await?;
        let customer = Customer { graph: &self.graph, token: &open.token };
        let edited = self.editor(&customer, &open.waba).edit(&template, &composition).await;
        if let Err(error) = edited {
            return not_changed(&error, &request.request_id);
        }
        self.read(&open).await?;
        let mut view = TemplateView::of(&template, self.edits(&open, &template).await?);
        view.hints = findings;
        Ok(json(StatusCode::ACCEPTED, &view))
    }

    async fn edits(&self, open: &Open, template: &Template) -> Result<usize, Problem> {
        let budget = self.store.template_budget(open.waba.id()).await.map_err(|error| unavailable(&error))?;
        Ok(budget.map_or(0, |held| held.record.edits(&template.id, clock::now())))
    }

    pub(crate) async fn delete_template(
        &self,
        id: &str,
        (name, language): (&str, &str),
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let operation = named(operation, name, language);
        if self.give_up_draft(id, (name, language), &operation).await? {
            return Ok(no_content());
        }
        let (open, template) = self.of_name(id, name, language).await?;
        self.requested(&open.onboarding.id, &operation).await?;
        let customer = Customer { graph: &self.graph, token: &open.token };
        if let Err(error) = self.editor(&customer, &open.waba).delete(&template).await {
            return not_changed(&error, &request.request_id);
        }
        self.read(&open).await?;
        Ok(no_content())
    }

    /// Whether there was a draft of that name; it will no longer be submitted.
    async fn give_up_draft(
        &self,
        id: &str,
        (name, language): (&str, &str),
        operation: &Operation,
    ) -> Result<bool, Problem> {
        let onboarding = self.of_onboarding(id).await?;
        let drafts = self.store.drafts(&onboarding.id).await.map_err(|error| unavailable(&error))?;
        let language = normal_language(language);
        let same = |draft: &TemplateDraft| draft.composition.name == name && draft.composition.language == language;
        let Some(draft) = drafts.into_iter().find(same) else { return Ok(false) };
        self.requested(&onboarding.id, operation).await?;
        let over = TemplateDraft { over: true, ..draft };
        self.store.save_draft(&onboarding.id, &over).await.map_err(|error| unavailable(&error))?;
        Ok(true)
    }

    /// Copies the components to another name, language or account.
    pub(crate) async fn copy_template(
        &self,
        id: &str,
        (name, language): (&str, &str),
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &["name", "language", "onboarding_id"])?;
        let target = fields.id("onboarding_id", OnboardingId::parse)?;
        let ticket = match self.claim(request).await? {
            Claimed::Open(ticket) => ticket,
            Claimed::Answered(_, answer) => return Ok(answered(&answer)),
        };
        let (open, template) = self.of_name(id, name, language).await?;
        let target = match target {
            Some(target) => self.of_onboarding(target.as_str()).await?,
            None => open.onboarding.clone(),
        };
        let customer = Customer { graph: &self.graph, token: &open.token };
        let read = match self.editor(&customer, &open.waba).read(&template.id).await {
            Ok(read) => read.for_copy(),
            Err(error) => return not_changed(&error, &request.request_id),
        };
        let text = |name: &'static str| Ok(fields.text(name, 512)?.map(str::to_owned));
        let copy = Composition {
            name: text("name")?.unwrap_or(read.name),
            language: text("language")?.map_or(template.language, |language| normal_language(&language)),
            category: read.category.to_ascii_uppercase(),
            ..read
        };
        let findings = checks::of_metas(&self.graph, &copy);
        let done = self.submit(target, (copy, findings), request, (&ticket, operation)).await?;
        Ok(self.settle_reply(&ticket, done).await)
    }

    /// Reads Meta's list now.
    pub(crate) async fn refresh_templates(&self, id: &str, operation: &Operation) -> Result<Reply, Problem> {
        let onboarding = self.of_onboarding(id).await?;
        let open = self.open(onboarding).await?.ok_or(not_open())?;
        self.requested(&open.onboarding.id, operation).await?;
        self.read(&open).await?;
        Ok(json(StatusCode::ACCEPTED, &serde_json::json!({ "queued": true })))
    }

    async fn read(&self, open: &Open) -> Result<(), Problem> {
        let job = Job::Templates { waba: open.waba.id().clone(), onboarding: open.onboarding.id.clone() };
        self.polls.enqueue(&job, Duration::ZERO).await.map_err(|error| unavailable(&error))
    }

    fn editor<'a>(&'a self, customer: &'a Customer<'a>, waba: &'a VerifiedWaba) -> TemplateEditor<'a> {
        TemplateEditor { customer, waba, store: &self.store, publisher: &self.publisher }
    }

    async fn of_onboarding(&self, id: &str) -> Result<Onboarding, Problem> {
        let id = OnboardingId::parse(id).map_err(|_| Problem::not_found())?;
        let held = self.store.onboarding(&id).await.map_err(|error| unavailable(&error))?;
        Ok(held.ok_or(Problem::not_found())?.record)
    }

    /// `None` while the account cannot accept templates.
    async fn open(&self, onboarding: Onboarding) -> Result<Option<Open>, Problem> {
        let usable = !onboarding.is_leaving() && onboarding.joins.is_none();
        let parts = onboarding.token_attempt().filter(|_| usable).cloned().zip(onboarding.waba.clone());
        let Some((attempt, waba)) = parts else { return Ok(None) };
        let token = self.vault.business_token(&attempt).await.map_err(|error| unavailable(&error))?;
        Ok(token.map(|token| Open { onboarding, token, waba }))
    }

    async fn known(&self, waba: &VerifiedWaba, name: &str, language: &str) -> Result<Option<Template>, Problem> {
        let held = self.store.templates(waba.id()).await.map_err(|error| unavailable(&error))?;
        let language = normal_language(language);
        let same =
            |template: &Template| template.name == name && template.language == language && template.status != DELETED;
        Ok(held.into_iter().map(|held| held.record).find(same))
    }

    async fn of_name(&self, id: &str, name: &str, language: &str) -> Result<(Open, Template), Problem> {
        let onboarding = self.of_onboarding(id).await?;
        let open = self.open(onboarding).await?.ok_or(not_open())?;
        let template = self.known(&open.waba, name, language).await?.ok_or(Problem::not_found())?;
        Ok((open, template))
    }
}

fn named(operation: &Operation, name: &str, language: &str) -> Operation {
    operation.about("template", name).about("language", language)
}
