//! `OnboardingQueue`: performs the steps that need a customer's token, and determines the outcome of exchanges whose
//! process crashed.

use shared::aws::AwsConfig;
use shared::config::{Lookup, Problems, StartError};
use shared::domain::limit::OnboardingLimit;
use shared::graph::client::GraphClient;
use shared::perform::OnboardingSteps;
use shared::perform::migration::Migrator;
use shared::run::{Worker, WorkerDeps};
use shared::secrets::{PlatformSecret, Vault};
use shared::tls::Tls;
use shared::transport::Transport;

/// Builds the worker from its configuration.
///
/// # Errors
/// [`StartError`] with all problems.
pub fn worker(lookup: &Lookup<'_>) -> Result<Worker<OnboardingSteps>, StartError> {
    let tls = Tls::new()?;
    let transport = Transport::new(&tls)?;
    let mut problems = Problems::default();
    let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
    let deps = WorkerDeps::from_lookup(lookup, &mut problems, &aws);
    let vault = Vault::new(&aws, &problems.required(lookup, "SECRET_PREFIX"));
    let app_secret = PlatformSecret::new(&aws, &problems.required(lookup, "APP_SECRET_ARN"));
    let limit = problems.parsed(lookup, "ONBOARDING_LIMIT", OnboardingLimit::parse);
    let parsed = shared::graph::from_lookup(lookup, &mut problems).zip(limit);
    let (graph, limit) = problems.finish(parsed)?;
    let graph = GraphClient::new(transport, graph, app_secret);
    let mover = Migrator {
        store: deps.store.clone(),
        vault: vault.clone(),
        graph: graph.clone(),
        jobs: deps.steps.clone(),
        publisher: deps.publisher.clone(),
    };
    let performer =
        OnboardingSteps { graph, vault, mover, limit, store: deps.store.clone(), publisher: deps.publisher.clone() };
    Ok(Worker::new(performer, deps))
}
