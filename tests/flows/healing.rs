//! The sweeper heals what was lost: bells, processes, leases.

use integration::{Lab, Popup, Session};
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
async fn an_exchange_that_died_before_its_token_was_stored_is_healed_by_asking_meta_for_the_token() {
    let lab = Lab::start().await;
    let (_, _, id) = died_in_the_exchange(&lab).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "ready").await;
    let timeline = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"].to_string();
    assert!(timeline.contains("token_sought") && timeline.contains("token_stored"), "{timeline}");
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 1, "the code is not sent again");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_token_that_meta_does_not_give_again_asks_the_customer_to_click_once_more() {
    let lab = Lab::start().await;
    lab.simulate("platform", &json!({ "system_token": false })).await;
    let (session, popup, id) = died_in_the_exchange(&lab).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "relaunch").await;
    assert_eq!(lab.status(&session).await["state"], "relaunch");
    lab.simulate("platform", &json!({})).await;
    let again = lab.popup(&json!({ "waba_id": popup.waba })).await;
    assert_eq!(lab.callback(&session, &again).await.status, 202);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browsers_word_alone_never_makes_us_ask_for_a_token() {
    let lab = Lab::start().await;
    let (_, victim, first) = lab.signed_up("victim", &json!({})).await;
    lab.until(&first, "ready").await;
    let session = lab.session("thief").await;
    let lie = json!({ "names_account": false });
    let mut popup = lab.popup(&lie).await;
    let other = lab.popup(&json!({})).await;
    popup.body["waba_id"] = other.body["waba_id"].clone();
    popup.body["business_id"] = victim.body["business_id"].clone();
    let id = died_with(&lab, &session, &popup).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "relaunch").await;
    assert_eq!(lab.calls("POST", "/system_user_access_tokens").await, 0);
    lab.stop().await;
}

/// A signup whose function died after Meta took the code and before the token was stored; its lease is over.
async fn died_in_the_exchange(lab: &Lab) -> (Session, Popup, String) {
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let id = died_with(lab, &session, &popup).await;
    (session, popup, id)
}

async fn died_with(lab: &Lab, session: &Session, popup: &Popup) -> String {
    let announced = async || lab.events_of("whatsapp.webhook.received.v1").await.first().cloned();
    lab.eventually("Meta announced the account", announced).await;
    assert!(lab.stack.set_mapping("OnboardingQueue", false));
    let slow = json!({ "path": "/oauth/access_token", "effect": { "kind": "delay", "milliseconds": 3_000 } });
    lab.simulate("faults", &slow).await;
    let before = lab.calls("GET", "/oauth/access_token").await;
    let killed = async {
        let spent = async || (lab.calls("GET", "/oauth/access_token").await > before).then_some(());
        lab.eventually("the code is spent", spent).await;
        lab.stack.kill("CodeExchangeFunction");
    };
    let (answer, ()) = tokio::join!(lab.callback(session, popup), killed);
    assert_eq!(answer.status, 500, "the gateway says that the function died");
    let listed = lab.platform_get("/v1/onboardings?state=exchanging").await.json();
    let id = listed["onboardings"][0]["id"].as_str().unwrap().to_owned();
    lab.stack.set_mapping("OnboardingQueue", true);
    lab.age(&id, 60).await;
    id
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
async fn a_finished_onboarding_is_rung_once_a_day_and_not_in_between() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.event("whatsapp.onboarding.ready.v1", |_| true).await;
    lab.eventually("nothing is due", async || (sweep(&lab).await == 0).then_some(())).await;
    lab.age(&id, 23 * 3600).await;
    assert_eq!(sweep(&lab).await, 0);
    lab.age(&id, 2 * 3600).await;
    assert_eq!(sweep(&lab).await, 1, "the daily look");
    lab.stop().await;
}
