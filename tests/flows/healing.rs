//! The sweeper recovers what was lost: jobs, processes, leases.

use integration::{Effect, Injection, Lab, Popup, Proxy, Session};
use serde_json::{Value, json};

pub(crate) async fn sweep(lab: &Lab) -> u64 {
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap()["enqueued"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_costs_a_sweep_and_nothing_else() {
    let lab = Lab::start().await;
    assert!(lab.stack.set_mapping("OnboardingQueue", false));
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    assert!(lab.lose("OnboardingQueue").await > 0, "there was a job to lose");
    assert_eq!(lab.onboarding(&id).await["state"], "onboarding");
    lab.stack.set_mapping("OnboardingQueue", true);
    lab.age(&id, 2).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_crashes_in_the_middle_of_a_step_recovers_when_its_lease_expires() {
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
    lab.eventually("a register call, and nothing else, is in progress", only_the_register_call_runs).await;
    assert!(lab.stack.kill("OnboardingStepsFunction") > 0);
    assert_eq!(sweep(&lab).await, 0, "an active lease is respected");
    lab.age(&id, 60).await;
    assert!(sweep(&lab).await > 0);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_with_its_process_asks_for_one_more_click_and_says_so_to_whoever_repeats_the_code() {
    let lab = Lab::start().await;
    let (session, popup, id) = died_in_the_exchange(&lab).await;
    assert_eq!(sweep(&lab).await, 1);
    lab.until(&id, "relaunch").await;
    assert_eq!(lab.calls("POST", "/system_user_access_tokens").await, 0, "nothing proves who owns the account");
    let repeated = lab.callback(&session, &popup).await;
    assert_eq!((repeated.status, &repeated.json()["code"]), (422, &json!("code_lost")));
    let again = lab.popup(&json!({ "waba_id": popup.waba })).await;
    assert_eq!(lab.callback(&session, &again).await.status, 202);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

/// CreateSecret calls of an exchange: three attempts, each made twice by the SDK.
const ALL_TRIES: usize = 6;

/// A signup whose code Meta accepts while the vault stores nothing; `claimed` is the account the browser names.
async fn signed_up_without_a_vault(lab: &Lab, proxy: &Proxy, claimed: Option<&Popup>) -> (Session, Popup, String) {
    let (session, mut popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    if let Some(claimed) = claimed {
        popup.body["waba_id"] = json!(claimed.waba);
        popup
            .body
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !["business_id", "phone_number_id"].contains(&name.as_str()));
    }
    lab.quiet().await;
    let call = "secretsmanager CreateSecret".to_owned();
    proxy.script(&[Injection { call, nth: 1, times: ALL_TRIES, effect: Effect::Refused }]);
    let accepted = lab.callback(&session, &popup).await;
    assert_eq!(accepted.status, 202, "{}", accepted.json());
    assert_eq!(proxy.struck(), ALL_TRIES);
    let id = accepted.json()["onboarding_id"].as_str().unwrap().to_owned();
    (session, popup, id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_vault_did_not_take_is_asked_for_again_and_the_customer_notices_nothing() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let (session, popup, id) = signed_up_without_a_vault(&lab, &proxy, None).await;
    let record = lab.until(&id, "ready").await;
    assert_eq!(record["waba_id"], popup.waba);
    let timeline = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()["timeline"].to_string();
    for entry in ["token_not_stored", "token_fetch_planned", "token_stored"] {
        assert!(timeline.contains(entry), "{entry}: {timeline}");
    }
    assert_eq!(lab.calls("GET", "/oauth/access_token").await, 1, "the code is not sent again");
    assert_eq!(lab.status(&session).await["state"], "ready");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_meta_accepted_proves_its_own_accounts_and_not_the_one_that_the_browser_claims() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    let victim = lab.popup(&json!({ "business_name": "Victim" })).await;
    let (_, _, id) = signed_up_without_a_vault(&lab, &proxy, Some(&victim)).await;
    let held = lab.until(&id, "held").await;
    assert_eq!(held["code"], "grant.claim_not_granted");
    assert_eq!(lab.calls("POST", "whatsapp_credit_sharing_and_attach").await, 0);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_token_that_meta_does_not_give_again_asks_the_customer_to_click_once_more() {
    let proxy = Proxy::start().await;
    let lab = Lab::start_behind(&proxy).await;
    proxy.connect(lab.stack.endpoints());
    lab.simulate("platform", &json!({ "system_token": false })).await;
    let (session, popup, id) = signed_up_without_a_vault(&lab, &proxy, None).await;
    lab.until(&id, "relaunch").await;
    assert_eq!(lab.status(&session).await["state"], "relaunch");
    lab.simulate("platform", &json!({})).await;
    let again = lab.popup(&json!({ "waba_id": popup.waba })).await;
    assert_eq!(lab.callback(&session, &again).await.status, 202);
    lab.until(&id, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browsers_claim_alone_never_triggers_a_token_request() {
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

/// A signup whose function crashed after sending Meta the code and before storing the token; its lease has expired.
pub(crate) async fn died_in_the_exchange(lab: &Lab) -> (Session, Popup, String) {
    let (session, popup) = (lab.session("acme").await, lab.popup(&json!({})).await);
    let id = died_with(lab, &session, &popup).await;
    (session, popup, id)
}

pub(crate) async fn died_with(lab: &Lab, session: &Session, popup: &Popup) -> String {
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
    assert_eq!(answer.status, 500, "the gateway reports the crash");
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
        lab.eventually("the response was lost", async || (lab.calls(method, path).await > 0).then_some(())).await;
        let retried = async || {
            lab.age(&id, 600).await;
            sweep(&lab).await;
            (lab.onboarding(&id).await["state"] == "ready").then_some(())
        };
        lab.eventually(&format!("{path} is recovered"), retried).await;
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
async fn a_finished_onboarding_is_checked_once_a_day_and_not_in_between() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.event("whatsapp.onboarding.ready.v1", |_| true).await;
    lab.eventually("nothing is due", async || (sweep(&lab).await == 0).then_some(())).await;
    lab.age(&id, 23 * 3600).await;
    assert_eq!(sweep(&lab).await, 0);
    lab.age(&id, 2 * 3600).await;
    assert_eq!(sweep(&lab).await, 1, "the daily check");
    lab.stop().await;
}
