//! Answers while a dependency fails: what could be read is shown, and what could not be read says why.

use crate::messages::phone;
use integration::{Effect, Injection, Lab, Proxy};
use serde_json::{Value, json};

/// A stack whose calls can have faults injected.
async fn start() -> (Proxy, Lab) {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    (proxy, lab)
}

/// Every such call fails from now on, in processes that have cached nothing.
async fn refuse(proxy: &Proxy, calls: &[&str]) {
    proxy.kill().await;
    let refused = |call: &&str| Injection { call: (*call).to_owned(), nth: 1, times: 10_000, effect: Effect::Refused };
    proxy.script(&calls.iter().map(refused).collect::<Vec<_>>());
}

fn light<'a>(reception: &'a Value, name: &str) -> &'a Value {
    reception["lights"].as_array().unwrap().iter().find(|light| light["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn reception_shows_what_could_be_read_while_the_vault_does_not_answer() {
    let (proxy, lab) = start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    refuse(&proxy, &["secretsmanager GetSecretValue"]).await;
    let answer = lab.platform_get(&format!("/v1/reception/{}", phone(&popup))).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let reception = answer.json();
    for name in ["token", "subscription", "override", "registration"] {
        let light = light(&reception, name);
        assert_eq!((&light["ok"], &light["code"]), (&Value::Null, &json!("vault.unavailable")), "{name}");
    }
    assert_ne!(light(&reception, "last_event")["code"], "table.unavailable");
    proxy.script(&[]);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_answers_what_it_could_check_while_the_table_does_not_answer() {
    let (proxy, lab) = start().await;
    assert_eq!(lab.platform_get("/v1/doctor").await.status, 200);
    refuse(&proxy, &["dynamodb GetItem", "dynamodb Query"]).await;
    let answer = lab.platform_get("/v1/doctor").await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    let report = answer.json();
    assert_eq!(report["solutions"], Value::Null);
    let check = |name: &str| report["checks"].as_array().unwrap().iter().find(|check| check["name"] == name).unwrap();
    assert_eq!(check("webhook_fields")["ok"], true, "Meta answers");
    assert_eq!(
        (&check("system_token")["ok"], &check("system_token")["missing"]),
        (&Value::Null, &json!(["table.unavailable"]))
    );
    proxy.script(&[]);
    lab.stop().await;
}
