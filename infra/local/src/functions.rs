//! The functions of the template and everything that triggers them.

mod properties;

use crate::binaries::Binaries;
use crate::error::StackError;
use crate::gateway::{Guard, Route};
use crate::mapping::Mapping;
use crate::physical::{function_arn, name};
use crate::runtime::{Function, FunctionConfig, Logs};
use crate::schedule::{Schedule, rate};
use crate::template::{Resolver, Template, TemplateError, object, unknown};
use aws_emulator::Sqs;
use properties::{
    AuthType, Event, EventAuth, FunctionProperties, FunctionUrlConfig, HttpApiEvent, ResponseType, SqsEvent,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Pollers of a mapping without `MaximumConcurrency`: the number of batches Lambda starts with.
const POLLERS: u64 = 5;

/// All functions and their triggers.
pub(crate) struct Functions {
    pub(crate) all: BTreeMap<String, Arc<Function>>,
    pub(crate) routes: Vec<Route>,
    pub(crate) mappings: Vec<Mapping>,
    pub(crate) schedules: BTreeMap<String, Schedule>,
    /// The function behind the Function URL.
    pub(crate) webhook: Option<Arc<Function>>,
    /// Enables and disables a queue's mapping, by logical id of the queue.
    pub(crate) switches: BTreeMap<String, watch::Sender<bool>>,
}

/// What functions are built from, besides the template.
pub(crate) struct BuildContext<'a> {
    pub(crate) binaries: &'a Binaries,
    pub(crate) variables: &'a BTreeMap<String, String>,
    pub(crate) logs: &'a Arc<Logs>,
    pub(crate) sqs: &'a Sqs,
}

impl Functions {
    pub(crate) fn read(
        template: &Template,
        resolver: &Resolver,
        context: &BuildContext<'_>,
    ) -> Result<Self, StackError> {
        let mut functions = Self {
            all: BTreeMap::new(),
            routes: Vec::new(),
            mappings: Vec::new(),
            schedules: BTreeMap::new(),
            webhook: None,
            switches: BTreeMap::new(),
        };
        for resource in template.of_type("AWS::Serverless::Function") {
            let id = resource.id.as_str();
            let mut properties = resource.properties.clone();
            if let Some(properties) = properties.as_object_mut() {
                // Policies bind in AWS only, and name what does not exist here.
                properties.remove("Policies");
                if let Some(Value::Object(logging)) = properties.get_mut("LoggingConfig") {
                    logging.remove("LogGroup");
                }
            }
            let properties = resolver.evaluate(id, &properties)?;
            let properties: FunctionProperties =
                serde_json::from_value(properties).map_err(|error| TemplateError::at(id, error.to_string()))?;
            let binary = resource.binary()?;
            functions.add(id, binary, properties, context)?;
        }
        Ok(functions)
    }

    fn add(
        &mut self,
        id: &str,
        binary: &str,
        properties: FunctionProperties,
        context: &BuildContext<'_>,
    ) -> Result<(), StackError> {
        let path = context.binaries.get(binary);
        let path = path.ok_or_else(|| TemplateError::at(id, format!("there is no binary `{binary}`")))?;
        let mut variables = context.variables.clone();
        let level = properties.logging_config.and_then(|logging| logging.application_log_level);
        if let Some(level) = level {
            variables.entry("AWS_LAMBDA_LOG_LEVEL".to_owned()).or_insert(level);
        }
        for (name, value) in properties.environment.variables {
            variables.insert(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        let config = FunctionConfig {
            id: id.to_owned(),
            arn: function_arn(id),
            binary: path.clone(),
            timeout: Duration::from_secs(properties.timeout.0),
            memory_mb: properties.memory_size.map_or(128, |size| size.0),
            reserved: properties.reserved_concurrent_executions.and_then(|most| usize::try_from(most.0).ok()),
            variables,
        };
        let function = Arc::new(Function::new(config, Arc::clone(context.logs)));
        self.all.insert(id.to_owned(), Arc::clone(&function));
        if let Some(FunctionUrlConfig { auth_type: AuthType::None, .. }) = properties.function_url_config {
            match self.webhook.replace(Arc::clone(&function)) {
                None => {}
                Some(_) => return Err(unknown(id, "a second Function URL").into()),
            }
        }
        for (event, trigger) in properties.events {
            self.trigger(id, &event, trigger, &function, context.sqs)?;
        }
        Ok(())
    }

    fn trigger(
        &mut self,
        id: &str,
        event: &str,
        trigger: Event,
        function: &Arc<Function>,
        sqs: &Sqs,
    ) -> Result<(), StackError> {
        let place = format!("{id}.{event}");
        match trigger {
            Event::HttpApi(route) => self.routes.push(read_route(&place, &route, function)?),
            Event::Sqs(mapping) => self.map(&place, &mapping, function, sqs)?,
            Event::ScheduleV2(schedule) => {
                let retries = schedule.retry_policy.map_or(0, |policy| policy.maximum_retry_attempts.0);
                let schedule = Schedule {
                    name: format!("{id}{event}"),
                    every: rate(&place, &schedule.schedule_expression)?,
                    retries: u32::try_from(retries).unwrap_or(0),
                    function: Arc::clone(function),
                };
                self.schedules.insert(format!("{id}/{event}"), schedule);
            }
        }
        Ok(())
    }

    fn map(&mut self, place: &str, event: &SqsEvent, function: &Arc<Function>, sqs: &Sqs) -> Result<(), TemplateError> {
        let queue_name = event.queue.rsplit(':').next().unwrap_or_default();
        let queue = queue_name.strip_prefix(&name("")).unwrap_or(queue_name).to_owned();
        let size = event.batch_size.map_or(10, |size| size.0);
        let window = event.maximum_batching_window_in_seconds.map_or(0, |window| window.0);
        if size > 10 && window == 0 {
            return Err(TemplateError::at(place, "a batch of more than 10 needs MaximumBatchingWindowInSeconds"));
        }
        let (switch, enabled) = watch::channel(true);
        self.mappings.push(Mapping {
            queue_name: queue_name.to_owned(),
            queue: queue.clone(),
            function: Arc::clone(function),
            batch_size: usize::try_from(size).unwrap_or(10),
            window: Duration::from_secs(window),
            partial_responses: event.function_response_types.contains(&ResponseType::ReportBatchItemFailures),
            pollers: usize::try_from(event.scaling_config.as_ref().map_or(POLLERS, |own| own.maximum_concurrency.0))
                .unwrap_or(1),
            sqs: sqs.clone(),
            enabled,
        });
        self.switches.insert(queue, switch);
        Ok(())
    }
}

fn read_route(place: &str, event: &HttpApiEvent, function: &Arc<Function>) -> Result<Route, TemplateError> {
    let guard = match &event.auth {
        None => Guard::Scopes(Vec::new()),
        Some(EventAuth { authorizer: None, authorization_scopes }) => Guard::Scopes(authorization_scopes.clone()),
        Some(EventAuth { authorizer: Some(name), authorization_scopes }) if name == "NONE" => {
            if !authorization_scopes.is_empty() {
                return Err(unknown(place, "AuthorizationScopes without an authorizer"));
            }
            Guard::Open
        }
        Some(EventAuth { authorizer: Some(other), .. }) => {
            return Err(unknown(place, format!("the authorizer {other}")));
        }
    };
    Route::new(&event.method, &event.path, guard, Arc::clone(function))
        .ok_or_else(|| unknown(place, format!("the route {} {}", event.method, event.path)))
}

impl Template {
    /// The binary of every function.
    pub(crate) fn binaries(&self) -> Result<Vec<String>, TemplateError> {
        self.of_type("AWS::Serverless::Function").map(|function| function.binary().map(str::to_owned)).collect()
    }
}

impl crate::template::Resource {
    /// The binary SAM builds for this function: `Metadata.BuildProperties.Binary`.
    pub(crate) fn binary(&self) -> Result<&str, TemplateError> {
        let metadata = object(&self.metadata, &self.id)?;
        let method = metadata.get("BuildMethod").and_then(Value::as_str);
        let binary = metadata.get("BuildProperties").and_then(|properties| properties.get("Binary")?.as_str());
        match (method, binary) {
            (Some("rust-cargolambda"), Some(binary)) => Ok(binary),
            _ => Err(unknown(format!("{}.Metadata", self.id), "how the function is built")),
        }
    }
}
