//! The code by which the owner of a number proves to have it.

use super::{Found, MoveError, Mover, node, not_connected};
use crate::clock;
use crate::domain::failure::{Class, Failure};
use crate::domain::grant::VerifiedPhone;
use crate::domain::moving::{Move, MoveEvent};
use crate::domain::operation::Operation;
use crate::graph::calls::moving::{CodeMethod, RequestCode, VerifyCode};
use crate::perform::Customer;
use crate::secret::Secret;

/// Meta says that the number is verified already.
const VERIFIED_ALREADY: &str = "graph.136024";

impl Mover {
    /// Has Meta send a code. Counted before the call is made; `false` when no more may be asked for now.
    ///
    /// # Errors
    /// [`MoveError`] when the infrastructure fails; the code may be on its way.
    pub async fn ask_code(
        &self,
        moving: &Move,
        phone: &VerifiedPhone,
        method: CodeMethod,
        language: &str,
        operation: &Operation,
    ) -> Result<bool, MoveError> {
        let Found::Connected(target) = self.target(&moving.onboarding).await? else {
            let refused = MoveEvent::CodeRefused(not_connected());
            return self.note(moving, refused, Some(operation)).await.map(|()| true);
        };
        if self.store.count_code(&moving.id, &MoveEvent::CodeAsked, operation, clock::now()).await?.is_none() {
            return Ok(false);
        }
        let customer = Customer { graph: &self.graph, token: &target.token };
        let fact = match customer.call(&RequestCode { phone, method, language }).await {
            Ok(reply) if reply.success => MoveEvent::CodeSent(None),
            Err(failure) if failure.code == VERIFIED_ALREADY => confirmed(&customer, phone, failure).await,
            Err(failure) if is_unanswered(&failure) => MoveEvent::CodeSent(Some("move.code_maybe_sent")),
            Err(failure) => MoveEvent::CodeRefused(failure),
            Ok(_) => MoveEvent::CodeRefused(Failure::new(Class::Later, "graph.2388091")),
        };
        self.note(moving, fact, None).await.map(|()| true)
    }

    /// Proves the number with a code. Counted before the call is made; an answer that is lost is looked for. `false` when no
    /// more may be entered now.
    ///
    /// # Errors
    /// [`MoveError`] when the infrastructure fails; the sweeper then finds out what became of it.
    pub async fn enter_code(
        &self,
        moving: &Move,
        phone: &VerifiedPhone,
        code: &Secret,
        operation: &Operation,
    ) -> Result<bool, MoveError> {
        let Found::Connected(target) = self.target(&moving.onboarding).await? else {
            let refused = MoveEvent::EntryRefused(not_connected());
            return self.note(moving, refused, Some(operation)).await.map(|()| true);
        };
        if self.store.count_code(&moving.id, &MoveEvent::CodeEntered, operation, clock::now()).await?.is_none() {
            return Ok(false);
        }
        let customer = Customer { graph: &self.graph, token: &target.token };
        let fact = match customer.call(&VerifyCode { phone, code }).await {
            Ok(reply) if reply.success => MoveEvent::Verified,
            Err(failure) if failure.code == VERIFIED_ALREADY => confirmed(&customer, phone, failure).await,
            Err(failure) if is_unanswered(&failure) => node::entered(&customer, phone).await,
            Err(failure) => MoveEvent::EntryRefused(failure),
            Ok(_) => MoveEvent::EntryRefused(Failure::new(Class::Later, "graph.2388093")),
        };
        self.note(moving, fact, None).await.map(|()| true)
    }
}

/// Meta's word for "verified already" is also its word for any refusal of a code: the number itself is asked.
async fn confirmed(customer: &Customer<'_>, phone: &VerifiedPhone, failure: Failure) -> MoveEvent {
    match node::read(customer, phone.id()).await {
        Ok(read) if read.is_verified() => MoveEvent::Verified,
        _ => MoveEvent::CodeRefused(failure),
    }
}

/// Whether Meta may have done what it did not answer.
fn is_unanswered(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "graph.unreachable" | "graph.unreadable" | "graph.1" | "graph.2")
}
