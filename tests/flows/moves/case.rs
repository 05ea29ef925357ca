//! A number at another provider, and the customer it migrates to.

use integration::{Lab, Popup};
use local::Answer;
use serde_json::{Value, json};

/// A connected customer with a payment method, and its number at another provider.
pub(crate) struct Case {
    pub(crate) lab: Lab,
    pub(crate) onboarding: String,
    pub(crate) target: Popup,
    pub(crate) source: Popup,
}

pub(crate) async fn case(source: &Value) -> Case {
    let lab = Lab::start().await;
    let (_, target, onboarding) = lab.signed_up("acme", &json!({})).await;
    lab.until(&onboarding, "ready").await;
    let mut elsewhere = json!({ "business_id": target.body["business_id"] });
    elsewhere.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
    let source = lab.popup(&elsewhere).await;
    lab.simulate(&format!("wabas/{}", target.waba), &json!({ "grant": source.waba })).await;
    let phone = source.body["phone_number_id"].as_str().unwrap().to_owned();
    let earned = json!({ "quality": "GREEN", "limit": "TIER_10K", "official": true });
    lab.simulate(&format!("phones/{phone}"), &json!({ "status": "CONNECTED", "standing": earned })).await;
    Case { lab, onboarding, target, source }
}

impl Case {
    pub(crate) async fn phone(&self, id: &str) -> Value {
        self.lab.simulator("state").await["phones"][id].clone()
    }

    pub(crate) async fn wish(&self) -> Value {
        let source = self.source.body["phone_number_id"].as_str().unwrap();
        let display = self.phone(source).await["display_phone_number"].as_str().unwrap().to_owned();
        json!({
            "onboarding_id": self.onboarding, "country_code": "1", "phone_number": display.replace("+1 ", ""),
            "source_waba_id": self.source.waba, "source_phone_number_id": source,
        })
    }

    pub(crate) async fn begin(&self) -> String {
        let begun = self.lab.platform_post("/v1/moves", &self.wish().await).await;
        assert_eq!(begun.status, 202, "{}", begun.json());
        begun.json()["move_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn until(&self, id: &str, state: &str) -> Value {
        let reached = async || {
            let moving = self.lab.platform_get(&format!("/v1/moves/{id}")).await.json();
            Some(moving).filter(|moving| moving["state"] == state)
        };
        self.lab.eventually(&format!("{id} is {state}"), reached).await
    }

    pub(crate) async fn post(&self, id: &str, what: &str, body: &Value) -> Answer {
        self.lab.platform_post(&format!("/v1/moves/{id}/{what}"), body).await
    }

    pub(crate) async fn code(&self, moving: &Value) -> String {
        let phone = moving["phone_number_id"].as_str().unwrap();
        self.phone(phone).await["arrival"]["code"].as_str().unwrap().to_owned()
    }
}
