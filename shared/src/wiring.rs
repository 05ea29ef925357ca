//! What functions consist of, built from their environment variables. Problems are collected, so that a failed start names
//! all of them.

use crate::aws::AwsConfig;
use crate::client_limit::ClientLimit;
use crate::config::{Lookup, Problems, StartError, parse_retry_delay};
use crate::domain::session::Role;
use crate::events::Publisher;
use crate::graph::client::GraphClient;
use crate::perform::messages::Sender;
use crate::queue::Queue;
use crate::run::WorkerDeps;
use crate::secrets::{PlatformSecret, Vault};
use crate::store::Store;
use crate::tls::Tls;
use crate::transport::Transport;

/// Builds the parts of one function. A part whose variable is missing is built nevertheless: [`Wiring::finish`] then
/// refuses to hand anything out.
pub struct Wiring<'a> {
    lookup: &'a Lookup<'a>,
    problems: Problems,
    tls: Tls,
    aws: AwsConfig,
}

impl<'a> Wiring<'a> {
    /// Reads the region, the credentials and the endpoints of AWS.
    ///
    /// # Errors
    /// [`StartError::Tls`] when TLS is unusable.
    pub fn new(lookup: &'a Lookup<'a>) -> Result<Self, StartError> {
        let tls = Tls::new()?;
        let mut problems = Problems::default();
        let aws = AwsConfig::from_lookup(lookup, &mut problems, &tls);
        Ok(Self { lookup, problems, tls, aws })
    }

    /// Region, credentials and endpoints of AWS.
    #[must_use]
    pub fn aws(&self) -> AwsConfig {
        self.aws.clone()
    }

    /// The table, from `TABLE_NAME`.
    pub fn store(&mut self) -> Store {
        Store::new(&self.aws, &self.problems.required(self.lookup, "TABLE_NAME"))
    }

    /// A queue, from the variable that holds its URL.
    pub fn queue(&mut self, variable: &str) -> Queue {
        Queue::new(&self.aws, &self.problems.required(self.lookup, variable))
    }

    /// A secret of the platform, from the variable that holds its ARN.
    pub fn platform_secret(&mut self, variable: &str) -> PlatformSecret {
        PlatformSecret::new(&self.aws, &self.problems.required(self.lookup, variable))
    }

    /// The customers' secrets, from `SECRET_PREFIX`.
    pub fn vault(&mut self) -> Vault {
        Vault::new(&self.aws, &self.problems.required(self.lookup, "SECRET_PREFIX"))
    }

    /// The platform's events, from `PLATFORM_EVENTS_QUEUE_URL` and `EVENT_SOURCE`.
    pub fn publisher(&mut self) -> Publisher {
        let events = Queue::new(&self.aws, &self.problems.required(self.lookup, "PLATFORM_EVENTS_QUEUE_URL"));
        Publisher::new(events, &self.problems.required(self.lookup, "EVENT_SOURCE"))
    }

    /// The HTTPS client for Meta.
    ///
    /// # Errors
    /// [`StartError::Tls`] when the client does not accept the TLS configuration.
    pub fn transport(&self) -> Result<Transport, StartError> {
        Ok(Transport::new(&self.tls)?)
    }

    /// Meta's Graph API, from `GRAPH_API_BASE`, `GRAPH_API_VERSION`, `META_APP_ID` and `APP_SECRET_ARN`.
    ///
    /// # Errors
    /// [`StartError::Tls`] when the client does not accept the TLS configuration.
    pub fn graph(&mut self) -> Result<Option<GraphClient>, StartError> {
        let transport = self.transport()?;
        let secret = PlatformSecret::new(&self.aws, &self.problems.required(self.lookup, "APP_SECRET_ARN"));
        let config = crate::graph::from_lookup(self.lookup, &mut self.problems);
        Ok(config.map(|config| GraphClient::new(transport, config, secret)))
    }

    /// The limit per client, from `ATTEMPTS_PER_CLIENT`.
    pub fn client_limit(&mut self, store: &Store) -> Option<ClientLimit> {
        ClientLimit::from_lookup(self.lookup, &mut self.problems, store)
    }

    /// What every worker has, from `ONBOARDING_QUEUE_URL`, `CREDIT_QUEUE_URL`, `ROLE` and the variables of its parts.
    pub fn worker(&mut self) -> Option<WorkerDeps> {
        let (store, publisher) = (self.store(), self.publisher());
        let (steps, credit) = (self.queue("ONBOARDING_QUEUE_URL"), self.queue("CREDIT_QUEUE_URL"));
        Some(WorkerDeps { store, publisher, steps, credit, role: self.role()? })
    }

    /// What sends messages, from `ONBOARDING_QUEUE_URL`, `MESSAGE_RETRY_QUEUE_URL`, `MESSAGE_RETRY_DELAY_SECONDS` and the
    /// variables of its parts.
    ///
    /// # Errors
    /// [`StartError::Tls`] when the client does not accept the TLS configuration.
    pub fn sender(&mut self) -> Result<Option<Sender>, StartError> {
        let (store, vault, graph) = (self.store(), self.vault(), self.graph()?);
        let (steps, retries) = (self.queue("ONBOARDING_QUEUE_URL"), self.queue("MESSAGE_RETRY_QUEUE_URL"));
        let delay = self.parsed("MESSAGE_RETRY_DELAY_SECONDS", parse_retry_delay);
        Ok(graph.zip(delay).map(|(graph, delay)| Sender { store, vault, graph, retries, steps, delay }))
    }

    /// The platform's role at Meta, from `ROLE`.
    pub fn role(&mut self) -> Option<Role> {
        self.problems.parsed(self.lookup, "ROLE", Role::parse)
    }

    /// The value of a required variable.
    pub fn required(&mut self, variable: &str) -> String {
        self.problems.required(self.lookup, variable)
    }

    /// The value of a required variable, parsed.
    pub fn parsed<T>(&mut self, variable: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        self.problems.parsed(self.lookup, variable, parse)
    }

    /// The value of a variable that may be absent or empty, parsed. A value that cannot be parsed is a problem.
    pub fn optional<T>(&mut self, variable: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        (self.lookup)(variable).filter(|value| !value.is_empty())?;
        self.problems.parsed(self.lookup, variable, parse)
    }

    /// As [`Wiring::optional`], with a value for an absent or empty variable; `None` only for one that cannot be parsed.
    pub fn optional_or<T>(&mut self, variable: &str, or: T, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        match (self.lookup)(variable).filter(|value| !value.is_empty()) {
            None => Some(or),
            Some(_) => self.parsed(variable, parse),
        }
    }

    /// What `build` makes of the parts, if there are no problems. A part that could not be parsed is `None`, so `build`
    /// takes each out with `?`.
    ///
    /// # Errors
    /// [`StartError::Config`] that lists every problem.
    pub fn finish<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, StartError> {
        Ok(self.problems.finish(build())?)
    }
}
