//! A running stack.

mod settings;

use crate::binaries::{BuildError, build_functions};
use crate::client::{Client, ClientError};
use crate::control::Control;
use crate::cors::Cors;
use crate::endpoints::{AwsEndpoints, Endpoints};
use crate::functions::{Functions, Making};
use crate::gateway::Gateway;
use crate::issuer::{Issuer, IssuerError};
use crate::listeners::Listeners;
use crate::options::StackOptions;
use crate::persistence::Snapshot;
use crate::physical::{self, REGION};
use crate::resources;
use crate::runtime::{Function, FunctionCounts, LogLine, Logs};
use crate::schedule::Schedule;
use crate::services::{Addresses, Services, serve};
use crate::template::{Resolver, Template, TemplateError, object, unknown};
use crate::{authorizer::Authorizer, function_url};
use aws_emulator::{SecretsManager, Sqs};
use graph_simulator::Simulator;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Life of the platform token.
const TOKEN_LIFE: Duration = Duration::from_secs(12 * 3600);

/// Why a stack did not start, or could not keep its state.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The template.
    #[error("template: {0}")]
    Template(#[from] TemplateError),
    /// The functions could not be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// An address could not be bound or read.
    #[error("listen: {0}")]
    Listen(#[from] std::io::Error),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The state kept between runs.
    #[error("keep state: {source}")]
    Data {
        /// Why.
        source: std::io::Error,
    },
    /// The identity provider.
    #[error("issuer: {0}")]
    Issuer(String),
    /// A service refused what the template asks for.
    #[error("{place}: {reason}")]
    Service {
        /// Logical id or service.
        place: String,
        /// What it said.
        reason: String,
    },
}

impl StackError {
    pub(crate) fn service(place: &str, error: &(impl std::fmt::Display + ?Sized)) -> Self {
        Self::Service {
            place: place.to_owned(),
            reason: error.to_string(),
        }
    }
}

impl From<IssuerError> for StackError {
    fn from(error: IssuerError) -> Self {
        Self::Issuer(error.to_string())
    }
}

/// Everything of the template, running.
pub struct Stack {
    endpoints: Endpoints,
    services: Services,
    snapshot: Option<Snapshot>,
    functions: Arc<BTreeMap<String, Arc<Function>>>,
    schedules: Arc<BTreeMap<String, Schedule>>,
    switches: BTreeMap<String, watch::Sender<bool>>,
    logs: Arc<Logs>,
    simulator: Option<Simulator>,
    tasks: TaskTracker,
    ended: CancellationToken,
}

impl Stack {
    /// Starts everything; when this returns, every address answers.
    ///
    /// # Errors
    /// [`StackError`]; nothing is left running then.
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        let mut template = Template::read(&options.template)?;
        let binaries = match &options.binaries {
            Some(binaries) => binaries.clone(),
            None => build_functions(&options.template, options.profile).await?,
        };
        let listeners = Listeners::bind(options.port).await?;
        let mut at = Addresses::of(&listeners)?;
        if let Some(url) = &options.graph_url {
            url.clone_into(&mut at.graph);
        }
        let issuer = Issuer::new(&at.control)?;
        let parameters = template.parameters(&settings::parameters(&options, &at))?;
        let services = Services::open(options.data.as_deref())?;
        let snapshot = options.data.as_deref().map(Snapshot::new);
        if let Some(snapshot) = &snapshot {
            snapshot.restore(&services)?;
        }
        services.sqs.set_endpoint(&at.sqs);
        let audience = parameters
            .get("JwtAudience")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let mut resolver = physical::register(&template, parameters, &at);
        template.decide(&resolver)?;
        let secrets = resources::secrets(&template, &mut resolver, &services.secrets, &options.meta)?;
        let queues = resources::queues(&template, &resolver, &services.sqs)?;
        let table = resources::table(&template, &resolver, &services.database)?;
        let logs = Arc::new(Logs::new(options.capture_logs));
        let variables = settings::variables(&options, &at);
        let making = Making {
            binaries: &binaries,
            variables: &variables,
            logs: &logs,
            sqs: &services.sqs,
        };
        let functions = Functions::read(&template, &resolver, &making)?;
        let endpoints = Endpoints {
            api: at.api.clone(),
            webhook: format!("{}/", at.webhook),
            graph: at.graph.clone(),
            aws: AwsEndpoints {
                dynamodb: at.dynamodb.clone(),
                sqs: at.sqs.clone(),
                secretsmanager: at.secretsmanager.clone(),
            },
            region: REGION.to_owned(),
            table,
            queues,
            secrets,
            platform_token: issuer.token(&audience, TOKEN_LIFE)?,
            meta: options.meta.clone(),
            control: at.control.clone(),
        };
        let gateway = gateway(&template, &resolver)?;
        let opening = Opening {
            options,
            endpoints,
            services,
            snapshot,
            logs,
            listeners,
            issuer,
        };
        opening.open(gateway, functions).await
    }

    /// Where everything is.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The queues, in process.
    #[must_use]
    pub fn sqs(&self) -> &Sqs {
        &self.services.sqs
    }

    /// The secrets, in process.
    #[must_use]
    pub fn secrets(&self) -> &SecretsManager {
        &self.services.secrets
    }

    /// What the functions wrote, when logs are captured.
    #[must_use]
    pub fn logs(&self) -> Vec<LogLine> {
        self.logs.lines()
    }

    /// What each function did so far, by logical id.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, FunctionCounts> {
        self.functions
            .iter()
            .map(|(id, function)| (id.clone(), function.counts()))
            .collect()
    }

    /// Kills every environment of a function, busy ones in the middle of what they do. Returns how many.
    pub fn kill(&self, function: &str) -> usize {
        self.functions.get(function).map_or(0, |function| function.kill())
    }

    /// Disables or enables the mapping of a queue, by the queue's logical id. Says whether there is one.
    pub fn set_mapping(&self, queue: &str, enabled: bool) -> bool {
        self.switches.get(queue).is_some_and(|switch| {
            switch.send_replace(enabled);
            true
        })
    }

    /// Fires a schedule now, by logical id of the function and name of the event, and waits for the function's result.
    ///
    /// # Errors
    /// [`StackError::Service`]: no such schedule, or the function failed.
    pub async fn fire(&self, function: &str, event: &str) -> Result<Value, StackError> {
        let place = format!("{function}/{event}");
        let schedule = self
            .schedules
            .get(&place)
            .ok_or_else(|| StackError::service(&place, "no such schedule"))?;
        let result = schedule
            .fire()
            .await
            .map_err(|error| StackError::service(&place, &error))?;
        Ok(serde_json::from_slice(&result).unwrap_or_default())
    }

    /// Ends every process and task.
    ///
    /// # Errors
    /// [`StackError::Data`] when the state could not be kept.
    pub async fn stop(self) -> Result<(), StackError> {
        self.ended.cancel();
        for function in self.functions.values() {
            function.stop().await;
        }
        self.tasks.close();
        self.tasks.wait().await;
        // What a poller had begun is done now: whatever started meanwhile goes too.
        for function in self.functions.values() {
            function.stop().await;
        }
        if let Some(simulator) = self.simulator {
            simulator.stop().await;
        }
        self.snapshot.map_or(Ok(()), |snapshot| snapshot.save(&self.services))
    }
}

/// A stack whose parts exist and do not run yet.
struct Opening {
    options: StackOptions,
    endpoints: Endpoints,
    services: Services,
    snapshot: Option<Snapshot>,
    logs: Arc<Logs>,
    listeners: Listeners,
    issuer: Issuer,
}

impl Opening {
    async fn open(self, gateway: Gateway, functions: Functions) -> Result<Stack, StackError> {
        let Self {
            options,
            endpoints,
            services,
            snapshot,
            logs,
            listeners,
            issuer,
        } = self;
        let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
        let simulator = match options.graph_url {
            Some(_) => None,
            None => {
                let simulated = settings::simulator(&options.meta, &endpoints);
                let started = Simulator::start(simulated, listeners.graph).await;
                Some(started.map_err(|error| StackError::service("simulator", &error))?)
            }
        };
        services.serve_database(listeners.dynamodb, &tasks, &ended);
        serve(listeners.sqs, services.sqs.router(), &tasks, &ended);
        serve(listeners.secretsmanager, services.secrets.router(), &tasks, &ended);
        let (all, schedules) = (Arc::new(functions.all), Arc::new(functions.schedules));
        let control = Control {
            functions: Arc::clone(&all),
            schedules: Arc::clone(&schedules),
            client: Client::new()?,
            api: endpoints.api.clone(),
            platform_token: endpoints.platform_token.clone(),
        };
        serve(
            listeners.control,
            control.router().merge(issuer.router()),
            &tasks,
            &ended,
        );
        serve(
            listeners.api,
            Gateway {
                routes: functions.routes,
                ..gateway
            }
            .router(),
            &tasks,
            &ended,
        );
        if let Some(webhook) = functions.webhook {
            serve(listeners.webhook, function_url::router(webhook), &tasks, &ended);
        }
        for mapping in functions.mappings {
            tasks.spawn(mapping.run(ended.clone()));
        }
        for schedule in schedules.values().filter(|_| options.schedules) {
            tasks.spawn(schedule.clone().run(ended.clone()));
        }
        if let Some(snapshot) = &snapshot {
            tasks.spawn(snapshot.clone().run(services.clone(), ended.clone()));
        }
        let switches = functions.switches;
        Ok(Stack {
            endpoints,
            services,
            snapshot,
            functions: all,
            schedules,
            switches,
            logs,
            simulator,
            tasks,
            ended,
        })
    }
}

/// The HTTP API of the template, without its routes: those stand in the functions.
fn gateway(template: &Template, resolver: &Resolver) -> Result<Gateway, StackError> {
    let mut gateway = Gateway {
        routes: Vec::new(),
        authorizer: None,
        cors: None,
    };
    for (at, api) in template.of_type("AWS::Serverless::HttpApi").enumerate() {
        if at > 0 {
            return Err(unknown(&api.id, "a second HTTP API").into());
        }
        let properties = resolver.evaluate(&api.id, &api.properties)?;
        gateway.cors = Cors::read(
            &format!("{}.CorsConfiguration", api.id),
            properties.get("CorsConfiguration"),
        )?;
        let auth = properties.get("Auth").unwrap_or(&Value::Null);
        let place = format!("{}.Auth", api.id);
        if let Some(key) = object(auth, &place)?
            .keys()
            .find(|key| !["DefaultAuthorizer", "Authorizers"].contains(&key.as_str()))
        {
            return Err(unknown(&place, format!("property {key}")).into());
        }
        if let Some(name) = auth.get("DefaultAuthorizer").and_then(Value::as_str) {
            let written = auth.get("Authorizers").and_then(|all| all.get(name));
            let written = written.ok_or_else(|| unknown(&place, format!("the authorizer {name}")))?;
            gateway.authorizer = Some(Authorizer::read(&place, written, Client::new()?)?);
        }
    }
    Ok(gateway)
}
