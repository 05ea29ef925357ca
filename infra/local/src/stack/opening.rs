//! Starts a stack from its created parts.

use super::deployment::Deployment;
use super::{Stack, settings};
use crate::client::Client;
use crate::control::Control;
use crate::endpoints::Endpoints;
use crate::error::StackError;
use crate::functions::Functions;
use crate::issuer::Issuer;
use crate::listeners::Listeners;
use crate::options::StackOptions;
use crate::persistence::Snapshot;
use crate::runtime::{Function, Logs};
use crate::schedule::Schedule;
use crate::services::{Services, serve};
use meta_simulator::Simulator;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A stack whose parts exist and are not running yet.
pub(super) struct Opening {
    pub(super) options: StackOptions,
    pub(super) endpoints: Endpoints,
    pub(super) services: Services,
    pub(super) logs: Arc<Logs>,
    pub(super) listeners: Listeners,
    pub(super) issuer: Issuer,
}

impl Opening {
    pub(super) async fn open(self, deployment: Deployment) -> Result<Stack, StackError> {
        let Self { options, endpoints, services, logs, listeners, issuer } = self;
        let Functions { all, routes, mappings, schedules, switches, .. } = deployment.functions;
        let (tasks, ended) = (TaskTracker::new(), CancellationToken::new());
        let (functions, schedules) = (Arc::new(all), Arc::new(schedules));
        let control = control(&functions, &schedules, &endpoints)?;
        let snapshot = options.data.as_deref().map(Snapshot::new);
        let simulator = simulator(&options, &endpoints, snapshot.as_ref(), listeners.graph).await?;
        services.serve_database(listeners.dynamodb, &tasks, &ended);
        serve(listeners.sqs, services.sqs.router(), &tasks, &ended);
        serve(listeners.secretsmanager, services.secrets.router(), &tasks, &ended);
        serve(listeners.control, control.router().merge(issuer.clone().router(deployment.tokens)), &tasks, &ended);
        serve(listeners.api, deployment.gateway.router(routes, deployment.hosts), &tasks, &ended);
        if let Some(webhook) = deployment.webhook {
            serve(listeners.webhook, webhook, &tasks, &ended);
        }
        for mapping in mappings {
            tasks.spawn(mapping.run(ended.clone()));
        }
        for schedule in schedules.values().filter(|_| options.schedules) {
            tasks.spawn(schedule.clone().run(ended.clone()));
        }
        if let Some(snapshot) = &snapshot {
            tasks.spawn(snapshot.clone().run(services.clone(), simulator.clone(), ended.clone()));
        }
        Ok(Stack {
            issuer,
            endpoints,
            services,
            snapshot,
            functions,
            schedules,
            switches,
            logs,
            simulator,
            tasks,
            ended,
        })
    }
}

fn control(
    functions: &Arc<BTreeMap<String, Arc<Function>>>,
    schedules: &Arc<BTreeMap<String, Schedule>>,
    endpoints: &Endpoints,
) -> Result<Control, StackError> {
    Ok(Control {
        functions: Arc::clone(functions),
        schedules: Arc::clone(schedules),
        client: Client::new()?,
        api: endpoints.api.clone(),
        platform_token: endpoints.platform_token.clone(),
    })
}

async fn simulator(
    options: &StackOptions,
    endpoints: &Endpoints,
    snapshot: Option<&Snapshot>,
    listener: TcpListener,
) -> Result<Option<Simulator>, StackError> {
    if options.graph_url.is_some() {
        return Ok(None);
    }
    let snapshot = snapshot.map(Snapshot::simulated).transpose()?.flatten();
    let simulated = meta_simulator::Options { snapshot, ..settings::simulator(&options.meta, endpoints) };
    let started = Simulator::start(simulated, listener).await;
    started.map(Some).map_err(|error| StackError::service("simulator", &error))
}
