//! Phone number migration from another provider: conditions, code, registration, and what is migrated with the number.

pub(crate) mod case;

use case::{Case, case};
use integration::Lab;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_number_migrates_from_another_provider_with_everything_that_meta_migrates() {
    let case = case(&json!({})).await;
    let lab = &case.lab;
    let bad = lab
        .simulate(&format!("wabas/{}/templates", case.source.waba), &json!({ "name": "bad", "status": "REJECTED" }))
        .await;
    assert!(bad["id"].is_string());
    let id = case.begin().await;
    let waiting = case.until(&id, "awaiting_code").await;
    let results: Vec<(&str, &str)> = waiting["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| (check["check"].as_str().unwrap(), check["result"].as_str().unwrap()))
        .collect();
    assert!(
        results.contains(&("same_business", "pass")) && results.contains(&("two_step_off", "unknown")),
        "{results:?}"
    );
    assert!(results.iter().all(|(_, result)| *result != "missing"));
    assert!(waiting["phone_number"].as_str().unwrap().starts_with('…'), "the number itself is not shown");
    the_owner_proves_it(&case, &id, &waiting).await;
    let done = case.until(&id, "done").await;
    everything_that_meta_migrates_is_listed(&done);
    let record = lab.platform_get(&format!("/v1/onboardings/{}", case.onboarding)).await.json();
    assert_eq!(record["numbers"].as_array().unwrap().len(), 2, "it joined the customer's record");
    let event = lab.event("whatsapp.move.completed.v1", |event| event["data"]["move_id"] == id.as_str()).await;
    assert_eq!(event["subject"], case.target.waba.as_str());
    assert_eq!(lab.simulator("violations").await, json!([]), "Meta's own document agrees");
    let phone = done["phone_number_id"].as_str().unwrap();
    assert_eq!(case.phone(phone).await["status"], "CONNECTED");
    late_changes_of_the_previous_account_are_attributed_to_the_new_one(&case).await;
    case.lab.stop().await;
}

/// A wrong code is refused, the right one accepted, with or without a hyphen.
async fn the_owner_proves_it(case: &Case, id: &str, waiting: &Value) {
    let sent = case.post(id, "code", &json!({ "method": "VOICE", "language": "es_ES" })).await;
    assert_eq!((sent.status, &sent.json()["state"]), (202, &json!("code_sent")));
    let code = case.code(waiting).await;
    let other = if code == "111111" { "222222" } else { "111111" };
    let wrong = case.post(id, "verify", &json!({ "code": other })).await.json();
    assert_eq!((&wrong["state"], &wrong["code"]), (&json!("code_sent"), &json!("graph.100.2388093")));
    let (first, last) = code.split_at(3);
    let verified = case.post(id, "verify", &json!({ "code": format!("{first}-{last}") })).await.json();
    assert_eq!(verified["state"], "registering", "{verified}");
}

fn everything_that_meta_migrates_is_listed(done: &Value) {
    let kept = |subject: &str| {
        let line = done["comparison"].as_array().unwrap().iter().find(|line| line["subject"] == subject).cloned();
        line.unwrap_or_default()["kept"].clone()
    };
    for subject in ["quality", "messaging_limit", "official_business_account", "template order_update_1 (en_US)"] {
        assert_eq!(kept(subject), json!(true), "{subject}: {done}");
    }
    assert_eq!(kept("template bad (en_US)"), json!(false));
}

/// Changes of the previous account are attributed to the new one.
async fn late_changes_of_the_previous_account_are_attributed_to_the_new_one(case: &Case) {
    let change = json!({ "field": "account_alerts", "value": { "entity_type": "PHONE_NUMBER", "alert_info": {} } });
    let body =
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": case.source.waba, "changes": [change] }] });
    assert_eq!(case.lab.webhook(&body, "valid").await, 200);
    let of_source = |event: &Value| {
        event["data"]["entry_id"] == case.source.waba.as_str() && event["data"]["field"] == "account_alerts"
    };
    case.lab.event("whatsapp.webhook.received.v1", of_source).await;
    let parked = case.lab.stored(&format!("WABA#{}", case.source.waba)).await;
    let parked = parked.iter().filter(|item| item["sk"].as_s().unwrap().starts_with("PARKED#")).count();
    assert_eq!(parked, 0, "nothing waits for an account that will not be connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_of_meta_waits_with_a_sentence_and_goes_on_afterwards() {
    let case = case(&json!({ "pin": "123456" })).await;
    let lab = &case.lab;
    let id = case.begin().await;
    let blocked = case.until(&id, "blocked").await;
    assert_eq!((&blocked["code"], &blocked["who_acts"]), (&json!("graph.100.2388001"), &json!("customer")));
    assert!(blocked["message"].as_str().unwrap().contains("Switch it off"));
    lab.event("whatsapp.move.blocked.v1", |event| event["data"]["code"] == "graph.100.2388001").await;
    let source = case.source.body["phone_number_id"].as_str().unwrap();
    lab.simulate(&format!("phones/{source}"), &json!({ "no_pin": true, "name_status": "PENDING_REVIEW" })).await;
    assert_eq!(case.post(&id, "resume", &json!({})).await.status, 202);
    let named = async || {
        let moving = lab.platform_get(&format!("/v1/moves/{id}")).await.json();
        (moving["code"] == "name_approved").then_some(moving)
    };
    assert_eq!(lab.eventually("the name is requested", named).await["state"], "blocked");
    lab.simulate(&format!("phones/{source}"), &json!({ "name_status": "APPROVED" })).await;
    assert_eq!(
        lab.platform_post("/v1/moves", &case.wish().await).await.json()["move_id"],
        id.as_str(),
        "the same migration continues"
    );
    case.until(&id, "awaiting_code").await;
    assert_eq!(lab.calls("POST", "/phone_numbers").await, 2, "refused once, added once");
    case.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_business_does_not_migrate() {
    let case = case(&json!({ "business_id": null })).await;
    let id = case.begin().await;
    let blocked = case.until(&id, "blocked").await;
    assert_eq!(blocked["code"], "same_business");
    assert_eq!(case.lab.calls("POST", "/phone_numbers").await, 0, "no call to Meta that cannot succeed");
    let bearer = format!("Bearer {}", case.lab.stack.endpoints().platform_token);
    let url = case.lab.api(&format!("/v1/moves/{id}"));
    let given_up = case.lab.send("DELETE", &url, &[("authorization", &bearer)], b"").await;
    assert_eq!((given_up.status, &given_up.json()["state"]), (202, &json!("cancelled")));
    case.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_responses_of_a_migration_are_recovered_by_reading_from_meta() {
    let case = case(&json!({})).await;
    let lab = &case.lab;
    let lose = async |path: &str| {
        lab.simulate("faults", &json!({ "method": "POST", "path": path, "effect": { "kind": "drop_after" } })).await;
    };
    lose("/phone_numbers").await;
    let id = case.begin().await;
    let due = async || {
        lab.age_move(&id, 100).await;
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        let moving = lab.platform_get(&format!("/v1/moves/{id}")).await.json();
        (moving["state"] == "awaiting_code").then_some(moving)
    };
    let waiting = lab.eventually("the number is found in the list", due).await;
    assert_eq!(lab.calls("POST", "/phone_numbers").await, 1, "added once");
    lose("/request_code").await;
    let sent = case.post(&id, "code", &json!({})).await.json();
    assert_eq!((&sent["state"], &sent["code"]), (&json!("code_sent"), &json!("move.code_maybe_sent")));
    lose("/verify_code").await;
    let code = case.code(&waiting).await;
    let verified = case.post(&id, "verify", &json!({ "code": code })).await.json();
    assert_eq!(verified["state"], "registering", "it is read back: {verified}");
    case.until(&id, "done").await;
    assert_eq!(lab.calls("POST", "/verify_code").await, 1);
    case.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_limited_before_meta_locks_the_number() {
    let case = case(&json!({})).await;
    let id = case.begin().await;
    case.until(&id, "awaiting_code").await;
    let early = case.post(&id, "verify", &json!({ "code": "123456" })).await;
    assert_eq!((early.status, &early.json()["code"]), (409, &json!("move.no_code_asked")));
    assert_eq!(case.post(&id, "code", &json!({})).await.status, 202);
    let again = case.post(&id, "code", &json!({})).await;
    assert_eq!((again.status, &again.json()["code"]), (429, &json!("move.codes_used_up")));
    assert!(
        again.json()["retry_at"].is_string() && again.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0)
    );
    for _ in 0..5 {
        assert_eq!(case.post(&id, "verify", &json!({ "code": "000000" })).await.status, 202);
    }
    let sixth = case.post(&id, "verify", &json!({ "code": "000000" })).await;
    assert_eq!((sixth.status, &sixth.json()["code"]), (429, &json!("move.entries_used_up")));
    assert!(sixth.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 80_000), "a day: {}", sixth.json());
    assert_eq!(case.lab.calls("POST", "/verify_code").await, 5);
    case.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_migration_is_refused_before_anything_is_stored_or_called() {
    let case = case(&json!({})).await;
    let lab = &case.lab;
    let wish = case.wish().await;
    for (name, value, code) in [
        ("onboarding_id", json!("x"), "id_invalid"),
        ("onboarding_id", json!(null), "onboarding_missing"),
        ("country_code", json!("0"), "phone_number_invalid"),
        ("phone_number", json!("drop table"), "phone_number_invalid"),
        ("phone_number", json!("+1 631"), "phone_number_invalid"),
        ("verified_name", json!("A"), "bad_value"),
        ("source_waba_id", json!("12/../me"), "id_invalid"),
        ("extra", json!(1), "unknown_field"),
    ] {
        let mut body = wish.clone();
        body[name] = value;
        let answer = lab.platform_post("/v1/moves", &body).await;
        assert_eq!((answer.status, &answer.json()["code"]), (400, &json!(code)), "{name}");
    }
    assert_eq!(lab.platform_get("/v1/moves/mov_01jd0000000000000000000000").await.status, 404);
    assert_eq!(lab.platform_get("/v1/moves").await.json(), json!({ "moves": [] }));
    assert_eq!(lab.calls("POST", "/phone_numbers").await, 0);
    case.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_on_its_way_is_not_registered_before_its_owner_proved_to_have_it() {
    let lab = Lab::start().await;
    let (_, target, onboarding) = lab.signed_up("acme", &json!({ "event": "FINISH_ONLY_WABA", "numbers": 0 })).await;
    lab.until(&onboarding, "waiting").await;
    let source = lab.popup(&json!({ "business_id": target.body["business_id"] })).await;
    lab.simulate(&format!("wabas/{}", target.waba), &json!({ "grant": source.waba })).await;
    let there = source.body["phone_number_id"].as_str().unwrap().to_owned();
    lab.simulate(&format!("phones/{there}"), &json!({ "status": "CONNECTED" })).await;
    let case = Case { lab, onboarding, target, source };
    let id = case.begin().await;
    let waiting = case.until(&id, "awaiting_code").await;
    case.lab.platform_post(&format!("/v1/onboardings/{}/resume", case.onboarding), &json!({})).await;
    let asked = async || {
        let record = case.lab.onboarding(&case.onboarding).await;
        (record["code"] == "graph.133006").then_some(())
    };
    case.lab.eventually("it waits for the owner's verification", asked).await;
    assert_eq!(case.lab.calls("POST", "/register").await, 0, "no attempt is spent");
    the_owner_proves_it(&case, &id, &waiting).await;
    case.until(&id, "done").await;
    assert_eq!(case.lab.calls("POST", "/register").await, 1);
    case.lab.until(&case.onboarding, "ready").await;
    case.lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_the_old_account_does_not_touch_the_new_one() {
    let case = case(&json!({})).await;
    let id = case.begin().await;
    let waiting = case.until(&id, "awaiting_code").await;
    the_owner_proves_it(&case, &id, &waiting).await;
    case.until(&id, "done").await;
    let info = json!({ "waba_id": case.source.waba, "owner_business_id": case.source.body["business_id"] });
    let change = json!({ "field": "account_update", "value": { "event": "PARTNER_REMOVED", "waba_info": info } });
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "9", "time": 1_795_000_000, "changes": [change] }] });
    assert_eq!(case.lab.webhook(&body, "valid").await, 200);
    let removed = |event: &Value| event["data"]["value"]["event"] == "PARTNER_REMOVED";
    case.lab.event("whatsapp.webhook.received.v1", removed).await;
    case.lab.quiet().await;
    assert_eq!(case.lab.onboarding(&case.onboarding).await["state"], "ready");
    case.lab.stop().await;
}
