//! The webhook function behind an HTTP API, as with a domain with mutual TLS. In AWS, a client without a certificate of
//! Meta's CA does not get this far.

use integration::{Lab, soon};
use local::StackOptions;
use serde_json::json;

async fn start() -> Lab {
    let mut options = StackOptions::default();
    for (name, value) in [
        ("WebhookDomainName", "hooks.example.com"),
        ("WebhookCertificateArn", "arn:aws:acm:us-east-1:000000000000:certificate/0"),
        ("WebhookTruststoreUri", "s3://trust/meta.pem"),
    ] {
        options.parameters.insert(name.to_owned(), value.to_owned());
    }
    Lab::start_with(options).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_works_behind_its_own_domain_as_behind_its_url() {
    let lab = start().await;
    assert_eq!(lab.simulate("handshake", &json!({})).await["verified"], true);
    let value = json!({ "text": "\u{e4}" });
    let entry = json!({ "id": "9", "time": soon(), "changes": [{ "field": "flows", "value": value }] });
    let change = json!({ "object": "whatsapp_business_account", "entry": [entry] });
    for (signature, status) in [("none", 401), ("wrong", 401), ("valid", 200)] {
        assert_eq!(lab.webhook(&change, signature).await, status, "{signature}");
    }
    let event = lab.event("whatsapp.webhook.received.v1", |_| true).await;
    assert_eq!(event["data"]["value"], value);
    let large = "x".repeat(5 * 1024 * 1024);
    assert_eq!(lab.signed_text(&large).await, 413, "Meta sends no such body");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_domain_only_the_addresses_that_meta_calls_reach_the_function() {
    let lab = start().await;
    let url = lab.stack.endpoints().webhook.clone();
    for (method, path) in [("PUT", ""), ("POST", "admin"), ("GET", ".env")] {
        assert_eq!(lab.send(method, &format!("{url}{path}"), &[], b"").await.status, 404, "{method} /{path}");
    }
    assert_eq!(lab.stack.counts()["WebhookFunction"].invocations, 0);
    lab.stop().await;
}
