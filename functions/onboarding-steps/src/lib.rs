//! `OnboardingQueue`: performs the steps that need a customer's token, and determines the outcome of exchanges whose
//! process crashed.

use lambda_runtime::LambdaEvent;
use shared::batch::{BatchResponse, SqsEvent};
use shared::config::{Lookup, StartError};
use shared::domain::limit::OnboardingLimit;
use shared::perform::OnboardingSteps;
use shared::perform::migration::Migrator;
use shared::queue::Job;
use shared::run::{WorkError, Worker, WorkerDeps};
use shared::wiring::Wiring;

/// The worker, from its configuration.
///
/// # Errors
/// [`StartError`] with everything that is wrong.
pub fn worker(lookup: &Lookup<'_>) -> Result<Worker<OnboardingSteps>, StartError> {
    let mut wiring = Wiring::new(lookup)?;
    let (deps, graph, vault) = (wiring.worker(), wiring.graph()?, wiring.vault());
    let limit = wiring.parsed("ONBOARDING_LIMIT", OnboardingLimit::parse);
    wiring.finish(|| {
        let (deps, graph, limit) = (deps?, graph?, limit?);
        let WorkerDeps { store, publisher, steps, .. } = deps.clone();
        let migrator = Migrator {
            store: store.clone(),
            vault: vault.clone(),
            graph: graph.clone(),
            jobs: steps,
            publisher: publisher.clone(),
        };
        Some(Worker::new(OnboardingSteps { graph, vault, migrator, limit, store, publisher }, deps))
    })
}

/// Handles a batch of jobs.
pub async fn handle(worker: &Worker<OnboardingSteps>, event: &LambdaEvent<SqsEvent>) -> BatchResponse {
    let handle = async |worker: &Worker<OnboardingSteps>, job, deadline| match job {
        Job::Onboarding { id } => worker.work(&id, deadline).await,
        Job::Announced { waba } => worker.begin_announced(&waba, deadline).await,
        Job::Migration { id } => worker.migrate_number(&id, deadline).await,
        Job::Doctor | Job::Templates { .. } | Job::Parked { .. } | Job::Message { .. } => Err(WorkError::UnknownJob),
    };
    worker.each(event, handle).await
}
