//! Faults in single calls, flow by flow, and in pairs of calls.

use crate::journey::Journey;
use crate::matrix::{Share, all_of_it, matrix, services};
use crate::pairs;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_signup_to_meta_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Signup, services(&["graph"]), 1, Share::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_signup_to_the_table_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Signup, services(&["dynamodb"]), 2, Share::Third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_signup_to_vault_and_queues_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Signup, services(&["sqs", "secretsmanager"]), 2, Share::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_an_exit_to_meta_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Exit, services(&["graph"]), 1, Share::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_an_exit_to_table_vault_and_queues_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Exit, services(&["dynamodb", "sqs", "secretsmanager"]), 2, Share::Third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_second_number_to_meta_and_vault_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::SecondNumber, services(&["graph", "secretsmanager"]), 1, Share::Third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_signup_without_a_browser_tolerates_loss_refusal_duplication_and_crashes() {
    let fetching = |call: &str| call.contains("system_user_access_tokens") || call.contains("debug_token");
    let stored = |call: &str| call.starts_with("secretsmanager") || call.starts_with("sqs");
    matrix(Journey::Announced, move |call: &str| fetching(call) || stored(call), 1, Share::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_for_the_data_of_a_business_app_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Coexistence, |call: &str| call.contains("smb_app_data"), 1, Share::Whole).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_message_and_its_second_attempt_tolerates_loss_refusal_duplication_and_crashes() {
    // A repeated read changes nothing; faults are injected into reads in full runs only.
    let reads =
        |call: &str| call == "dynamodb GetItem" || call == "dynamodb Query" || call.starts_with("secretsmanager");
    matrix(Journey::Message, move |call: &str| all_of_it() || !reads(call), 1, Share::Third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_of_a_message_that_waits_for_a_reply_tolerates_a_crash() {
    let writes = |call: &str| call == "dynamodb PutItem" || call == "dynamodb TransactWriteItems";
    matrix(Journey::Reply, writes, 1, Share::Crashes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_a_migration_to_meta_tolerates_loss_refusal_duplication_and_crashes() {
    matrix(Journey::Move, services(&["graph"]), 1, Share::Third).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_write_of_a_migration_tolerates_loss_refusal_duplication_and_crashes() {
    let writes = |call: &str| call == "dynamodb PutItem" || call == "dynamodb TransactWriteItems";
    matrix(Journey::Move, move |call: &str| all_of_it() || writes(call), 1, Share::Third).await;
}

/// Outside of CI: `FAULT_PAIRS=1000 cargo test -p integration --test faults pairs`.
#[tokio::test(flavor = "multi_thread")]
async fn pairs_of_faults_are_recovered_from_like_single_ones() {
    let pairs = std::env::var("FAULT_PAIRS").ok().and_then(|pairs| pairs.parse().ok());
    pairs::sampled(pairs.unwrap_or(24)).await;
}
