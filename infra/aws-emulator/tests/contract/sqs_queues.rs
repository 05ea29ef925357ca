//! Queues: names, attributes, tags, dead letters.

use aws_sdk_sqs::types::QueueAttributeName::{
    ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed, ApproximateNumberOfMessagesNotVisible,
    DelaySeconds, MessageRetentionPeriod, QueueArn, RedrivePolicy, VisibilityTimeout,
};
use aws_sdk_sqs::types::{MessageSystemAttributeName, QueueAttributeName};

use crate::endpoint::{Aws, code, contract, unique};

/// Creates a queue and returns its URL.
pub(crate) async fn queue(aws: &Aws, attributes: &[(QueueAttributeName, &str)]) -> String {
    let mut create = aws.sqs.create_queue().queue_name(unique("contract"));
    for (name, value) in attributes {
        create = create.attributes(name.clone(), *value);
    }
    create.send().await.unwrap().queue_url.unwrap()
}

async fn attribute(aws: &Aws, url: &str, name: QueueAttributeName) -> String {
    let found = aws.sqs.get_queue_attributes().queue_url(url).attribute_names(name.clone()).send().await.unwrap();
    found.attributes.unwrap_or_default().remove(&name).unwrap_or_default()
}

/// A queue with the given `maxReceiveCount`, and its dead-letter queue.
async fn queue_with_dead_letters(aws: &Aws, max_receives: u32) -> (String, String) {
    let dead = queue(aws, &[]).await;
    let arn = attribute(aws, &dead, QueueArn).await;
    let policy = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{max_receives}}}"#);
    (queue(aws, &[(RedrivePolicy, &policy), (VisibilityTimeout, "0")]).await, dead)
}

contract! {
    async fn a_queue_is_created_once_and_found_by_name(aws) {
        let name = unique("once");
        let first = aws.sqs.create_queue().queue_name(&name).attributes(DelaySeconds, "5").send().await.unwrap();
        let again = aws.sqs.create_queue().queue_name(&name).attributes(DelaySeconds, "5").send().await.unwrap();
        let found = aws.sqs.get_queue_url().queue_name(&name).send().await.unwrap();
        assert_eq!(first.queue_url, again.queue_url);
        assert_eq!(first.queue_url, found.queue_url);
        assert!(found.queue_url.unwrap().ends_with(&format!("/000000000000/{name}")));
    }

    async fn a_taken_name_with_other_attributes_is_refused(aws) {
        let name = unique("taken");
        aws.sqs.create_queue().queue_name(&name).attributes(DelaySeconds, "5").send().await.unwrap();
        let other = aws.sqs.create_queue().queue_name(&name).attributes(DelaySeconds, "6").send().await;
        assert!(other.unwrap_err().into_service_error().is_queue_name_exists());
    }

    async fn a_queue_name_has_only_letters_digits_hyphens_and_underscores(aws) {
        for name in ["a b".to_owned(), "a/b".to_owned(), "x".repeat(81)] {
            assert_eq!(code(aws.sqs.create_queue().queue_name(name).send().await), "InvalidParameterValue");
        }
    }

    async fn an_unknown_queue_does_not_exist(aws) {
        let missing = aws.sqs.get_queue_url().queue_name(unique("missing")).send().await;
        assert!(missing.unwrap_err().into_service_error().is_queue_does_not_exist());
        let url = queue(&aws, &[]).await + "x";
        let sent = aws.sqs.send_message().queue_url(url).message_body("x").send().await;
        assert!(sent.unwrap_err().into_service_error().is_queue_does_not_exist());
    }

    async fn attributes_have_defaults_and_can_be_set(aws) {
        let url = queue(&aws, &[]).await;
        assert_eq!(attribute(&aws, &url, VisibilityTimeout).await, "30");
        assert_eq!(attribute(&aws, &url, MessageRetentionPeriod).await, "345600");
        aws.sqs.set_queue_attributes().queue_url(&url).attributes(VisibilityTimeout, "60").send().await.unwrap();
        assert_eq!(attribute(&aws, &url, VisibilityTimeout).await, "60");
        assert!(attribute(&aws, &url, QueueArn).await.starts_with("arn:aws:sqs:us-east-1:000000000000:contract-"));
    }

    async fn the_maximum_message_size_is_one_mebibyte_by_default(aws) {
        let url = queue(&aws, &[]).await;
        assert_eq!(attribute(&aws, &url, QueueAttributeName::MaximumMessageSize).await, "1048576");
    }

    async fn an_attribute_out_of_range_is_refused(aws) {
        for (name, value) in [(DelaySeconds, "901"), (VisibilityTimeout, "43201"), (MessageRetentionPeriod, "59")] {
            let refused = aws.sqs.create_queue().queue_name(unique("range")).attributes(name, value).send().await;
            assert_eq!(code(refused), "InvalidAttributeValue");
        }
    }

    async fn an_unknown_attribute_is_refused(aws) {
        let unknown = QueueAttributeName::from("Colour");
        let refused = aws.sqs.create_queue().queue_name(unique("unknown")).attributes(unknown, "red").send().await;
        assert_eq!(code(refused), "InvalidAttributeName");
    }

    async fn counts_separate_visible_in_flight_and_delayed(aws) {
        let url = queue(&aws, &[]).await;
        for delay in [0, 0, 900] {
            aws.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(delay).send().await.unwrap();
        }
        aws.sqs.receive_message().queue_url(&url).send().await.unwrap();
        assert_eq!(attribute(&aws, &url, ApproximateNumberOfMessages).await, "1");
        assert_eq!(attribute(&aws, &url, ApproximateNumberOfMessagesNotVisible).await, "1");
        assert_eq!(attribute(&aws, &url, ApproximateNumberOfMessagesDelayed).await, "1");
    }

    async fn queues_are_listed_by_prefix(aws) {
        let prefix = unique("listed");
        for suffix in ["a", "b"] {
            aws.sqs.create_queue().queue_name(format!("{prefix}-{suffix}")).send().await.unwrap();
        }
        let urls = aws.sqs.list_queues().queue_name_prefix(&prefix).send().await.unwrap().queue_urls.unwrap();
        assert_eq!(urls.len(), 2);
    }

    async fn a_purge_empties_the_queue(aws) {
        let url = queue(&aws, &[]).await;
        aws.sqs.send_message().queue_url(&url).message_body("x").send().await.unwrap();
        aws.sqs.purge_queue().queue_url(&url).send().await.unwrap();
        assert!(aws.sqs.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty());
    }

    async fn a_second_purge_within_a_minute_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        aws.sqs.purge_queue().queue_url(&url).send().await.unwrap();
        let again = aws.sqs.purge_queue().queue_url(&url).send().await;
        assert!(again.unwrap_err().into_service_error().is_purge_queue_in_progress());
    }

    async fn a_deleted_queue_is_gone(aws) {
        let url = queue(&aws, &[]).await;
        aws.sqs.delete_queue().queue_url(&url).send().await.unwrap();
        let received = aws.sqs.receive_message().queue_url(&url).send().await;
        assert!(received.unwrap_err().into_service_error().is_queue_does_not_exist());
    }

    async fn a_deleted_name_is_free_again_only_after_a_minute(aws) {
        let name = unique("deleted");
        let url = aws.sqs.create_queue().queue_name(&name).send().await.unwrap().queue_url.unwrap();
        aws.sqs.delete_queue().queue_url(url).send().await.unwrap();
        let again = aws.sqs.create_queue().queue_name(&name).send().await;
        assert!(again.unwrap_err().into_service_error().is_queue_deleted_recently());
    }

    async fn tags_are_kept(aws) {
        let url = queue(&aws, &[]).await;
        aws.sqs.tag_queue().queue_url(&url).tags("a", "1").tags("b", "2").send().await.unwrap();
        aws.sqs.untag_queue().queue_url(&url).tag_keys("a").send().await.unwrap();
        let tags = aws.sqs.list_queue_tags().queue_url(&url).send().await.unwrap().tags.unwrap();
        assert_eq!(tags.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "2".to_owned())]);
    }

    async fn a_message_received_too_often_becomes_a_dead_letter(aws) {
        let (url, dead) = queue_with_dead_letters(&aws, 2).await;
        let id = aws.sqs.send_message().queue_url(&url).message_body("poison").send().await.unwrap().message_id;
        for _ in 0..2 {
            assert_eq!(aws.sqs.receive_message().queue_url(&url).send().await.unwrap().messages().len(), 1);
            assert!(aws.sqs.receive_message().queue_url(&dead).send().await.unwrap().messages().is_empty());
        }
        assert!(aws.sqs.receive_message().queue_url(&url).send().await.unwrap().messages().is_empty());
        let letter = aws.sqs.receive_message().queue_url(&dead)
            .message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
        let letter = &letter.messages()[0];
        assert_eq!((letter.message_id(), letter.body()), (id.as_deref(), Some("poison")));
    }

    async fn a_dead_letter_names_its_source(aws) {
        let (url, dead) = queue_with_dead_letters(&aws, 1).await;
        aws.sqs.send_message().queue_url(&url).message_body("poison").send().await.unwrap();
        for _ in 0..2 {
            aws.sqs.receive_message().queue_url(&url).send().await.unwrap();
        }
        let letter = aws.sqs.receive_message().queue_url(&dead)
            .message_system_attribute_names(MessageSystemAttributeName::All).send().await.unwrap();
        let attributes = letter.messages()[0].attributes.as_ref().unwrap();
        let source = attributes.get(&MessageSystemAttributeName::DeadLetterQueueSourceArn);
        assert_eq!(source, Some(&attribute(&aws, &url, QueueArn).await));
    }

    async fn dead_letters_move_back_to_their_source(aws) {
        let (url, dead) = queue_with_dead_letters(&aws, 1).await;
        aws.sqs.send_message().queue_url(&url).message_body("again").send().await.unwrap();
        for _ in 0..2 {
            aws.sqs.receive_message().queue_url(&url).send().await.unwrap();
        }
        let source = attribute(&aws, &dead, QueueArn).await;
        aws.sqs.start_message_move_task().source_arn(&source).send().await.unwrap();
        let received = aws.sqs.receive_message().queue_url(&url).wait_time_seconds(5).send().await.unwrap();
        assert_eq!(received.messages()[0].body(), Some("again"));
        let tasks = aws.sqs.list_message_move_tasks().source_arn(&source).send().await.unwrap();
        assert_eq!(tasks.results()[0].approximate_number_of_messages_moved(), 1);
    }

    async fn only_a_dead_letter_queue_can_be_redriven(aws) {
        let arn = attribute(&aws, &queue(&aws, &[]).await, QueueArn).await;
        assert_eq!(code(aws.sqs.start_message_move_task().source_arn(arn).send().await), "InvalidParameterValue");
        let missing = aws.sqs.start_message_move_task().source_arn("arn:aws:sqs:us-east-1:000000000000:none");
        assert_eq!(code(missing.send().await), "ResourceNotFound");
    }

    async fn the_sources_of_a_dead_letter_queue_are_listed(aws) {
        let (url, dead) = queue_with_dead_letters(&aws, 1).await;
        let sources = aws.sqs.list_dead_letter_source_queues().queue_url(dead).send().await.unwrap();
        assert_eq!(sources.queue_urls(), [url]);
    }

    async fn a_redrive_policy_without_a_target_is_refused(aws) {
        let policy = r#"{"deadLetterTargetArn":"dummy","maxReceiveCount":42}"#;
        let refused = aws.sqs.create_queue().queue_name(unique("redrive")).attributes(RedrivePolicy, policy);
        assert_eq!(code(refused.send().await), "InvalidParameterValue");
    }
}
