//! `--data`: state survives a restart.

use integration::Lab;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_that_saves_its_data_continues_where_it_stopped() {
    let directory = tempfile::tempdir().unwrap();
    let lab = Lab::start_persistent(directory.path()).await;
    lab.stack.set_mapping("OnboardingQueue", false);
    let (_, popup, id) = lab.signed_up("acme", &json!({})).await;
    lab.stop().await;
    let lab = Lab::start_persistent(directory.path()).await;
    assert_eq!(
        lab.until(&id, "ready").await["waba_id"],
        popup.waba,
        "the job, the token and the simulated Meta were saved"
    );
    let (_, second, other) = lab.signed_up("globex", &json!({})).await;
    assert_ne!(second.waba, popup.waba, "the simulated Meta gives no id twice");
    lab.until(&other, "ready").await;
    assert_eq!(lab.stack.fire("TemplatePollFunction", "Poll").await.unwrap()["queued"], 2);
    lab.stop().await;
}
