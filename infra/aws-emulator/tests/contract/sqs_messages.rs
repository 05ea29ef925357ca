//! Messages: content, delivery, visibility, delay, long polling.

use std::time::{Duration, Instant};

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::MessageSystemAttributeName::{
    All, ApproximateFirstReceiveTimestamp, ApproximateReceiveCount, AwsTraceHeader, SenderId, SentTimestamp,
};
use aws_sdk_sqs::types::QueueAttributeName::{DelaySeconds, MaximumMessageSize, VisibilityTimeout};
use aws_sdk_sqs::types::{
    Message, MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};

use crate::endpoint::{Aws, code, contract};
use crate::sqs_queues::queue;

async fn send(aws: &Aws, url: &str, body: &str) -> String {
    aws.sqs.send_message().queue_url(url).message_body(body).send().await.unwrap().message_id.unwrap()
}

/// Receives at most one message, waiting `wait` seconds, with all its attributes.
async fn receive(aws: &Aws, url: &str, wait: i32) -> Option<Message> {
    let request = aws.sqs.receive_message().queue_url(url).wait_time_seconds(wait);
    let request = request.message_system_attribute_names(All).message_attribute_names("All");
    request.send().await.unwrap().messages.unwrap_or_default().pop()
}

fn text(value: &str) -> MessageAttributeValue {
    MessageAttributeValue::builder().data_type("String").string_value(value).build().unwrap()
}

contract! {
    async fn a_message_arrives_whole_with_the_checksums_of_aws(aws) {
        let url = queue(&aws, &[]).await;
        let trace = MessageSystemAttributeValue::builder().data_type("String").string_value("Root=1").build().unwrap();
        let binary = b"traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01";
        let binary = MessageAttributeValue::builder().data_type("Binary").binary_value(Blob::new(&binary[..]));
        let sent = aws.sqs.send_message().queue_url(&url).message_body("msg")
            .message_attributes("attr1", binary.build().unwrap())
            .message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, trace)
            .send().await.unwrap();
        assert_eq!(sent.md5_of_message_body(), Some("6e2baaf3b97dbeef01c0043275f9a0e7"));
        assert_eq!(sent.md5_of_message_attributes(), Some("8cbe4db156db8a94db8b801b7addb984"));
        let message = receive(&aws, &url, 0).await.unwrap();
        assert_eq!(message.message_id, sent.message_id);
        assert_eq!(message.md5_of_body(), sent.md5_of_message_body());
        assert_eq!(message.md5_of_message_attributes(), sent.md5_of_message_attributes());
        let system = message.attributes.unwrap();
        assert_eq!(system[&ApproximateReceiveCount], "1");
        assert_eq!(system[&AwsTraceHeader], "Root=1");
        assert!(system[&SentTimestamp].parse::<u64>().unwrap() > 1_600_000_000_000);
        assert!(system.contains_key(&ApproximateFirstReceiveTimestamp) && system.contains_key(&SenderId));
    }

    async fn attributes_are_returned_only_when_asked_for(aws) {
        let url = queue(&aws, &[(VisibilityTimeout, "0")]).await;
        let send = aws.sqs.send_message().queue_url(&url).message_body("msg");
        let send = send.message_attributes("General", text("Kenobi")).message_attributes("Hello", text("There"));
        send.message_attributes("Help.Me", text("Me")).send().await.unwrap();
        let bare = aws.sqs.receive_message().queue_url(&url).send().await.unwrap().messages.unwrap().remove(0);
        assert_eq!((bare.attributes, bare.message_attributes, bare.md5_of_message_attributes), (None, None, None));
        for (pattern, count, md5) in [
            ("All", 3, "4c360f3fdafd970e05fae2f149d997f5"),
            ("Hel.*", 2, "83fee93c1bcd8b9a5a923ffacdc636c7"),
            ("Hello", 1, "a311262e065454b75da111d535b8dacd"),
        ] {
            let request = aws.sqs.receive_message().queue_url(&url).message_attribute_names(pattern);
            let message = request.send().await.unwrap().messages.unwrap().remove(0);
            assert_eq!(message.message_attributes.unwrap().len(), count, "{pattern}");
            assert_eq!(message.md5_of_message_attributes.as_deref(), Some(md5), "{pattern}");
        }
        let one = aws.sqs.receive_message().queue_url(&url).message_system_attribute_names(SenderId);
        assert_eq!(one.send().await.unwrap().messages()[0].attributes.as_ref().unwrap().len(), 1);
    }

    async fn a_message_not_deleted_comes_again_with_another_handle(aws) {
        let url = queue(&aws, &[(VisibilityTimeout, "1")]).await;
        send(&aws, &url, "x").await;
        let first = receive(&aws, &url, 0).await.unwrap();
        assert_eq!(receive(&aws, &url, 0).await, None);
        let second = receive(&aws, &url, 5).await.unwrap();
        assert_eq!(second.message_id, first.message_id);
        assert_ne!(second.receipt_handle, first.receipt_handle);
        assert_eq!(second.attributes.unwrap()[&ApproximateReceiveCount], "2");
    }

    async fn a_stale_receipt_handle_does_not_delete(aws) {
        let url = queue(&aws, &[(VisibilityTimeout, "0")]).await;
        send(&aws, &url, "x").await;
        let stale = receive(&aws, &url, 0).await.unwrap().receipt_handle.unwrap();
        receive(&aws, &url, 0).await.unwrap();
        aws.sqs.delete_message().queue_url(&url).receipt_handle(stale).send().await.unwrap();
        assert!(receive(&aws, &url, 0).await.is_some());
    }

    async fn a_message_deleted_is_gone_and_deleting_twice_is_no_error(aws) {
        let url = queue(&aws, &[(VisibilityTimeout, "0")]).await;
        send(&aws, &url, "x").await;
        let handle = receive(&aws, &url, 0).await.unwrap().receipt_handle.unwrap();
        for _ in 0..2 {
            aws.sqs.delete_message().queue_url(&url).receipt_handle(&handle).send().await.unwrap();
            assert_eq!(receive(&aws, &url, 0).await, None);
        }
    }

    async fn a_malformed_receipt_handle_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        let deleted = aws.sqs.delete_message().queue_url(&url).receipt_handle("nonsense").send().await;
        assert!(deleted.unwrap_err().into_service_error().is_receipt_handle_is_invalid());
    }

    async fn the_visibility_timeout_of_a_malformed_handle_cannot_change(aws) {
        let url = queue(&aws, &[]).await;
        let change = aws.sqs.change_message_visibility().queue_url(&url).receipt_handle("nonsense");
        let changed = change.visibility_timeout(0).send().await;
        assert!(changed.unwrap_err().into_service_error().is_receipt_handle_is_invalid());
    }

    async fn visibility_zero_shows_a_message_at_once(aws) {
        let url = queue(&aws, &[]).await;
        send(&aws, &url, "x").await;
        let handle = receive(&aws, &url, 0).await.unwrap().receipt_handle.unwrap();
        assert_eq!(receive(&aws, &url, 0).await, None);
        let change = aws.sqs.change_message_visibility().queue_url(&url).receipt_handle(handle);
        change.visibility_timeout(0).send().await.unwrap();
        assert!(receive(&aws, &url, 0).await.is_some());
    }

    async fn a_message_not_in_flight_has_no_visibility_to_change(aws) {
        let url = queue(&aws, &[]).await;
        send(&aws, &url, "x").await;
        let handle = receive(&aws, &url, 0).await.unwrap().receipt_handle.unwrap();
        let change = || aws.sqs.change_message_visibility().queue_url(&url).receipt_handle(&handle);
        change().visibility_timeout(0).send().await.unwrap();
        let again = change().visibility_timeout(30).send().await;
        assert!(again.unwrap_err().into_service_error().is_message_not_inflight());
    }

    async fn a_deleted_message_has_no_visibility_to_change(aws) {
        let url = queue(&aws, &[]).await;
        send(&aws, &url, "x").await;
        let handle = receive(&aws, &url, 0).await.unwrap().receipt_handle.unwrap();
        aws.sqs.delete_message().queue_url(&url).receipt_handle(&handle).send().await.unwrap();
        let change = aws.sqs.change_message_visibility().queue_url(&url).receipt_handle(&handle);
        assert_eq!(code(change.visibility_timeout(30).send().await), "InvalidParameterValue");
    }

    async fn a_visibility_timeout_beyond_twelve_hours_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        send(&aws, &url, "x").await;
        let handle = receive(&aws, &url, 0).await.unwrap().receipt_handle.unwrap();
        let change = aws.sqs.change_message_visibility().queue_url(&url).receipt_handle(handle);
        assert_eq!(code(change.visibility_timeout(43_201).send().await), "InvalidParameterValue");
    }

    async fn a_delayed_message_is_not_there_before_its_time(aws) {
        let url = queue(&aws, &[]).await;
        let start = Instant::now();
        aws.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(2).send().await.unwrap();
        assert_eq!(receive(&aws, &url, 0).await, None);
        assert!(receive(&aws, &url, 10).await.is_some());
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(1900) && waited < Duration::from_secs(5), "{waited:?}");
    }

    async fn the_delay_of_the_queue_counts_unless_the_message_has_its_own(aws) {
        let url = queue(&aws, &[(DelaySeconds, "900")]).await;
        send(&aws, &url, "later").await;
        aws.sqs.send_message().queue_url(&url).message_body("now").delay_seconds(0).send().await.unwrap();
        assert_eq!(receive(&aws, &url, 0).await.unwrap().body(), Some("now"));
        assert_eq!(receive(&aws, &url, 0).await, None);
    }

    async fn a_delay_of_901_seconds_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        let sent = aws.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(901).send().await;
        assert_eq!(code(sent), "InvalidParameterValue");
    }

    async fn a_negative_delay_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        let sent = aws.sqs.send_message().queue_url(&url).message_body("x").delay_seconds(-1).send().await;
        assert_eq!(code(sent), "InvalidParameterValue");
    }

    async fn a_message_has_at_most_one_mebibyte(aws) {
        let url = queue(&aws, &[]).await;
        send(&aws, &url, &"x".repeat(1_048_576)).await;
        let sent = aws.sqs.send_message().queue_url(&url).message_body("x".repeat(1_048_577)).send().await;
        assert_eq!(code(sent), "InvalidParameterValue");
    }

    async fn the_size_counts_bytes_and_attributes(aws) {
        let url = queue(&aws, &[(MaximumMessageSize, "1024")]).await;
        let send = |body: String| aws.sqs.send_message().queue_url(&url).message_body(body);
        send("ä".repeat(512)).send().await.unwrap();
        assert_eq!(code(send("ä".repeat(513)).send().await), "InvalidParameterValue");
        let with_attribute = send("x".repeat(1020)).message_attributes("name", text("value")).send().await;
        assert_eq!(code(with_attribute), "InvalidParameterValue");
    }

    async fn an_empty_body_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        let sent = aws.sqs.send_message().queue_url(&url).message_body("").send().await;
        assert!(["MissingRequiredParameter", "MissingParameter"].contains(&code(sent).as_str()));
    }

    async fn characters_outside_of_xml_are_refused(aws) {
        let url = queue(&aws, &[]).await;
        for body in ["a\0b", "\u{b}", "\u{1f}", "\u{ffff}"] {
            let sent = aws.sqs.send_message().queue_url(&url).message_body(body).send().await;
            assert!(sent.unwrap_err().into_service_error().is_invalid_message_contents(), "{body:?}");
        }
        send(&aws, &url, "\t\n\r ~\u{e000}😀").await;
    }

    async fn an_empty_attribute_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        let send = aws.sqs.send_message().queue_url(&url).message_body("x").message_attributes("Empty", text(""));
        assert_eq!(code(send.send().await), "InvalidParameterValue");
    }

    async fn one_to_ten_messages_are_received_at_once(aws) {
        let url = queue(&aws, &[]).await;
        for _ in 0..12 {
            send(&aws, &url, "x").await;
        }
        let request = |max| aws.sqs.receive_message().queue_url(&url).max_number_of_messages(max);
        assert_eq!(request(10).send().await.unwrap().messages().len(), 10);
        for max in [0, 11] {
            assert_eq!(code(request(max).send().await), "InvalidParameterValue");
        }
    }

    async fn a_wait_beyond_twenty_seconds_is_refused(aws) {
        let url = queue(&aws, &[]).await;
        let received = aws.sqs.receive_message().queue_url(&url).wait_time_seconds(21).send().await;
        assert_eq!(code(received), "InvalidParameterValue");
    }

    async fn a_long_poll_waits_for_its_time(aws) {
        let url = queue(&aws, &[]).await;
        let start = Instant::now();
        assert_eq!(receive(&aws, &url, 1).await, None);
        assert!(start.elapsed() >= Duration::from_millis(900), "{:?}", start.elapsed());
    }

    async fn a_long_poll_wakes_when_a_message_is_sent(aws) {
        let url = queue(&aws, &[]).await;
        let start = Instant::now();
        let (message, ()) = tokio::join!(receive(&aws, &url, 20), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            send(&aws, &url, "wake").await;
        });
        assert_eq!(message.unwrap().body(), Some("wake"));
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }

    async fn a_long_poll_wakes_when_a_visibility_timeout_ends(aws) {
        let url = queue(&aws, &[(VisibilityTimeout, "1")]).await;
        send(&aws, &url, "x").await;
        receive(&aws, &url, 0).await.unwrap();
        let start = Instant::now();
        assert!(receive(&aws, &url, 20).await.is_some());
        assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    }

    async fn ten_receivers_share_a_queue_without_duplicates(aws) {
        let url = queue(&aws, &[]).await;
        for number in 0..30 {
            send(&aws, &url, &number.to_string()).await;
        }
        let receivers = (0..10).map(|_| {
            let request = aws.sqs.receive_message().queue_url(&url).max_number_of_messages(10).send();
            tokio::spawn(async move { request.await.unwrap().messages.unwrap_or_default() })
        });
        let mut bodies = Vec::new();
        for receiver in receivers.collect::<Vec<_>>() {
            bodies.extend(receiver.await.unwrap().into_iter().map(|message| message.body.unwrap()));
        }
        let received = bodies.len();
        bodies.sort();
        bodies.dedup();
        assert_eq!((received, bodies.len()), (30, 30));
    }
}
