//! `CreditQueue`: shares and revokes the credit line (the steps that cost money), and requests tokens from Meta for
//! signups whose code was lost. The only function that reads the system token.

use lambda_runtime::LambdaEvent;
use shared::batch::{BatchResponse, SqsEvent};
use shared::config::{Lookup, StartError};
use shared::domain::ids::{BusinessId, CreditLineId};
use shared::perform::CreditSharing;
use shared::queue::Job;
use shared::run::{WorkError, Worker, WorkerDeps};
use shared::wiring::Wiring;

/// Currencies in which Meta shares a credit line ("Share and revoke credit lines").
const CURRENCIES: [&str; 6] = ["AUD", "EUR", "GBP", "IDR", "INR", "USD"];

/// Builds the worker from its configuration. Without a configured credit line, the portfolio's
/// only one is shared.
///
/// # Errors
/// [`StartError`] with all problems.
pub fn worker(lookup: &Lookup<'_>) -> Result<Worker<CreditSharing>, StartError> {
    let mut wiring = Wiring::new(lookup)?;
    let (deps, graph, vault) = (wiring.worker(), wiring.graph()?, wiring.vault());
    let system_token = wiring.platform_secret("SYSTEM_TOKEN_ARN");
    let line = wiring.optional("CREDIT_LINE_ID", |text| CreditLineId::parse(text).ok());
    let business = wiring.optional("META_BUSINESS_ID", |text| BusinessId::parse(text).ok());
    let known = |text: &str| CURRENCIES.contains(&text).then(|| text.to_owned());
    let currency = wiring.parsed("CREDIT_CURRENCY", known);
    wiring.finish(|| {
        let (deps, graph, currency) = (deps?, graph?, currency?);
        let WorkerDeps { store, publisher, role, .. } = deps.clone();
        let performer = CreditSharing { graph, system_token, business, role, line, currency, store, vault, publisher };
        Some(Worker::new(performer, deps))
    })
}

/// Handles a batch of jobs.
pub async fn handle(worker: &Worker<CreditSharing>, event: &LambdaEvent<SqsEvent>) -> BatchResponse {
    let handle = async |worker: &Worker<CreditSharing>, job, deadline| match job {
        Job::Onboarding { id } => worker.work(&id, deadline).await,
        Job::Doctor => worker.run_doctor().await,
        Job::Announced { .. }
        | Job::Migration { .. }
        | Job::Templates { .. }
        | Job::Parked { .. }
        | Job::Message { .. } => Err(WorkError::UnknownJob),
    };
    worker.each(event, handle).await
}
