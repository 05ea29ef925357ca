//! Submitting, editing and deleting templates at Meta. A change that Meta accepted is saved at once; the next poll
//! confirms it.

use super::Customer;
use super::declined::Declined;
use super::samples::{self, SampleError};
use super::templates::{self, Begin};
use crate::clock;
use crate::domain::composition::Composition;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedWaba;
use crate::domain::ids::{OnboardingId, TemplateId};
use crate::domain::template::{DELETED, Template, normal_language};
use crate::domain::template_budget::TemplateBudget;
use crate::domain::time::Timestamp;
use crate::events::Publisher;
use crate::graph::calls::template::{CreateTemplate, DeleteTemplate, EditTemplate, ReadTemplate};
use crate::graph::error::GraphError;
use crate::publishing;
use crate::store::{Reserved, Store, StoreError, Submitter, TemplateDraft, Updated, Versioned};
use serde_json::{Map, Value, json};

/// Dependencies for working on an account's templates.
pub struct TemplateEditor<'a> {
    /// Meta, with the customer's token.
    pub customer: &'a Customer<'a>,
    /// The account.
    pub waba: &'a VerifiedWaba,
    /// The table.
    pub store: &'a Store,
    /// Publishes changes.
    pub publisher: &'a Publisher,
}

/// Why a template was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TemplateEditorError {
    /// The table.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The account's template budget is used up.
    #[error("template budget used up")]
    Full(Timestamp),
    /// Meta rejected the request, or could not be reached.
    #[error("failed to change the template ({})", .0.failure.code)]
    Meta(Box<Declined>),
    /// The sample of a header could not be taken along.
    #[error(transparent)]
    Sample(#[from] SampleError),
    /// The account has a template of this name in this language.
    #[error("the template exists")]
    Exists,
    /// A template of this name and language is being submitted at the moment.
    #[error("the template is being submitted")]
    InProgress {
        /// Whether by the same request.
        same: bool,
    },
}

impl From<Failure> for TemplateEditorError {
    fn from(failure: Failure) -> Self {
        Self::Meta(Box::new(Declined { failure, refusal: None }))
    }
}

impl From<GraphError> for TemplateEditorError {
    fn from(error: GraphError) -> Self {
        Self::Meta(Box::new(error.into()))
    }
}

impl TemplateEditor<'_> {
    /// Submits a template for review; one submission at a time per name and language. A template that Meta already has
    /// because the answer to the same request was lost counts as success. `holder` identifies the request across
    /// retries.
    ///
    /// # Errors
    /// [`TemplateEditorError`]; nothing was submitted.
    pub async fn create(&self, composition: &Composition, holder: &str) -> Result<Template, TemplateEditorError> {
        let language = normal_language(&composition.language);
        let name = (composition.name.as_str(), language.as_str());
        let by = Submitter { holder: holder.to_owned(), attempt: rand::random() };
        let reservation = match self.store.reserve_template(self.waba.id(), name, &by, clock::now()).await? {
            Reserved::Yes(reservation) => reservation,
            Reserved::No { same } => return Err(TemplateEditorError::InProgress { same }),
        };
        let created = self.submit_once(composition, name, reservation.again).await;
        let submitted = match &created {
            Ok(_) => true,
            Err(TemplateEditorError::Meta(declined)) => declined.is_open(),
            Err(_) => false,
        };
        let released = self.store.release_template(self.waba.id(), name, reservation, submitted, clock::now()).await;
        if let Err(error) = released {
            tracing::warn!(error = crate::telemetry::chain(&error), "reservation not released; it expires");
        }
        created
    }

    /// `again`: this request may have submitted the template before its process crashed.
    async fn submit_once(
        &self,
        composition: &Composition,
        name: (&str, &str),
        again: bool,
    ) -> Result<Template, TemplateEditorError> {
        match self.known(name).await? {
            Some(known) if again => Ok(known),
            Some(_) => Err(TemplateEditorError::Exists),
            None => self.submit(composition).await,
        }
    }

    async fn known(&self, (name, language): (&str, &str)) -> Result<Option<Template>, StoreError> {
        let held = self.store.templates(self.waba.id()).await?;
        let same =
            |template: &Template| template.name == name && template.language == language && template.status != DELETED;
        Ok(held.into_iter().map(|held| held.record).find(same))
    }

    async fn submit(&self, composition: &Composition) -> Result<Template, TemplateEditorError> {
        self.count(TemplateBudget::create).await?;
        let composition = &samples::renewed(self.customer.graph, composition).await?;
        let call = CreateTemplate { waba: self.waba, composition };
        let created = match self.customer.ask(&call).await.map_err(TemplateEditorError::from) {
            Err(TemplateEditorError::Meta(declined)) if declined.is_duplicate() => {
                return self.found(composition, *declined).await;
            }
            created => created?,
        };
        let now = clock::now().before_this_second();
        let template = Template {
            id: created.id,
            name: composition.name.clone(),
            language: normal_language(&composition.language),
            status: created.status.unwrap_or_else(|| "PENDING".to_owned()),
            reason: None,
            changed_at: now,
            category: created.category.or_else(|| Some(composition.category.clone())),
            correct_category: None,
            category_at: now,
            quality: None,
            quality_at: Timestamp::default(),
            missing_since: None,
            unpublished: true,
        };
        match self.store.save_template(self.waba.id(), &template, None).await {
            Ok(version) => self.publish(Versioned { record: template.clone(), version }).await,
            // A webhook was faster and is newer.
            Err(StoreError::Conflict) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(template)
    }

    /// Meta has a template of this name and language: the same one, if the answer to an earlier submission was lost.
    async fn found(&self, composition: &Composition, declined: Declined) -> Result<Template, TemplateEditorError> {
        let read = templates::sync(self.customer, self.store, self.publisher, self.waba, Begin::Anew).await;
        let language = normal_language(&composition.language);
        match (self.known((&composition.name, &language)).await?, read) {
            (Some(found), _) => {
                let held = self.customer.ask(&ReadTemplate { id: &found.id }).await?;
                let same = composition.shows_the_same(&held);
                if same { Ok(found) } else { Err(TemplateEditorError::Meta(Box::new(declined))) }
            }
            (None, Ok(_)) => Err(TemplateEditorError::Meta(Box::new(declined))),
            (None, Err(failure)) => Err(failure.into()),
        }
    }

    /// If publishing fails, the next poll publishes it: Meta has already made the change.
    async fn publish(&self, stored: Versioned<Template>) {
        if let Err(error) = publishing::publish(self.store, self.publisher, self.waba.id(), &[stored]).await {
            tracing::warn!(error = crate::telemetry::chain(&error), "template not published yet");
        }
    }

    /// Replaces the components of a template.
    ///
    /// # Errors
    /// [`TemplateEditorError`]; nothing was changed.
    pub async fn edit(&self, template: &Template, composition: &Composition) -> Result<(), TemplateEditorError> {
        let approved = template.status == "APPROVED";
        self.count(|budget, now| budget.edit(&template.id, approved, now)).await?;
        let edited = self.change(template, composition).await;
        let is_refused = match &edited {
            Err(TemplateEditorError::Meta(declined)) => !declined.is_open(),
            Err(TemplateEditorError::Sample(_)) => true,
            Ok(()) | Err(_) => false,
        };
        if is_refused {
            let take_back = |budget: &mut TemplateBudget, _| {
                budget.take_edit_back(&template.id);
                Ok(())
            };
            self.count(take_back).await?;
        }
        edited
    }

    async fn change(&self, template: &Template, composition: &Composition) -> Result<(), TemplateEditorError> {
        let composition = samples::renewed(self.customer.graph, composition).await?;
        let change = edit_of(template.status == "APPROVED", composition);
        Ok(self.customer.ask(&EditTemplate { id: &template.id, change: &change }).await.map(drop)?)
    }

    /// Deletes a template in its language. Meta reserves the name of an approved one for 30 days.
    ///
    /// # Errors
    /// [`TemplateEditorError`]; the template still exists.
    pub async fn delete(&self, template: &Template) -> Result<(), TemplateEditorError> {
        let call = DeleteTemplate { waba: self.waba, id: &template.id, name: &template.name };
        self.customer.ask(&call).await?;
        let delete = |held: Option<&Template>| {
            let then = held.unwrap_or(template).clone();
            // By our own deed, so newer than any list that was begun before it.
            let gone =
                |then| Template { status: DELETED.to_owned(), changed_at: clock::now(), unpublished: true, ..then };
            Ok::<_, StoreError>((then.status != DELETED).then(|| (gone(then), ())))
        };
        let deleted = self.store.update(&(self.waba.id().clone(), template.id.clone()), delete).await?;
        if let Updated::Saved(gone) = deleted {
            self.publish(gone).await;
        }
        Ok(())
    }

    /// A template with its components, as stored at Meta.
    ///
    /// # Errors
    /// [`TemplateEditorError::Meta`].
    pub async fn read(&self, id: &TemplateId) -> Result<Composition, TemplateEditorError> {
        Ok(self.customer.ask(&ReadTemplate { id }).await?)
    }

    async fn count(
        &self,
        count: impl Fn(&mut TemplateBudget, Timestamp) -> Result<(), Timestamp> + Sync,
    ) -> Result<(), TemplateEditorError> {
        let counted = |held: Option<&TemplateBudget>| {
            let mut budget = held.cloned().unwrap_or_default();
            count(&mut budget, clock::now()).map_err(TemplateEditorError::Full)?;
            Ok::<_, TemplateEditorError>(Some((budget, ())))
        };
        self.store.update(self.waba.id(), counted).await.map(drop)
    }

    /// Submits the templates that were prepared before the account could take them. One that Meta rejects is saved with
    /// the reason.
    ///
    /// # Errors
    /// [`TemplateEditorError`] when the table fails, or Meta has to be asked again later.
    pub async fn submit_drafts(&self, id: &OnboardingId) -> Result<usize, TemplateEditorError> {
        let mut submitted = 0;
        for draft in self.store.drafts(id).await?.into_iter().filter(|draft| draft.code.is_none()) {
            let code = match self.create(&draft.composition, &format!("drafts of {id}")).await {
                Ok(_) | Err(TemplateEditorError::Exists) => None,
                Err(error) if is_for_later(&error) => continue,
                Err(TemplateEditorError::Meta(declined)) => Some(declined.failure.code),
                Err(TemplateEditorError::Sample(error)) => Some(error.code().to_owned()),
                Err(error) => return Err(error),
            };
            submitted += usize::from(code.is_none());
            let over = code.is_none();
            self.store.save_draft(id, &TemplateDraft { over, code, ..draft }).await?;
        }
        Ok(submitted)
    }
}

/// Whether a prepared template stays prepared.
fn is_for_later(error: &TemplateEditorError) -> bool {
    match error {
        TemplateEditorError::Meta(declined) => matches!(declined.failure.class, Class::Later | Class::LaterAfter(_)),
        TemplateEditorError::Full(_) | TemplateEditorError::InProgress { .. } => true,
        TemplateEditorError::Sample(SampleError::Upload(error)) => {
            matches!(error.failure().class, Class::Later | Class::LaterAfter(_))
        }
        TemplateEditorError::Sample(error) => error.code() == "sample.unreachable",
        TemplateEditorError::Store(_) | TemplateEditorError::Exists => false,
    }
}

/// The body of an edit. Meta fixes the category of an approved template, but wants it beside the member that opts out of
/// link tracking.
fn edit_of(approved: bool, composition: Composition) -> Value {
    let Composition { category, message_send_ttl_seconds, components, others, .. } = composition;
    let mut change = Map::new();
    if !components.is_empty() {
        change.insert("components".to_owned(), json!(components));
    }
    if !approved || others.contains_key("cta_url_link_tracking_opted_out") {
        change.insert("category".to_owned(), json!(category));
    }
    change.extend(message_send_ttl_seconds.map(|seconds| ("message_send_ttl_seconds".to_owned(), json!(seconds))));
    change.extend(others);
    Value::Object(change)
}
