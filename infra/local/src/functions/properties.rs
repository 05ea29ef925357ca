//! The properties of `AWS::Serverless::Function` that have a meaning here.

use crate::template::Number;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Lambda's own default and bound, in seconds.
const TIMEOUT: Number = Number(3);

/// What the template says about a function.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FunctionProperties {
    #[serde(default = "timeout")]
    pub(super) timeout: Number,
    pub(super) memory_size: Option<Number>,
    pub(super) reserved_concurrent_executions: Option<Number>,
    pub(super) function_url_config: Option<FunctionUrlConfig>,
    #[serde(default)]
    pub(super) environment: Environment,
    pub(super) logging_config: Option<LoggingConfig>,
    #[serde(default)]
    pub(super) events: BTreeMap<String, Event>,
}

fn timeout() -> Number {
    TIMEOUT
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Environment {
    #[serde(default)]
    pub(super) variables: BTreeMap<String, Value>,
}

/// The log group itself has no counterpart here: log lines go to the stack's own output.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct LoggingConfig {
    pub(super) application_log_level: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FunctionUrlConfig {
    pub(super) auth_type: AuthType,
    #[serde(default, rename = "InvokeMode")]
    _invoke_mode: InvokeMode,
}

/// Response streaming is not understood.
#[derive(Deserialize, Default)]
pub(super) enum InvokeMode {
    #[default]
    #[serde(rename = "BUFFERED")]
    Buffered,
}

#[derive(Deserialize)]
pub(super) enum AuthType {
    #[serde(rename = "NONE")]
    None,
}

#[derive(Deserialize)]
#[serde(tag = "Type", content = "Properties")]
pub(super) enum Event {
    HttpApi(HttpApiEvent),
    #[serde(rename = "SQS")]
    Sqs(SqsEvent),
    ScheduleV2(ScheduleEvent),
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct HttpApiEvent {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) auth: Option<EventAuth>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct EventAuth {
    pub(super) authorizer: Option<String>,
    #[serde(default)]
    pub(super) authorization_scopes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SqsEvent {
    pub(super) queue: String,
    pub(super) batch_size: Option<Number>,
    pub(super) maximum_batching_window_in_seconds: Option<Number>,
    #[serde(default)]
    pub(super) function_response_types: Vec<ResponseType>,
    pub(super) scaling_config: Option<ScalingConfig>,
}

#[derive(Deserialize, PartialEq)]
pub(super) enum ResponseType {
    ReportBatchItemFailures,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ScalingConfig {
    pub(super) maximum_concurrency: Number,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ScheduleEvent {
    pub(super) schedule_expression: String,
    pub(super) retry_policy: Option<RetryPolicy>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct RetryPolicy {
    pub(super) maximum_retry_attempts: Number,
    /// Younger than every event here.
    #[serde(rename = "MaximumEventAgeInSeconds")]
    _maximum_event_age: Option<Number>,
}
