//! Batches: rules for the whole batch, failures of single entries.

use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry, SendMessageBatchRequestEntry,
    SendMessageBatchResultEntry,
};

use crate::endpoint::{Aws, contract};
use crate::sqs_queues::queue;

fn entry(id: &str, body: &str) -> SendMessageBatchRequestEntry {
    SendMessageBatchRequestEntry::builder().id(id).message_body(body).build().unwrap()
}

/// Sends `count` messages, receives them and returns their handles.
async fn received(aws: &Aws, url: &str, count: usize) -> Vec<String> {
    let entries = (0..count).map(|id| entry(&id.to_string(), "x")).collect();
    aws.sqs.send_message_batch().queue_url(url).set_entries(Some(entries)).send().await.unwrap();
    let request = aws.sqs.receive_message().queue_url(url).max_number_of_messages(10);
    request.send().await.unwrap().messages.unwrap().into_iter().map(|m| m.receipt_handle.unwrap()).collect()
}

contract! {
    async fn a_batch_has_one_to_ten_entries(aws) {
        let url = queue(&aws, &[]).await;
        let send = |count: usize| {
            let entries = (0..count).map(|id| entry(&id.to_string(), "x")).collect();
            aws.sqs.send_message_batch().queue_url(&url).set_entries(Some(entries)).send()
        };
        assert_eq!(send(10).await.unwrap().successful().len(), 10);
        assert!(send(11).await.unwrap_err().into_service_error().is_too_many_entries_in_batch_request());
        assert!(send(0).await.unwrap_err().into_service_error().is_empty_batch_request());
    }

    async fn batch_ids_are_distinct_and_well_formed(aws) {
        let url = queue(&aws, &[]).await;
        let twice = aws.sqs.send_message_batch().queue_url(&url).entries(entry("a", "x")).entries(entry("a", "y"));
        assert!(twice.send().await.unwrap_err().into_service_error().is_batch_entry_ids_not_distinct());
        for id in ["a:b", "", &"x".repeat(81)] {
            let odd = aws.sqs.send_message_batch().queue_url(&url).entries(entry(id, "x")).send().await;
            assert!(odd.unwrap_err().into_service_error().is_invalid_batch_entry_id(), "{id}");
        }
    }

    async fn one_bad_message_does_not_keep_the_others_of_a_batch(aws) {
        let url = queue(&aws, &[]).await;
        let sent = aws.sqs.send_message_batch().queue_url(&url)
            .entries(entry("good", "x")).entries(entry("bad", "a\0b")).send().await.unwrap();
        assert_eq!(sent.successful().iter().map(SendMessageBatchResultEntry::id).collect::<Vec<_>>(), ["good"]);
        assert_eq!(sent.successful()[0].md5_of_message_body(), "9dd4e461268c8034f5c8564e155c67a6");
        let failed = &sent.failed()[0];
        assert_eq!((failed.id(), failed.code(), failed.sender_fault()), ("bad", "InvalidMessageContents", true));
    }

    async fn an_excessive_delay_fails_its_entry_only(aws) {
        let url = queue(&aws, &[]).await;
        let late = SendMessageBatchRequestEntry::builder().id("late").message_body("x").delay_seconds(901);
        let sent = aws.sqs.send_message_batch().queue_url(&url)
            .entries(entry("good", "x")).entries(late.build().unwrap()).send().await.unwrap();
        assert_eq!((sent.successful().len(), sent.failed()[0].code()), (1, "InvalidParameterValue"));
    }

    async fn the_messages_of_a_batch_have_one_mebibyte_together(aws) {
        let url = queue(&aws, &[]).await;
        let half = "x".repeat(524_288);
        let send = |last: &str| {
            let batch = aws.sqs.send_message_batch().queue_url(&url);
            batch.entries(entry("1", &half)).entries(entry("2", last)).send()
        };
        assert_eq!(send(&half).await.unwrap().successful().len(), 2);
        let refused = send(&format!("{half}x")).await;
        assert!(refused.unwrap_err().into_service_error().is_batch_request_too_long());
    }

    async fn a_batch_deletes_what_it_can(aws) {
        let url = queue(&aws, &[]).await;
        let handles = received(&aws, &url, 2).await;
        let entry = |id: &str, handle: &str| {
            DeleteMessageBatchRequestEntry::builder().id(id).receipt_handle(handle).build().unwrap()
        };
        let deleted = aws.sqs.delete_message_batch().queue_url(&url).entries(entry("1", &handles[0]))
            .entries(entry("2", &handles[1])).entries(entry("3", "nonsense")).send().await.unwrap();
        assert_eq!(deleted.successful().len(), 2);
        assert_eq!((deleted.failed()[0].id(), deleted.failed()[0].code()), ("3", "ReceiptHandleIsInvalid"));
    }

    async fn a_batch_changes_the_visibility_it_can(aws) {
        let url = queue(&aws, &[]).await;
        let handles = received(&aws, &url, 1).await;
        let entry = |id: &str, handle: &str| {
            let entry = ChangeMessageVisibilityBatchRequestEntry::builder().id(id).receipt_handle(handle);
            entry.visibility_timeout(0).build().unwrap()
        };
        let changed = aws.sqs.change_message_visibility_batch().queue_url(&url)
            .entries(entry("1", &handles[0])).entries(entry("2", "nonsense")).send().await.unwrap();
        assert_eq!((changed.successful().len(), changed.failed()[0].id()), (1, "2"));
        assert_eq!(aws.sqs.receive_message().queue_url(&url).send().await.unwrap().messages().len(), 1);
    }
}
