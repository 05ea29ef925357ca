//! Submitting, editing and deleting templates at Meta. A change that Meta accepted is saved at once; the next poll
//! confirms it.

use super::Customer;
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
use crate::publishing;
use crate::store::{Reserved, Store, StoreError, Submitter, TemplateDraft, Updated, Versioned};
use serde_json::json;

/// Meta already has a template of that name and language.
const THERE_ALREADY: &str = "graph.100.2388024";

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
    #[error("failed to change the template ({})", .0.code)]
    Meta(Failure),
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
        Self::Meta(failure)
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
            Err(TemplateEditorError::Meta(failure)) => matches!(failure.class, Class::Later | Class::LaterAfter(_)),
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
        let call = CreateTemplate { waba: self.waba, composition };
        let created = match self.customer.call(&call).await {
            Err(failure) if failure.code == THERE_ALREADY => return self.found(composition, failure).await,
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

    /// The answer to an earlier submission was lost: finds the template in Meta's list.
    async fn found(&self, composition: &Composition, failure: Failure) -> Result<Template, TemplateEditorError> {
        let read = templates::sync(self.customer, self.store, self.publisher, self.waba, Begin::Anew).await;
        let language = normal_language(&composition.language);
        match (self.known((&composition.name, &language)).await?, read) {
            (Some(found), _) => Ok(found),
            (None, read) => Err(read.err().unwrap_or(failure).into()),
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
        let mut change = json!({ "components": composition.components });
        if let Some(change) = change.as_object_mut() {
            if !approved {
                change.insert("category".to_owned(), json!(composition.category));
            }
            if let Some(seconds) = composition.message_send_ttl_seconds {
                change.insert("message_send_ttl_seconds".to_owned(), json!(seconds));
            }
        }
        let edited = self.customer.call(&EditTemplate { id: &template.id, change: &change }).await;
        if edited.as_ref().is_err_and(|failure| !matches!(failure.class, Class::Later | Class::LaterAfter(_))) {
            let take_back = |budget: &mut TemplateBudget, _| {
                budget.take_edit_back(&template.id);
                Ok(())
            };
            self.count(take_back).await?;
        }
        edited?;
        Ok(())
    }

    /// Deletes a template in its language. Meta reserves the name of an approved one for 30 days.
    ///
    /// # Errors
    /// [`TemplateEditorError`]; the template still exists.
    pub async fn delete(&self, template: &Template) -> Result<(), TemplateEditorError> {
        let call = DeleteTemplate { waba: self.waba, id: &template.id, name: &template.name };
        self.customer.call(&call).await?;
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
        Ok(self.customer.call(&ReadTemplate { id }).await?)
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
                Err(
                    TemplateEditorError::Meta(Failure { class: Class::Later | Class::LaterAfter(_), .. })
                    | TemplateEditorError::Full(_)
                    | TemplateEditorError::InProgress { .. },
                ) => {
                    continue;
                }
                Err(TemplateEditorError::Meta(failure)) => Some(failure.code),
                Err(error) => return Err(error),
            };
            submitted += usize::from(code.is_none());
            let over = code.is_none();
            self.store.save_draft(id, &TemplateDraft { over, code, ..draft }).await?;
        }
        Ok(submitted)
    }
}
