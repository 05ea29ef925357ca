//! `CreditQueue`: shares and revokes the credit line (the steps that cost money), and requests tokens from Meta for
//! signups whose code was lost. The only function that reads the system token.

use shared::aws::AwsConfig;
use shared::config::{Lookup, Problems, StartError};
use shared::domain::ids::{BusinessId, CreditLineId};
use shared::graph::client::GraphClient;
use shared::perform::CreditSharing;
use shared::run::{Worker, WorkerDeps};
use shared::secrets::{PlatformSecret, Vault};
use shared::tls::Tls;
use shared::transport::Transport;

/// Currencies in which Meta shares a credit line ("Share and revoke credit lines").
const CURRENCIES: [&str; 6] = ["AUD", "EUR", "GBP", "IDR", "INR", "USD"];

/// Builds the worker from its configuration. A deployment that shares no credit configures no line.
///
/// # Errors
/// [`StartError`] with all problems.
pub fn worker(lookup: &Lookup<'_>) -> Result<Worker<CreditSharing>, StartError> {
    let tls = Tls::new()?;
    let transport = Transport::new(&tls)?;
    let mut problems = Problems::default();
    let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
    let deps = WorkerDeps::from_lookup(lookup, &mut problems, &aws);
    let app_secret = PlatformSecret::new(&aws, &problems.required(lookup, "APP_SECRET_ARN"));
    let system_token = PlatformSecret::new(&aws, &problems.required(lookup, "SYSTEM_TOKEN_ARN"));
    let vault = Vault::new(&aws, &problems.required(lookup, "SECRET_PREFIX"));
    let line = lookup("CREDIT_LINE_ID").filter(|line| !line.is_empty());
    let line = line.and_then(|_| problems.parsed(lookup, "CREDIT_LINE_ID", |text| CreditLineId::parse(text).ok()));
    let business = lookup("META_BUSINESS_ID").filter(|business| !business.is_empty());
    let business =
        business.and_then(|_| problems.parsed(lookup, "META_BUSINESS_ID", |text| BusinessId::parse(text).ok()));
    let known = |text: &str| CURRENCIES.contains(&text).then(|| text.to_owned());
    let currency = problems.parsed(lookup, "CREDIT_CURRENCY", known);
    let parsed = shared::graph::from_lookup(lookup, &mut problems).zip(currency);
    let (graph, currency) = problems.finish(parsed)?;
    let graph = GraphClient::new(transport, graph, app_secret);
    let (store, publisher) = (deps.store.clone(), deps.publisher.clone());
    let performer = CreditSharing { graph, system_token, business, line, currency, store, vault, publisher };
    Ok(Worker::new(performer, deps))
}
