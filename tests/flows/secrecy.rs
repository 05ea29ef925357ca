//! Canaries: searches for every secret of every customer in everything outside the vault.

use integration::Lab;
use local::StackOptions;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_leaves_the_vault_at_the_most_verbose_level_whatever_fails() {
    let mut options = StackOptions::default();
    options.meta.set("role", "solution-partner").unwrap();
    options.function_environment.insert("AWS_LAMBDA_LOG_LEVEL".to_owned(), "TRACE".to_owned());
    let lab = Lab::start_with(options).await;
    for (name, what) in [
        ("plain", json!({})),
        ("two-step", json!({ "pin": "271828" })),
        ("foreign", json!({ "foreign_credit_line": true })),
        ("ungranted", json!({ "granted": false })),
        ("coexistence", json!({ "event": "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING" })),
    ] {
        let (session, popup, id) = lab.signed_up(name, &what).await;
        let settled = async || {
            let state = lab.onboarding(&id).await["state"].as_str()?.to_owned();
            ["ready", "waiting", "held"].contains(&state.as_str()).then_some(())
        };
        lab.eventually(&format!("{name} is settled"), settled).await;
        lab.callback(&session, &popup).await;
    }
    refused_codes(&lab).await;
    lost_answers(&lab).await;
    leaving(&lab).await;
    let canaries = lab.canaries().await.len() + lab.numbers().await.len();
    println!("{canaries} canaries, searched for in logs at level trace, responses, table, queues and events");
    assert!(canaries >= 20, "{canaries}");
    lab.stop().await;
}

async fn refused_codes(lab: &Lab) {
    for body in
        [json!({ "error": { "code": 100, "error_subcode": 36007 } }), json!("<html>"), json!({ "access_token": "" })]
    {
        let refused =
            json!({ "path": "/oauth/access_token", "effect": { "kind": "answer", "status": 400, "body": body } });
        lab.simulate("faults", &refused).await;
        let (session, popup) = (lab.session("refused").await, lab.popup(&json!({})).await);
        lab.callback(&session, &popup).await;
    }
}

async fn lost_answers(lab: &Lab) {
    for path in ["/debug_token", "/register", "/me"] {
        for effect in ["drop_after", "half_body"] {
            lab.simulate("faults", &json!({ "path": path, "effect": { "kind": effect } })).await;
            let (_, _, id) = lab.signed_up("lost", &json!({})).await;
            let struck = async || {
                let calls = lab.simulator("calls").await;
                let faults = calls.as_array()?.iter().filter(|call| call["fault"] == true).count();
                (faults > 0).then_some(())
            };
            lab.eventually(&format!("{effect} struck {path} of {id}"), struck).await;
        }
    }
}

async fn leaving(lab: &Lab) {
    let (_, popup, id) = lab.signed_up("leaving", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    lab.until(&id, "reauthorise").await;
    lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    lab.until(&id, "left").await;
}
