//! A long timeline is read page by page.

use integration::Lab;
use serde_json::{Value, json};

fn events(page: &Value) -> Vec<String> {
    let entries = page["timeline"].as_array().unwrap();
    entries.iter().map(|entry| entry["event"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_is_paged_from_the_newest_entries_back() {
    let lab = Lab::start().await;
    let (_, _, id) = lab.signed_up("acme", &json!({})).await;
    lab.until(&id, "ready").await;
    lab.quiet().await;
    let short = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    assert_eq!(short["timeline_cursor"], Value::Null, "a short timeline is whole");
    let begun = events(&short);
    lab.lengthen_timeline(&id, 120).await;
    let newest = lab.platform_get(&format!("/v1/onboardings/{id}")).await.json();
    assert_eq!((events(&newest).len(), events(&newest)[49].as_str()), (50, "entry_119"), "the newest, oldest first");
    let same = lab.platform_get(&format!("/v1/onboardings/{id}/timeline")).await.json();
    assert_eq!((&same["timeline"], &same["cursor"]), (&newest["timeline"], &newest["timeline_cursor"]));
    let (mut whole, mut cursor) = (events(&newest), newest["timeline_cursor"].clone());
    while let Some(before) = cursor.as_str() {
        let page = lab.platform_get(&format!("/v1/onboardings/{id}/timeline?cursor={before}")).await.json();
        assert!(events(&page).len() <= 50);
        whole = [events(&page), whole].concat();
        cursor = page["cursor"].clone();
    }
    assert_eq!((whole.len(), &whole[..begun.len()]), (120, &begun[..]), "each entry once, in chronological order");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_record_or_an_invented_one_is_refused() {
    let lab = Lab::start().await;
    let (_, _, one) = lab.signed_up("one", &json!({})).await;
    let (_, _, two) = lab.signed_up("two", &json!({})).await;
    lab.until(&one, "ready").await;
    lab.until(&two, "ready").await;
    lab.lengthen_timeline(&one, 60).await;
    let cursor = lab.platform_get(&format!("/v1/onboardings/{one}/timeline")).await.json()["cursor"].clone();
    let cursor = cursor.as_str().unwrap().to_owned();
    for (id, cursor) in [(&two, cursor.as_str()), (&one, ""), (&one, "x"), (&one, "%00"), (&one, "cmVhZHkg")] {
        let refused = lab.platform_get(&format!("/v1/onboardings/{id}/timeline?cursor={cursor}")).await;
        assert_eq!((refused.status, &refused.json()["code"]), (400, &json!("bad_parameter")), "{cursor}");
    }
    let doubled = lab.platform_get(&format!("/v1/onboardings/{one}/timeline?cursor={cursor}&cursor={cursor}")).await;
    assert_eq!(doubled.status, 400);
    assert_eq!(lab.platform_get("/v1/onboardings/onb_01jd0000000000000000000000/timeline").await.status, 404);
    lab.stop().await;
}
