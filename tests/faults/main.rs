//! Every call of every function, spoiled in every way, one at a time: what is promised holds all the same.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a test, and its matrix")]

mod customer;
mod matrix;

use matrix::matrix;

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_meta_may_be_lost_refused_doubled_or_the_last_of_a_process() {
    matrix(|call| call.starts_with("graph "), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_the_table_may_be_lost_refused_doubled_or_the_last_of_a_process() {
    matrix(|call| call.starts_with("dynamodb "), 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_to_vault_and_queues_may_be_lost_refused_doubled_or_the_last_of_a_process() {
    matrix(|call| call.starts_with("sqs ") || call.starts_with("secretsmanager "), 2).await;
}
