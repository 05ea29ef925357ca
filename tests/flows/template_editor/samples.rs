//! Sample files of media headers: uploaded, used once, and taken along by copies and edits.

use super::{decided, listed, path, ready, send, until};
use integration::Lab;
use local::Answer;
use serde_json::{Value, json};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nsample";

async fn upload(lab: &Lab, id: &str, content_type: &str, file: &[u8]) -> Answer {
    let bearer = format!("Bearer {}", lab.stack.endpoints().platform_token);
    let headers = [("authorization", bearer.as_str()), ("content-type", content_type)];
    lab.send("POST", &lab.api(&format!("/v1/onboardings/{id}/template-samples")), &headers, file).await
}

async fn handle(lab: &Lab, id: &str, content_type: &str) -> String {
    let uploaded = upload(lab, id, content_type, PNG).await;
    assert_eq!(uploaded.status, 201, "{}", uploaded.json());
    uploaded.json()["handle"].as_str().unwrap().to_owned()
}

fn with_image(name: &str, sample: &str) -> Value {
    json!({ "name": name, "language": "en_US", "category": "MARKETING", "components": [
        { "type": "header", "format": "image", "example": { "header_handle": [sample] } },
        { "type": "body", "text": "Look at what is new with us today." },
    ] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_is_uploaded_and_what_meta_takes_no_sample_of_is_refused() {
    let lab = Lab::start().await;
    let (_, id) = ready(&lab, "acme").await;
    let uploaded = upload(&lab, &id, "image/png", PNG).await;
    assert_eq!((uploaded.status, &uploaded.json()["bytes"]), (201, &json!(PNG.len())), "{}", uploaded.json());
    let sample = json!({ "content_type": "image/jpeg", "data": "/9j/4AAQ" }).to_string();
    assert_eq!(upload(&lab, &id, "application/json", sample.as_bytes()).await.status, 201);
    let large = vec![7; 4 * 1024 * 1024 + 1];
    for (content_type, file, status, code) in [
        ("image/webp", PNG, 415, "content_type"),
        ("image/png", b"", 400, "sample.empty"),
        ("image/png", &large[..], 413, "too_large"),
        ("application/json", br#"{"content_type":"image/gif","data":""}"#, 415, "content_type"),
        ("application/json", br#"{"content_type":"image/png","data":"?"}"#, 400, "bad_type"),
    ] {
        let answer = upload(&lab, &id, content_type, file).await;
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)), "{content_type}");
    }
    let whole = vec![7; 4 * 1024 * 1024];
    assert_eq!(upload(&lab, &id, "video/mp4", &whole).await.status, 201, "the limit itself fits Lambda's");
    assert_eq!(upload(&lab, "onb_00000000000000000000000000", "image/png", PNG).await.status, 404);
    let of_another_app = json!({ "code": 100, "error_subcode": 33, "message": "Unsupported request." });
    let fault = json!({ "method": "POST", "path": "/uploads",
        "effect": { "kind": "answer", "status": 400, "body": { "error": of_another_app } } });
    lab.simulate("faults", &fault).await;
    let refused = upload(&lab, &id, "image/png", PNG).await;
    assert_eq!((refused.status, &refused.json()["meta"]["subcode"]), (422, &json!(33)), "{}", refused.json());
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_takes_a_handle_and_no_address_and_no_media_id() {
    let lab = Lab::start().await;
    let (popup, id) = ready(&lab, "acme").await;
    for (sample, code) in
        [("https://example.com/a.png", "header.sample_address"), ("1234567890", "header.sample_media_id")]
    {
        let answer = lab.platform_post(&path(&id, ""), &with_image("spring", sample)).await;
        assert_eq!((answer.status, &answer.json()["findings"][0]["code"]), (422, &json!(code)));
        assert!(answer.json()["findings"][0]["message"].as_str().unwrap().contains("template-samples"));
    }
    assert_eq!(lab.calls("POST", "/message_templates").await, 0);
    let sample = handle(&lab, &id, "image/png").await;
    let created = lab.platform_post(&path(&id, ""), &with_image("spring", &sample)).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let shown = lab.platform_get(&path(&id, "/spring/en_US")).await.json();
    let address = shown["components"][0]["example"]["header_handle"][0].as_str().unwrap().to_owned();
    assert!(address.starts_with("http"), "Meta shows its own copy: {address}");
    // An edit of what was read takes the sample along.
    decided(&lab, &popup, &created.json(), &json!({ "status": "APPROVED" })).await;
    until(&lab, &id, "spring", |template| template["colour"] == "green").await;
    let edit = json!({ "components": shown["components"] });
    let edited = send(&lab, "PATCH", &path(&id, "/spring/en_US"), &edit).await;
    assert_eq!(edited.status, 202, "{}", edited.json());
    assert_eq!(lab.calls("POST", "/uploads").await, 2);
    let old = with_image("late", &handle(&lab, &id, "image/png").await);
    lab.simulate("clock", &json!({ "advance_seconds": 25 * 3600 })).await;
    let expired = lab.platform_post(&path(&id, ""), &old).await;
    let meta = &expired.json()["meta"];
    assert_eq!((&meta["code"], &meta["subcode"]), (&json!(131_009), &json!(2_494_102)), "{}", expired.json());
    assert_eq!((expired.status, &expired.json()["retry"]), (422, &json!("later")));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_takes_its_samples_along_to_another_customer() {
    let lab = Lab::start().await;
    let (_, one) = ready(&lab, "one").await;
    let (_, two) = ready(&lab, "two").await;
    let mut cards = Vec::new();
    for _ in 0..2 {
        let sample = handle(&lab, &one, "image/png").await;
        cards.push(json!({ "components": [
            { "type": "header", "format": "image", "example": { "header_handle": [sample] } },
            { "type": "body", "text": "A lamp for your desk." },
            { "type": "buttons", "buttons": [{ "type": "quick_reply", "text": "More" }] },
        ] }));
    }
    let mut offer = with_image("lamps", "");
    let body = offer["components"][1].clone();
    offer["components"] = json!([body, { "type": "carousel", "cards": cards }]);
    let created = lab.platform_post(&path(&one, ""), &offer).await;
    assert_eq!(created.status, 201, "{}", created.json());
    let copy = json!({ "name": "lamps_too", "onboarding_id": two });
    let copied = lab.platform_post(&path(&one, "/lamps/en_US/copy"), &copy).await;
    assert_eq!(copied.status, 201, "{}", copied.json());
    assert!(listed(&lab, &two, "lamps_too").await.is_some());
    assert_eq!(lab.calls("POST", "/uploads").await, 4, "each file was uploaded again");
    // Meta's copy is gone: the address has expired.
    lab.simulate("clock", &json!({ "advance_seconds": 15 * 24 * 3600 })).await;
    let gone = lab.platform_post(&path(&one, "/lamps/en_US/copy"), &json!({ "language": "de" })).await;
    assert_eq!((gone.status, &gone.json()["code"]), (422, &json!("sample.gone")), "{}", gone.json());
    assert!(gone.json()["title"].as_str().unwrap().contains("sample"));
    lab.stop().await;
}
