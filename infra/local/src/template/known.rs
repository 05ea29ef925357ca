//! Supported resource types, properties and event types. The list prevents drift: an unlisted property stops the start
//! instead of being ignored.

use super::{TemplateError, object, unknown};
use serde_json::Value;

/// Properties by resource type. Those in the second list are accepted without effect, because they concern AWS's own
/// operation: logs, alarms, encryption, backup, throttling, packaging, permissions, domains.
const TYPES: &[(&str, &[&str], &[&str])] = &[
    ("AWS::Serverless::HttpApi", &["Auth", "CorsConfiguration"], &["DefaultRouteSettings", "RouteSettings"]),
    (
        "AWS::Serverless::Function",
        &[
            "Timeout",
            "MemorySize",
            "Environment",
            "Events",
            "ReservedConcurrentExecutions",
            "FunctionUrlConfig",
            "LoggingConfig",
        ],
        &["CodeUri", "Policies", "Description", "Runtime", "Handler", "Architectures"],
    ),
    (
        "AWS::SQS::Queue",
        &[
            "VisibilityTimeout",
            "MessageRetentionPeriod",
            "MaximumMessageSize",
            "RedrivePolicy",
            "DelaySeconds",
            "ReceiveMessageWaitTimeSeconds",
        ],
        &["SqsManagedSseEnabled"],
    ),
    (
        "AWS::DynamoDB::Table",
        &["AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "BillingMode", "TimeToLiveSpecification"],
        &["PointInTimeRecoverySpecification", "SSESpecification"],
    ),
    ("AWS::SecretsManager::Secret", &["Name", "Description", "GenerateSecretString"], &[]),
    ("AWS::Lambda::Url", &["TargetFunctionArn", "AuthType"], &["InvokeMode"]),
    (
        "AWS::Lambda::Permission",
        &[],
        &["Action", "FunctionName", "Principal", "FunctionUrlAuthType", "InvokedViaFunctionUrl", "SourceArn"],
    ),
    ("AWS::ApiGatewayV2::Api", &[], &["Name", "ProtocolType", "DisableExecuteApiEndpoint"]),
    ("AWS::ApiGatewayV2::Route", &["RouteKey", "Target"], &["ApiId"]),
    ("AWS::ApiGatewayV2::Integration", &["IntegrationType", "IntegrationUri", "PayloadFormatVersion"], &["ApiId"]),
    ("AWS::ApiGatewayV2::Stage", &[], &["ApiId", "StageName", "AutoDeploy"]),
    ("AWS::ApiGatewayV2::DomainName", &[], &["DomainName", "DomainNameConfigurations", "MutualTlsAuthentication"]),
    ("AWS::ApiGatewayV2::ApiMapping", &[], &["ApiId", "DomainName", "Stage"]),
    ("AWS::Logs::LogGroup", &[], &["RetentionInDays"]),
    (
        "AWS::CloudWatch::Alarm",
        &[],
        &[
            "AlarmDescription",
            "Namespace",
            "MetricName",
            "Dimensions",
            "Statistic",
            "Period",
            "EvaluationPeriods",
            "Threshold",
            "ComparisonOperator",
            "TreatMissingData",
            "AlarmActions",
            "Metrics",
        ],
    ),
    ("AWS::Logs::MetricFilter", &[], &["LogGroupName", "FilterPattern", "MetricTransformations"]),
];

/// Properties by event type of a function.
const EVENTS: &[(&str, &[&str])] = &[
    ("HttpApi", &["ApiId", "Method", "Path", "Auth"]),
    ("SQS", &["Queue", "BatchSize", "MaximumBatchingWindowInSeconds", "FunctionResponseTypes", "ScalingConfig"]),
    ("ScheduleV2", &["ScheduleExpression", "RetryPolicy", "OmitName"]),
];

pub(super) fn check_resource(id: &str, kind: &str, properties: &Value) -> Result<(), TemplateError> {
    let known = TYPES.iter().find(|(name, ..)| *name == kind);
    let (_, used, without_effect) = known.ok_or_else(|| unknown(id, format!("resource type {kind}")))?;
    let properties = object(properties, id)?;
    for property in properties.keys() {
        if !used.contains(&property.as_str()) && !without_effect.contains(&property.as_str()) {
            return Err(unknown(id, format!("property {property}")));
        }
    }
    match properties.get("Events") {
        Some(events) => check_events(id, events),
        None => Ok(()),
    }
}

fn check_events(id: &str, events: &Value) -> Result<(), TemplateError> {
    for (name, event) in object(events, id)? {
        let place = format!("{id}.{name}");
        let kind = event.get("Type").and_then(Value::as_str).unwrap_or_default();
        let known = EVENTS.iter().find(|(known, _)| *known == kind);
        let (_, properties) = known.ok_or_else(|| unknown(&place, format!("event type {kind}")))?;
        for property in object(event.get("Properties").unwrap_or(&Value::Null), &place)?.keys() {
            if !properties.contains(&property.as_str()) {
                return Err(unknown(&place, format!("property {property}")));
            }
        }
    }
    Ok(())
}
