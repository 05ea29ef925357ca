//! The code by which the owner of a number proves possession of it.

use super::{Found, MigrationError, Migrator, node, not_connected};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedPhone;
use crate::domain::migration::{Migration, MigrationFact};
use crate::domain::operation::Operation;
use crate::graph::calls::migration::{CodeMethod, RequestCode, VerifyCode};
use crate::graph::error::is_refused_without_reason;
use crate::perform::Customer;
use crate::secret::Secret;

/// Meta says that the number is already verified.
const VERIFIED_ALREADY: &str = "graph.136024";

impl Migrator {
    /// Has Meta send a code. Counted before the call is made; `false` when the limit is reached.
    ///
    /// # Errors
    /// [`MigrationError`] when the infrastructure fails; the code may have been sent.
    pub async fn ask_code(
        &self,
        migration: &Migration,
        phone: &VerifiedPhone,
        method: CodeMethod,
        language: &str,
        operation: &Operation,
    ) -> Result<bool, MigrationError> {
        let Found::Connected(target) = self.target(&migration.onboarding).await? else {
            let refused = MigrationFact::CodeRefused(not_connected());
            return self.note(migration, refused, Some(operation)).await.map(|()| true);
        };
        if self.store.count_code(&migration.id, &MigrationFact::CodeAsked, operation, clock::now()).await?.is_none() {
            return Ok(false);
        }
        let customer = Customer { graph: &self.graph, token: &target.token };
        let fact = match customer.call(&RequestCode { phone, method, language }).await {
            Ok(_) => MigrationFact::CodeSent(None),
            Err(failure) if failure.code == VERIFIED_ALREADY => confirmed(&customer, phone, failure).await,
            Err(failure) if is_unanswered(&failure) => MigrationFact::CodeSent(Some("move.code_maybe_sent")),
            Err(failure) if is_refused_without_reason(&failure) => {
                MigrationFact::CodeRefused(Failure::new(Class::Later, "graph.2388091"))
            }
            Err(failure) => MigrationFact::CodeRefused(failure),
        };
        self.note(migration, fact, None).await.map(|()| true)
    }

    /// Verifies the number with a code. Counted before the call is made; if the answer is lost, the number is read.
    /// `false` when the limit is reached.
    ///
    /// # Errors
    /// [`MigrationError`] when the infrastructure fails; the sweeper then has the outcome determined.
    pub async fn enter_code(
        &self,
        migration: &Migration,
        phone: &VerifiedPhone,
        code: &Secret,
        operation: &Operation,
    ) -> Result<bool, MigrationError> {
        let Found::Connected(target) = self.target(&migration.onboarding).await? else {
            let refused = MigrationFact::EntryRefused(not_connected());
            return self.note(migration, refused, Some(operation)).await.map(|()| true);
        };
        if self.store.count_code(&migration.id, &MigrationFact::CodeEntered, operation, clock::now()).await?.is_none() {
            return Ok(false);
        }
        let customer = Customer { graph: &self.graph, token: &target.token };
        let fact = match customer.call(&VerifyCode { phone, code }).await {
            Ok(_) => MigrationFact::Verified,
            Err(failure) if failure.code == VERIFIED_ALREADY => confirmed(&customer, phone, failure).await,
            Err(failure) if is_unanswered(&failure) => node::entered(&customer, phone).await,
            Err(failure) if is_refused_without_reason(&failure) => {
                MigrationFact::EntryRefused(Failure::new(Class::Later, "graph.2388093"))
            }
            Err(failure) => MigrationFact::EntryRefused(failure),
        };
        self.note(migration, fact, None).await.map(|()| true)
    }
}

/// Meta uses the same code for "already verified" and for any rejected code, so the number itself is read.
async fn confirmed(customer: &Customer<'_>, phone: &VerifiedPhone, failure: Failure) -> MigrationFact {
    match node::read(customer, phone.id()).await {
        Ok(read) if read.is_verified() => MigrationFact::Verified,
        _ => MigrationFact::CodeRefused(failure),
    }
}

/// Whether Meta may have carried out the request without answering it.
fn is_unanswered(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "graph.unreachable" | "graph.unreadable" | "graph.1" | "graph.2")
}
