//! Rotations of the app secret: planned, and in an emergency.

use integration::{Lab, soon};
use serde_json::{Value, json};
use shared::aws::AwsConfig;
use shared::config::Problems;
use shared::secret::Secret;
use shared::secrets::PlatformSecret;
use shared::tls::Tls;
use shared::webhook::signature::sign;
use std::sync::atomic::{AtomicUsize, Ordering};

const NEW: &str = "fedcba9876543210fedcba9876543210";

fn body(entries: &[Value]) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": entries })
}

fn change() -> Value {
    body(&[json!({ "id": "9", "time": soon(), "changes": [{ "field": "flows", "value": { "a": 1 } }] })])
}

/// An operator's command to Secrets Manager, about the app secret.
async fn command(lab: &Lab, operation: &str, mut input: Value) -> Value {
    let endpoints = lab.stack.endpoints();
    input["SecretId"] = json!(endpoints.secrets["AppSecret"]);
    let target = format!("secretsmanager.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    // Not through `Lab::send`: the operator's output is not a response of the product.
    let sent = lab.client.send("POST", &endpoints.aws.secretsmanager, &headers, input.to_string().into()).await;
    let answer = sent.unwrap();
    assert_eq!(answer.status, 200, "{operation}: {}", answer.json());
    answer.json()
}

/// Stores a new app secret.
async fn rotate(lab: &Lab) {
    command(lab, "PutSecretValue", json!({ "SecretString": NEW })).await;
}

/// The runbook's command that invalidates the previous value.
async fn end_previous(lab: &Lab) {
    let version = command(lab, "GetSecretValue", json!({ "VersionStage": "AWSPREVIOUS" })).await["VersionId"].clone();
    let ended = json!({ "VersionStage": "AWSPREVIOUS", "RemoveFromVersionId": version });
    command(lab, "UpdateSecretVersionStage", ended).await;
}

/// A webhook signed with a secret. Returns the status.
async fn signed(lab: &Lab, secret: &str) -> u16 {
    let body = change().to_string();
    let signature = sign(body.as_bytes(), &Secret::new(secret.to_owned()));
    let headers = [("x-hub-signature-256", signature.as_str()), ("content-type", "application/json")];
    lab.send("POST", &lab.stack.endpoints().webhook, &headers, body.as_bytes()).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_app_secret_is_rotated_the_old_one_and_the_new_one_are_right() {
    let lab = Lab::start().await;
    let change = change();
    assert_eq!(lab.webhook(&change, "valid").await, 200);
    rotate(&lab).await;
    assert_eq!(lab.webhook(&change, "valid").await, 200, "a warm process has the old one");
    lab.stack.kill("WebhookFunction");
    assert_eq!(lab.webhook(&change, "valid").await, 200, "a new process has read the new one");
    assert_eq!(lab.webhook(&change, "wrong").await, 401);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_week_after_a_rotation_the_old_app_secret_is_wrong() {
    let lab = Lab::start().await;
    let change = change();
    let days = |days: i64| days * 86_400;
    lab.stack.shift_time(days(-6));
    rotate(&lab).await;
    lab.stack.shift_time(days(6));
    assert_eq!(lab.webhook(&change, "valid").await, 200, "Meta repeats for seven days what it signed before");
    lab.stack.shift_time(days(-8));
    rotate(&lab).await;
    lab.stack.shift_time(days(8));
    lab.stack.kill("WebhookFunction");
    assert_eq!(lab.webhook(&change, "valid").await, 401);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_emergency_one_command_invalidates_the_old_app_secret() {
    let lab = Lab::start().await;
    let old = lab.stack.endpoints().meta.app_secret.clone();
    assert_eq!(signed(&lab, &old).await, 200);
    rotate(&lab).await;
    assert_eq!((signed(&lab, NEW).await, signed(&lab, &old).await), (200, 200), "a planned rotation takes both");
    end_previous(&lab).await;
    let refused = async || (signed(&lab, &old).await == 401).then_some(());
    lab.eventually("the process that knew the old secret refuses it", refused).await;
    assert_eq!((signed(&lab, NEW).await, signed(&lab, &old).await), (200, 401));
    lab.stack.kill("WebhookFunction");
    assert_eq!((signed(&lab, &old).await, signed(&lab, NEW).await), (401, 200), "and so does a new one");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_webhook_with_the_new_app_secret_invalidates_a_removed_old_one() {
    let lab = Lab::start().await;
    let old = lab.stack.endpoints().meta.app_secret.clone();
    assert_eq!(signed(&lab, &old).await, 200);
    rotate(&lab).await;
    end_previous(&lab).await;
    assert_eq!(signed(&lab, NEW).await, 200, "the next read finds the new one");
    assert_eq!(signed(&lab, &old).await, 401, "and the old one is not accepted any more");
    lab.stop().await;
}

/// The app secret as a process that begins now sees it.
fn app_secret(lab: &Lab) -> PlatformSecret {
    let endpoints = lab.stack.endpoints().clone();
    let lookup = |name: &str| {
        let known = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].contains(&name);
        let address = (name == "AWS_ENDPOINT_URL_SECRETS_MANAGER").then(|| endpoints.aws.secretsmanager.clone());
        address.or_else(|| known.then(|| "local".to_owned()))
    };
    let aws = AwsConfig::from_lookup(&lookup, &mut Problems::default(), &Tls::new().unwrap());
    PlatformSecret::new(&aws, &endpoints.secrets["AppSecret"])
}

/// How often a signature that fits no secret is compared: each time costs a hash of the whole body.
async fn compared(secret: &PlatformSecret) -> usize {
    let compared = AtomicUsize::new(0);
    let accepted = secret.is_accepted(|_| {
        compared.fetch_add(1, Ordering::Relaxed);
        false
    });
    assert!(!accepted.await.unwrap());
    compared.into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_secret_that_can_be_right_hashes_a_wrongly_signed_body_once() {
    let lab = Lab::start().await;
    let before = app_secret(&lab);
    assert_eq!((compared(&before).await, compared(&before).await), (1, 1), "there is one secret");
    rotate(&lab).await;
    let after = app_secret(&lab);
    assert_eq!((compared(&after).await, compared(&after).await), (2, 2), "the new one and the old one");
    end_previous(&lab).await;
    assert_eq!(compared(&app_secret(&lab)).await, 1, "the old one is over");
    lab.stop().await;
}
