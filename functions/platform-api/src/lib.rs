//! `/v1/*` behind the JWT authorizer: sessions for new customers, onboardings for operators.

mod access;
mod assign;
mod console;
mod dead_letters;
mod dispatch;
mod doctor;
mod funnel;
mod limits;
mod links;
mod messages;
mod migrations;
mod onboardings;
mod once;
mod overrides;
mod prefill;
mod reception;
mod routes;
mod sessions;
mod templates;
mod timeline;
mod views;

use access::Access;
use console::Login;
use dead_letters::DeadLetters;
use doctor::Doctor;
pub use routes::{ROUTES, Route, Scope};
use shared::aws::{AwsConfig, OPERATION};
use shared::config::{Lookup, Problems, StartError, parse_base, parse_origins, parse_retry_delay};
use shared::deadline::Deadline;
use shared::domain::limit::OnboardingLimit;
use shared::domain::session::Role;
use shared::events::Publisher;
use shared::graph::client::GraphClient;
use shared::http::problem::Problem;
use shared::perform::messages::Sender;
use shared::perform::migration::Migrator;
use shared::queue::Queue;
use shared::secrets::{PlatformSecret, Vault};
use shared::store::Store;
use shared::tls::Tls;
use shared::transport::Transport;
use std::ops::RangeInclusive;
use std::time::Duration;
use url::Url;

/// State of the function between invocations.
#[derive(Clone)]
pub struct App {
    store: Store,
    jobs: Queue,
    /// Public base URL of the signup page when it has its own domain.
    signup_base: Option<Url>,
    session_life: Duration,
    /// Verify tokens of callback overrides, and customers' tokens.
    vault: Vault,
    graph: GraphClient,
    /// Sends messages and follows up on them.
    sender: Sender,
    /// Migrates numbers to this platform.
    mover: Migrator,
    /// The queue for jobs that read an account's templates.
    polls: Queue,
    publisher: Publisher,
    limit: OnboardingLimit,
    /// How long a customer may leave its business information incomplete.
    business_info: Duration,
    doctor: Doctor,
    dead_letters: Vec<DeadLetters>,
    /// Where operators log in to the console, if there is one.
    login: Option<Login>,
    /// Origins that a callback override may use besides public addresses.
    override_origins: Vec<String>,
    /// The scope names and permissions of callers.
    access: Access,
}

/// The API description in OpenAPI 3.1.
pub const OPENAPI: &str = include_str!("../openapi.json");

/// JSON Schema of the events on the platform's queue, with one alternative per event type.
pub const EVENT_SCHEMA: &str = include_str!("../events/schema.json");

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let tls = Tls::new()?;
        let transport = Transport::new(&tls)?;
        let mut problems = Problems::default();
        let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
        let own_domain = lookup("SIGNUP_BASE_URL").filter(|base| !base.is_empty());
        let signup_base = own_domain.and_then(|_| problems.parsed(lookup, "SIGNUP_BASE_URL", parse_base));
        let minutes = problems.parsed(lookup, "SESSION_MINUTES", within(5..=1440));
        let limit = problems.parsed(lookup, "ONBOARDING_LIMIT", OnboardingLimit::parse);
        let days = problems.parsed(lookup, "BUSINESS_INFO_DAYS", within(1..=365));
        let doctor = doctor(lookup, &mut problems, &aws, &transport);
        let polls = Queue::new(&aws, &problems.required(lookup, "TEMPLATE_QUEUE_URL"));
        let events = Queue::new(&aws, &problems.required(lookup, "PLATFORM_EVENTS_QUEUE_URL"));
        let publisher = Publisher::new(events, &problems.required(lookup, "EVENT_SOURCE"));
        let sender = sender(lookup, &mut problems, &aws, transport);
        let operations = operations(lookup, &mut problems, &aws).zip(overrides::read_origins(lookup, &mut problems));
        let parsed = sender.zip(minutes).zip(limit.zip(days)).zip(doctor).zip(operations);
        let ((((sender, minutes), (limit, days)), doctor), (operations, override_origins)) = problems.finish(parsed)?;
        let (dead_letters, login, access) = operations;
        Ok(Self {
            mover: mover(&sender, &publisher),
            store: sender.store.clone(),
            jobs: sender.steps.clone(),
            signup_base,
            session_life: Duration::from_secs(minutes * 60),
            vault: sender.vault.clone(),
            graph: sender.graph.clone(),
            sender,
            polls,
            publisher,
            limit,
            business_info: Duration::from_secs(days * 24 * 3600),
            doctor,
            dead_letters,
            login,
            override_origins,
            access,
        })
    }

    /// The same with calls to Meta that leave the time of one save.
    fn until(&self, deadline: Deadline) -> Self {
        let until = deadline.less(OPERATION);
        let (sender, mover) = (self.sender.until(until), self.mover.until(until));
        Self { graph: self.graph.until(until), sender, mover, ..self.clone() }
    }
}

/// Parses a whole number within a range.
fn within(range: RangeInclusive<u64>) -> impl Fn(&str) -> Option<u64> {
    move |text| text.parse().ok().filter(|number| range.contains(number))
}

/// Dead-letter queues, the console's login, and permissions.
fn operations(
    lookup: &Lookup<'_>,
    problems: &mut Problems,
    aws: &AwsConfig,
) -> Option<(Vec<DeadLetters>, Option<Login>, Access)> {
    let dead_letters = dead_letters::read(lookup, problems, aws);
    let (login, access) = (console::read(lookup, problems), access::read(lookup, problems));
    Some((dead_letters?, login?, access?))
}

fn mover(sender: &Sender, publisher: &Publisher) -> Migrator {
    let Sender { store, vault, graph, steps, .. } = sender.clone();
    Migrator { store, vault, graph, jobs: steps, publisher: publisher.clone() }
}

fn sender(lookup: &Lookup<'_>, problems: &mut Problems, aws: &AwsConfig, transport: Transport) -> Option<Sender> {
    let store = Store::new(aws, &problems.required(lookup, "TABLE_NAME"));
    let steps = Queue::new(aws, &problems.required(lookup, "ONBOARDING_QUEUE_URL"));
    let vault = Vault::new(aws, &problems.required(lookup, "SECRET_PREFIX"));
    let app_secret = PlatformSecret::new(aws, &problems.required(lookup, "APP_SECRET_ARN"));
    let retries = Queue::new(aws, &problems.required(lookup, "MESSAGE_RETRY_QUEUE_URL"));
    let delay = problems.parsed(lookup, "MESSAGE_RETRY_DELAY_SECONDS", parse_retry_delay);
    let graph = shared::graph::from_lookup(lookup, problems).zip(delay);
    graph.map(|(graph, delay)| Sender {
        store,
        vault,
        graph: GraphClient::new(transport, graph, app_secret),
        retries,
        steps,
        delay,
    })
}

fn doctor(lookup: &Lookup<'_>, problems: &mut Problems, aws: &AwsConfig, transport: &Transport) -> Option<Doctor> {
    let credit = Queue::new(aws, &problems.required(lookup, "CREDIT_QUEUE_URL"));
    let role = problems.parsed(lookup, "ROLE", Role::parse);
    let webhook = problems.parsed(lookup, "WEBHOOK_URL", parse_base);
    let origins = problems.parsed(lookup, "ALLOWED_ORIGINS", parse_origins);
    let transport = transport.clone();
    Some(Doctor { role: role?, webhook: webhook?, origins: origins?, credit, transport })
}

/// Stable code of what the table did not answer in time.
const TABLE_UNAVAILABLE: &str = "table.unavailable";

/// Logs what is left out of an answer.
fn unread<E: std::error::Error>(error: &E) {
    tracing::warn!(error = shared::telemetry::chain(error), "a part of an answer could not be read");
}

fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = shared::telemetry::chain(error), "dependency unavailable");
    Problem::unavailable()
}
