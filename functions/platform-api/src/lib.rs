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
use shared::aws::OPERATION;
use shared::config::{Lookup, StartError, parse_base, parse_origins};
use shared::deadline::Deadline;
use shared::domain::limit::OnboardingLimit;
use shared::events::Publisher;
use shared::graph::client::GraphClient;
use shared::http::problem::Problem;
use shared::perform::messages::Sender;
use shared::perform::migration::Migrator;
use shared::queue::Queue;
use shared::secrets::Vault;
use shared::store::Store;
use shared::wiring::Wiring;
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
    migrator: Migrator,
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
        let mut wiring = Wiring::new(lookup)?;
        let signup_base = wiring.optional("SIGNUP_BASE_URL", parse_base);
        let minutes = wiring.parsed("SESSION_MINUTES", within(5..=1440));
        let limit = wiring.parsed("ONBOARDING_LIMIT", OnboardingLimit::parse);
        let days = wiring.parsed("BUSINESS_INFO_DAYS", within(1..=365));
        let (doctor, polls) = (doctor(&mut wiring)?, wiring.queue("TEMPLATE_QUEUE_URL"));
        let (sender, publisher) = (wiring.sender()?, wiring.publisher());
        let (dead_letters, override_origins) = (dead_letters::read(&mut wiring), overrides::read_origins(&mut wiring));
        let (login, access) = (console::read(&mut wiring), access::read(&mut wiring));
        wiring.finish(|| {
            let sender = sender?;
            Some(Self {
                migrator: migrator(&sender, &publisher),
                store: sender.store.clone(),
                jobs: sender.steps.clone(),
                signup_base,
                session_life: Duration::from_secs(minutes? * 60),
                vault: sender.vault.clone(),
                graph: sender.graph.clone(),
                sender,
                polls,
                publisher,
                limit: limit?,
                business_info: Duration::from_secs(days? * 24 * 3600),
                doctor: doctor?,
                dead_letters: dead_letters?,
                login: login?,
                override_origins: override_origins?,
                access: access?,
            })
        })
    }

    /// The same, with calls to Meta that leave enough time before `deadline` for one save.
    fn until(&self, deadline: Deadline) -> Self {
        let until = deadline.less(OPERATION);
        let (sender, migrator) = (self.sender.until(until), self.migrator.until(until));
        Self { graph: self.graph.until(until), sender, migrator, ..self.clone() }
    }
}

/// Parses a whole number within a range.
fn within(range: RangeInclusive<u64>) -> impl Fn(&str) -> Option<u64> {
    move |text| text.parse().ok().filter(|number| range.contains(number))
}

fn migrator(sender: &Sender, publisher: &Publisher) -> Migrator {
    let Sender { store, vault, graph, steps, .. } = sender.clone();
    Migrator { store, vault, graph, jobs: steps, publisher: publisher.clone() }
}

fn doctor(wiring: &mut Wiring<'_>) -> Result<Option<Doctor>, StartError> {
    let (credit, role, transport) = (wiring.queue("CREDIT_QUEUE_URL"), wiring.role(), wiring.transport()?);
    let webhook = wiring.parsed("WEBHOOK_URL", parse_base);
    let origins = wiring.parsed("ALLOWED_ORIGINS", parse_origins);
    let verify_token = wiring.platform_secret("VERIFY_TOKEN_ARN");
    let build = || Some(Doctor { role: role?, webhook: webhook?, verify_token, origins: origins?, credit, transport });
    Ok(build())
}

/// Stable code of data that the table did not return in time.
const TABLE_UNAVAILABLE: &str = "table.unavailable";

/// Logs the error of a part that is left out of a response.
fn unread<E: std::error::Error>(error: &E) {
    tracing::warn!(error = shared::telemetry::chain(error), "part of a response could not be read");
}

fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = shared::telemetry::chain(error), "dependency unavailable");
    Problem::unavailable()
}
