//! One record per account: a second number, a renewed permission, an account that Meta announced.

use integration::{Lab, soon};
use serde_json::{Value, json};

async fn details(lab: &Lab, id: &str) -> Value {
    lab.platform_get(&format!("/v1/onboardings/{id}")).await.json()
}

fn tokens(lab: &Lab) -> usize {
    lab.stack.secrets().snapshot().to_string().matches("/business-token/").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_number_joins_the_same_record() {
    let lab = Lab::start().await;
    let (_, popup, first) = lab.signed_up("acme", &json!({})).await;
    lab.until(&first, "ready").await;
    let kept = tokens(&lab);
    let (session, added, second) = lab.signed_up("acme", &json!({ "waba_id": popup.waba, "new_number": true })).await;
    let both = async || {
        let record = lab.onboarding(&first).await;
        (record["state"] == "ready" && record["phone_number_ids"].as_array()?.len() == 2).then_some(record)
    };
    let record = lab.eventually("both numbers are in the first record", both).await;
    assert!(record["phone_number_ids"].as_array().unwrap().contains(&added.body["phone_number_id"]));
    let ended = lab.until(&second, "left").await;
    assert_eq!(ended["joined"], first.as_str());
    assert_eq!(lab.status(&session).await["state"], "ready", "the customer sees the record it joined");
    let repeated = lab.callback(&session, &added).await;
    assert_eq!((repeated.status, repeated.json()["onboarding_id"].clone()), (202, json!(first)));
    let state = lab.simulator("state").await;
    let connected = state["phones"].as_object().unwrap().values().filter(|phone| phone["status"] == "CONNECTED");
    assert_eq!(connected.count(), 2);
    assert_eq!(lab.calls("POST", "/whatsapp_credit_sharing_and_attach").await, 1, "the line is shared once");
    let one_token = async || (tokens(&lab) == kept).then_some(());
    lab.eventually("the replaced token is destroyed", one_token).await;
    let published = lab.events_of("whatsapp.onboarding.left.v1").await;
    assert!(published.is_empty(), "no customer left: {published:?}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_popup_does_not_name_is_the_one_that_is_new() {
    let lab = Lab::start().await;
    let (_, popup, first) = lab.signed_up("acme", &json!({})).await;
    lab.until(&first, "ready").await;
    let quiet = json!({ "waba_id": popup.waba, "new_number": true, "names_number": false });
    lab.signed_up("acme", &quiet).await;
    let both = async || (details(&lab, &first).await["numbers"].as_array()?.len() == 2).then_some(());
    lab.eventually("both numbers are in the record", both).await;
    lab.until(&first, "ready").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_permission_is_renewed_by_another_signup_and_number_and_history_stay() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.simulate(&format!("wabas/{}/revoke", popup.waba), &json!({})).await;
    lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap();
    let dead = lab.until(&id, "reauthorise").await;
    assert_eq!((dead["who_acts"].as_str(), dead["waba_id"].as_str()), (Some("customer"), Some(popup.waba.as_str())));
    let before = details(&lab, &id).await["timeline"].as_array().unwrap().len();
    lab.signed_up("acme", &json!({ "waba_id": popup.waba })).await;
    let record = lab.until(&id, "ready").await;
    assert_eq!(record["phone_number_ids"].as_array().unwrap().len(), 1);
    assert!(details(&lab, &id).await["timeline"].as_array().unwrap().len() > before, "one history");
    assert_eq!(lab.calls("POST", "/register").await, 1, "a number that is connected is not registered again");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_numbers_are_asked_about_and_the_platform_chooses() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({ "numbers": 2, "names_number": false })).await;
    let asked = lab.until(&id, "waiting").await;
    assert_eq!((asked["waiting_for"].as_str(), asked["code"].as_str()), (Some("choice"), Some("number.several")));
    let steps = details(&lab, &id).await["steps"].clone();
    let options =
        steps.as_array().unwrap().iter().find(|step| step["name"] == "find_number").unwrap()["options"].clone();
    assert_eq!(options.as_array().unwrap().len(), 2);
    assert_eq!(lab.calls("POST", "/register").await, 0, "nothing is guessed");
    let resume = format!("/v1/onboardings/{id}/resume");
    let foreign = lab.platform_post(&resume, &json!({ "phone_number_id": "999" })).await;
    assert_eq!((foreign.status, &foreign.json()["code"]), (409, &json!("no_such_option")));
    let bad = lab.platform_post(&resume, &json!({ "phone_number_id": "12/../me" })).await;
    assert_eq!((bad.status, &bad.json()["field"]), (400, &json!("phone_number_id")));
    let chosen = lab.platform_post(&resume, &json!({ "phone_number_id": options[1] })).await;
    assert_eq!(chosen.status, 202);
    let record = lab.until(&id, "ready").await;
    assert_eq!(record["phone_number_ids"], json!([options[1]]));
    let state = lab.simulator("state").await;
    let phones = state["wabas"][&popup.waba]["phones"].as_array().unwrap().clone();
    let connected = phones.iter().filter(|id| state["phones"][id.as_str().unwrap()]["status"] == "CONNECTED");
    assert_eq!(connected.count(), 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_accounts_are_asked_about_and_the_platform_chooses() {
    let lab = Lab::start().await;
    let other = lab.popup(&json!({})).await;
    let vague = json!({ "business_id": other.body["business_id"], "also": [other.waba], "names_account": false, "names_number": false });
    let (_, popup, id) = lab.signed_up("acme", &vague).await;
    let asked = lab.until(&id, "waiting").await;
    assert_eq!(asked["code"], "grant.several_accounts");
    let resume = format!("/v1/onboardings/{id}/resume");
    assert_eq!(lab.platform_post(&resume, &json!({ "waba_id": popup.waba })).await.status, 202);
    let record = lab.until(&id, "ready").await;
    assert_eq!(record["waba_id"], popup.waba.as_str());
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_of_another_customer_is_held_and_the_owner_notices_nothing() {
    let lab = Lab::start().await;
    let (_, popup, first) = lab.signed_up("acme", &json!({})).await;
    lab.until(&first, "ready").await;
    let (_, _, second) = lab.signed_up("thief", &json!({ "waba_id": popup.waba })).await;
    let held = lab.until(&second, "held").await;
    assert_eq!(held["code"], "grant.bound_elsewhere");
    assert_eq!(lab.onboarding(&first).await["customer_ref"], "acme");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hosted_signup_without_a_browser_is_begun_by_metas_announcement() {
    for announced_as in ["PARTNER_ADDED", "PARTNER_APP_INSTALLED"] {
        let lab = Lab::start().await;
        let popup = lab.popup(&json!({ "announced_as": announced_as })).await;
        let id = announced(&lab, &popup.waba).await;
        let record = lab.until(&id, "ready").await;
        let business = popup.body["business_id"].as_str().unwrap();
        assert_eq!(record["customer_ref"], format!("meta:{business}"));
        assert_eq!(record["waba_id"], popup.waba.as_str());
        assert_eq!(lab.calls("GET", "/oauth/access_token").await, 0, "there was no code");
        lab.stop().await;
    }
}

/// Waits until the announcement is stored, lets its time pass, and returns the onboarding that it starts.
pub(crate) async fn announced(lab: &Lab, waba: &str) -> String {
    let stored = async || {
        let items = lab.stored(&format!("WABA#{waba}")).await;
        items.iter().any(|item| item["sk"].as_s().is_ok_and(|sk| sk == "PARTNER")).then_some(())
    };
    lab.eventually("the announcement is stored", stored).await;
    assert_eq!(lab.stack.fire("SweeperFunction", "Sweep").await.unwrap()["enqueued"], 0, "a browser gets its time");
    lab.age_announcement(waba, 700).await;
    assert_eq!(lab.stack.fire("SweeperFunction", "Sweep").await.unwrap()["enqueued"], 1);
    let begun = async || {
        for state in ["exchanging", "onboarding", "ready", "waiting"] {
            let listed = lab.platform_get(&format!("/v1/onboardings?state={state}")).await.json();
            // Beside those of customers, who have references of their own.
            let unclaimed = |it: &&Value| it["customer_ref"].as_str().is_some_and(|it| it.starts_with("meta:"));
            if let Some(begun) = listed["onboardings"].as_array()?.iter().find(unclaimed) {
                return begun["id"].as_str().map(str::to_owned);
            }
        }
        None
    };
    lab.eventually("an onboarding has started", begun).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclaimed_account_becomes_the_customers_who_proves_to_have_it() {
    let lab = Lab::start().await;
    let popup = lab.popup(&json!({})).await;
    let id = announced(&lab, &popup.waba).await;
    lab.until(&id, "ready").await;
    lab.signed_up("acme", &json!({ "waba_id": popup.waba })).await;
    let claimed = async || (lab.onboarding(&id).await["customer_ref"] == "acme").then_some(());
    lab.eventually("the record is the customer's", claimed).await;
    lab.until(&id, "ready").await;
    let own = lab.platform_get("/v1/onboardings?customer_ref=acme").await.json();
    assert!(own["onboardings"].as_array().unwrap().iter().any(|record| record["id"] == id.as_str()));
    let (_, _, thief) = lab.signed_up("thief", &json!({ "waba_id": popup.waba })).await;
    lab.until(&thief, "held").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signup_with_a_browser_leaves_nothing_for_the_announcement_to_begin() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.event("whatsapp.onboarding.ready.v1", |_| true).await;
    lab.quiet().await;
    lab.age_announcement(&popup.waba, 700).await;
    lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
    let nothing_more =
        async || (lab.stack.fire("SweeperFunction", "Sweep").await.unwrap()["enqueued"] == 0).then_some(());
    lab.eventually("the announcement is closed", nothing_more).await;
    let all = lab.platform_get("/v1/onboardings").await.json();
    assert_eq!(all["onboardings"].as_array().unwrap().len(), 1);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_platforms_own_reference_cannot_look_like_an_unclaimed_one() {
    let lab = Lab::start().await;
    let refused = lab.platform_post("/v1/sessions", &json!({ "customer_ref": "meta:77" })).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("bad_value")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_connects_again_finds_its_business_filled_in() {
    let lab = Lab::start().await;
    let page = async |customer: &str| {
        let session = lab.session(customer).await;
        String::from_utf8_lossy(&lab.client.get(&session.url, &[]).await.unwrap().body).into_owned()
    };
    assert!(!page("acme").await.contains(r#""setup""#));
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let business = popup.body["business_id"].as_str().unwrap();
    assert!(page("acme").await.contains(&format!(r#""setup":{{"business":{{"id":{business}}}}}"#)));
    assert!(!page("other").await.contains(business));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_announcement_does_not_reconnect_a_customer_that_has_left_and_a_new_one_does() {
    let lab = Lab::start().await;
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    let late = soon() - 4;
    lab.eventually("some seconds have passed", async || (soon() - 5 > late + 2).then_some(())).await;
    lab.platform_delete(&format!("/v1/onboardings/{id}")).await;
    lab.until(&id, "left").await;
    let info = json!({ "waba_id": popup.waba, "owner_business_id": popup.body["business_id"] });
    let change = json!({ "field": "account_update", "value": { "event": "PARTNER_ADDED", "waba_info": info } });
    for (time, onboardings) in [(late, 1), (soon(), 2)] {
        let entry = json!({ "id": "9", "time": time, "changes": [change] });
        let body = json!({ "object": "whatsapp_business_account", "entry": [entry] });
        assert_eq!(lab.webhook(&body, "valid").await, 200);
        lab.quiet().await;
        lab.age_announcement(&popup.waba, 700).await;
        lab.stack.fire("SweeperFunction", "Sweep").await.unwrap();
        lab.quiet().await;
        let all = lab.platform_get("/v1/onboardings").await.json();
        assert_eq!(all["onboardings"].as_array().unwrap().len(), onboardings, "{all}");
    }
    lab.stop().await;
}
