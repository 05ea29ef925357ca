//! The sweeper heals what was lost: bells, processes, leases.

use integration::Lab;
use serde_json::{Value, json};

async fn sweep(lab: &Lab) -> u64 {
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap()["rung"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_bell_costs_a_sweep_and_nothing_else() {
    let lab = Lab::start().await;
    assert!(lab.stack.set_mapping("OnboardingQueue", false));
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    assert!(lab.lose("OnboardingQueue").await > 0, "there was a bell to lose");
    assert_eq!(lab.onboarding(&id).await["state"], "onboarding");
    lab.stack.set_mapping("OnboardingQueue", true);
    lab.age(&id, 2).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_dies_in_the_middle_of_a_step_is_healed_when_its_lease_ends() {
    let lab = Lab::start().await;
    let slow = json!({ "method": "POST", "path": "/register", "effect": { "kind": "delay", "milliseconds": 60_000 } });
    lab.simulate("faults", &slow).await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    let only_the_register_call_runs = async || {
        sweep(&lab).await;
        let steps = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["steps"].clone();
        let running = |step: &Value| step["state"] == "running" && step["name"] == "register_number";
        let blocked = |step: &Value| step["state"] == "pending" && step["name"] == "check_reception";
        let steps = steps.as_array()?;
        let others_done = steps.iter().all(|step| step["state"] == "done" || running(step) || blocked(step));
        (others_done && lab.calls("POST", "/register").await > 0).then_some(())
    };
    lab.eventually("a register call, and nothing else, is under way", only_the_register_call_runs).await;
    assert!(lab.stack.kill("OnboardingStepsFunction") > 0);
    assert_eq!(sweep(&lab).await, 0, "a lease that runs is respected");
    lab.age(&id, 60).await;
    assert!(sweep(&lab).await > 0);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchange_that_died_before_its_token_was_stored_asks_the_customer_to_click_once_more() {
    let lab = Lab::start().await;
    assert!(lab.stack.set_mapping("OnboardingQueue", false));
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let slow = json!({ "path": "/oauth/access_token", "effect": { "kind": "delay", "milliseconds": 3_000 } });
    lab.simulate("faults", &slow).await;
    let killed = async {
        lab.eventually("the code is spent", async || (lab.calls("GET", "/oauth/access_token").await > 0).then_some(()))
            .await;
        lab.stack.kill("CodeExchangeFunction");
    };
    let (answer, ()) = tokio::join!(lab.callback(&session, &popup), killed);
    assert_eq!(answer.status, 500, "the gateway says that the function died");
    let listed = lab.platform_get("/v1/onboardings?state=exchanging").await.json();
    let id = listed["onboardings"][0]["id"].as_str().unwrap().to_owned();
    lab.stack.set_mapping("OnboardingQueue", true);
    lab.age(&id, 60).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "relaunch").await;
    let status = lab.status(&session).await;
    assert_eq!(status["state"], "relaunch");
    let again = lab.popup(&json!({ "waba_id": popup.waba })).await;
    assert_eq!(lab.callback(&session, &again).await.status, 202);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_after_meta_did_it_does_not_double_anything() {
    for (method, path) in
        [("POST", "/subscribed_apps"), ("POST", "/register"), ("POST", "whatsapp_credit_sharing_and_attach")]
    {
        let lab = Lab::start().await;
        lab.simulate("faults", &json!({ "method": method, "path": path, "effect": { "kind": "drop_after" } })).await;
        let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
        lab.eventually("the answer was lost", async || (lab.calls(method, path).await > 0).then_some(())).await;
        let retried = async || {
            lab.age(&id, 600).await;
            sweep(&lab).await;
            (lab.onboarding(&id).await["state"] == "ready").then_some(())
        };
        lab.eventually(&format!("{path} is made up for"), retried).await;
        let state = lab.simulator("state").await;
        assert!(state["allocations"].as_object().unwrap().len() == 1, "one share, whatever was lost");
        assert_eq!(state["wabas"][&popup.waba]["subscribed"].as_array().unwrap().len(), 1);
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_answer_is_lost_is_sent_once_more_to_learn_whether_it_is_spent() {
    let lab = Lab::start().await;
    lab.simulate("faults", &json!({ "path": "/oauth/access_token", "effect": { "kind": "drop_after" } })).await;
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let lost = lab.callback(&session, &popup).await;
    assert_eq!((lost.status, &lost.json()["code"]), (422, &json!("code_lost")));
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 2);
    assert_eq!(lab.status(&session).await["state"], "relaunch");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_never_reached_meta_is_sent_again_and_the_customer_notices_nothing() {
    let lab = Lab::start().await;
    lab.simulate("faults", &json!({ "path": "/oauth/access_token", "effect": { "kind": "drop_before" } })).await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finished_onboarding_is_never_rung_again() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.event("whatsapp.onboarding.ready.v1", |_| true).await;
    lab.eventually("nothing is due", async || (sweep(&lab).await == 0).then_some(())).await;
    lab.age(&id, 100_000).await;
    assert_eq!(sweep(&lab).await, 0);
    lab.stop().await;
}
