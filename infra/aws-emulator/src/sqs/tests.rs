use super::*;
use crate::ManualClock;

const START: u64 = 1_800_000_000_000;
const NOW: Duration = Duration::ZERO;

fn sqs() -> (Sqs, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(START));
    (Sqs::with_clock("eu-west-1", "123456789012", Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn create(sqs: &Sqs, name: &str, attributes: &[(&str, &str)]) {
    sqs.create_queue(name, &map(attributes), &BTreeMap::new()).unwrap();
}

async fn receive(sqs: &Sqs, queue: &str) -> Vec<ReceivedMessage> {
    sqs.receive(queue, 10, NOW, None).await.unwrap()
}

fn redrive(sqs: &Sqs, dead: &str, max: u32) -> String {
    format!(r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{max}}}"#, sqs.queue_arn(dead))
}

#[tokio::test]
async fn a_queue_is_reached_by_name_url_and_arn() {
    let (sqs, _) = sqs();
    sqs.set_endpoint("http://127.0.0.1:4566/");
    create(&sqs, "q", &[]);
    let url = sqs.queue_url("q").unwrap();
    assert_eq!(url, "http://127.0.0.1:4566/123456789012/q");
    for queue in ["q", &url, &sqs.queue_arn("q")] {
        sqs.send(queue, NewMessage::new("x")).await.unwrap();
    }
    assert_eq!(sqs.counts("q").unwrap().visible, 3);
    for other in
        ["http://h/999999999999/q", "arn:aws:sqs:eu-west-1:999999999999:q", "arn:aws:sqs:us-east-1:123456789012:q"]
    {
        assert_eq!(sqs.counts(other), Err(SqsError::QueueDoesNotExist), "{other}");
    }
}

#[tokio::test]
async fn a_delay_ends_to_the_second() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    sqs.send("q", NewMessage { delay_seconds: Some(900), ..NewMessage::new("x") }).await.unwrap();
    clock.advance(Duration::from_millis(899_999));
    assert!(receive(&sqs, "q").await.is_empty());
    assert_eq!(sqs.counts("q").unwrap(), QueueCounts { delayed: 1, ..QueueCounts::default() });
    clock.advance(Duration::from_millis(1));
    assert_eq!(receive(&sqs, "q").await.len(), 1);
}

#[tokio::test]
async fn visibility_ends_after_its_timeout_and_can_be_extended() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    let first = receive(&sqs, "q").await.remove(0);
    clock.advance(Duration::from_secs(29));
    sqs.change_visibility("q", &first.receipt_handle, Duration::from_secs(30)).await.unwrap();
    clock.advance(Duration::from_secs(29));
    assert!(receive(&sqs, "q").await.is_empty());
    clock.advance(Duration::from_secs(1));
    let second = receive(&sqs, "q").await.remove(0);
    assert_eq!(second.attributes.approximate_receive_count, 2);
    assert_eq!(second.attributes.approximate_first_receive_timestamp, START);
    let stale = sqs.change_visibility("q", &first.receipt_handle, NOW).await;
    assert!(matches!(stale, Err(SqsError::InvalidParameterValue(_))));
}

#[tokio::test]
async fn visibility_ends_twelve_hours_after_the_receive_at_the_latest() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[("VisibilityTimeout", "43200")]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    let handle = receive(&sqs, "q").await.remove(0).receipt_handle;
    clock.advance(Duration::from_secs(10));
    let beyond = sqs.change_visibility("q", &handle, Duration::from_secs(43_191)).await;
    assert!(matches!(beyond, Err(SqsError::InvalidParameterValue(_))));
    sqs.change_visibility("q", &handle, Duration::from_secs(43_190)).await.unwrap();
}

#[tokio::test]
async fn the_latest_handle_deletes_even_after_its_visibility_timeout() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    let handle = receive(&sqs, "q").await.remove(0).receipt_handle;
    clock.advance(Duration::from_secs(31));
    sqs.delete("q", &handle).await.unwrap();
    assert_eq!(sqs.counts("q").unwrap(), QueueCounts::default());
}

#[tokio::test]
async fn a_handle_of_another_queue_is_refused() {
    let (sqs, _) = sqs();
    create(&sqs, "q", &[]);
    create(&sqs, "q2", &[]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    let handle = receive(&sqs, "q").await.remove(0).receipt_handle;
    assert_eq!(sqs.delete("q2", &handle).await, Err(SqsError::ReceiptHandleIsInvalid));
}

#[tokio::test]
async fn messages_are_dropped_after_the_retention_period() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[("MessageRetentionPeriod", "60")]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    clock.advance(Duration::from_secs(60));
    assert_eq!(sqs.counts("q").unwrap(), QueueCounts::default());
    assert!(receive(&sqs, "q").await.is_empty());
}

#[tokio::test]
async fn a_message_moves_on_the_receive_after_the_last_one_allowed() {
    let (sqs, clock) = sqs();
    create(&sqs, "dead", &[]);
    create(&sqs, "q", &[("RedrivePolicy", &redrive(&sqs, "dead", 3))]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    for count in 1..=3 {
        assert_eq!(receive(&sqs, "q").await[0].attributes.approximate_receive_count, count);
        clock.advance(Duration::from_secs(30));
        assert_eq!(sqs.counts("q").unwrap().visible, 1);
    }
    assert!(receive(&sqs, "q").await.is_empty());
    let letter = receive(&sqs, "dead").await.remove(0);
    assert_eq!(letter.attributes.sent_timestamp, START);
    assert_eq!(letter.attributes.dead_letter_queue_source_arn, Some(sqs.queue_arn("q")));
}

#[tokio::test]
async fn without_its_dead_letter_queue_a_message_remains() {
    let (sqs, _) = sqs();
    create(&sqs, "dead", &[]);
    create(&sqs, "q", &[("RedrivePolicy", &redrive(&sqs, "dead", 1)), ("VisibilityTimeout", "0")]);
    sqs.store().delete("dead", START).unwrap();
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    for _ in 0..3 {
        assert_eq!(receive(&sqs, "q").await.len(), 1);
    }
}

#[tokio::test]
async fn a_move_task_renews_messages_and_leaves_those_without_a_source() {
    let (sqs, clock) = sqs();
    create(&sqs, "dead", &[]);
    create(&sqs, "q", &[("RedrivePolicy", &redrive(&sqs, "dead", 1)), ("VisibilityTimeout", "0")]);
    let sent = sqs.send("q", NewMessage::new("poison")).await.unwrap();
    sqs.send("dead", NewMessage::new("direct")).await.unwrap();
    receive(&sqs, "q").await;
    receive(&sqs, "q").await;
    clock.advance(Duration::from_secs(5));
    sqs.store().start_move(&sqs.queue_arn("dead"), None, None, START + 5000).unwrap();
    let moved = receive(&sqs, "q").await.remove(0);
    assert_ne!(moved.message_id, sent.message_id);
    assert_eq!((moved.attributes.sent_timestamp, moved.attributes.approximate_receive_count), (START + 5000, 1));
    assert_eq!(receive(&sqs, "dead").await[0].body, "direct");
    let task = sqs.store().list_moves(&sqs.queue_arn("dead"), 1).unwrap().remove(0);
    assert_eq!((task.moved, task.to_move, task.failure.is_some()), (1, 2, true));
}

#[tokio::test]
async fn a_long_poll_wakes_for_a_message_a_delay_and_a_deleted_queue() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    let poll = || sqs.receive("q", 1, Duration::from_secs(20), None);
    let (got, ()) = tokio::join!(poll(), async {
        sqs.send("q", NewMessage { delay_seconds: Some(5), ..NewMessage::new("x") }).await.unwrap();
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(5));
    });
    assert_eq!(got.unwrap().len(), 1);
    let (gone, ()) = tokio::join!(poll(), async { sqs.store().delete("q", START).unwrap() });
    assert_eq!(gone, Err(SqsError::QueueDoesNotExist));
}

#[tokio::test]
async fn a_long_poll_ends_with_nothing_at_its_deadline() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    let (got, ()) = tokio::join!(sqs.receive("q", 1, Duration::from_secs(20), None), async {
        clock.advance(Duration::from_secs(20));
    });
    assert_eq!(got, Ok(Vec::new()));
}

#[tokio::test]
async fn a_name_is_free_sixty_seconds_after_its_queue() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    sqs.store().delete("q", START).unwrap();
    let again = || sqs.create_queue("q", &BTreeMap::new(), &BTreeMap::new());
    assert_eq!(again(), Err(SqsError::QueueDeletedRecently));
    clock.advance(Duration::from_secs(60));
    assert!(again().is_ok());
}

#[tokio::test]
async fn fifo_queues_are_refused() {
    let (sqs, _) = sqs();
    let fifo = sqs.create_queue("q.fifo", &map(&[("FifoQueue", "true")]), &BTreeMap::new());
    assert!(matches!(fifo, Err(SqsError::UnsupportedOperation(_))));
}

#[tokio::test]
async fn a_restored_snapshot_goes_on_where_it_was_taken() {
    let (sqs, clock) = sqs();
    create(&sqs, "q", &[]);
    let attributes = BTreeMap::from([("b".to_owned(), MessageAttribute::binary(&[0, 255]))]);
    sqs.send("q", NewMessage { attributes: attributes.clone(), ..NewMessage::new("one") }).await.unwrap();
    let handle = receive(&sqs, "q").await.remove(0).receipt_handle;
    sqs.send("q", NewMessage::new("two")).await.unwrap();
    let other = Sqs::with_clock("eu-west-1", "123456789012", Arc::clone(&clock) as Arc<dyn Clock>);
    other.restore(sqs.snapshot()).unwrap();
    assert_eq!(receive(&other, "q").await[0].body, "two");
    other.change_visibility("q", &handle, NOW).await.unwrap();
    assert_eq!(receive(&other, "q").await[0].message_attributes, attributes);
    assert!(other.restore(Value::from("nonsense")).is_err());
    assert!(other.counts("q").is_ok());
}

#[tokio::test]
async fn a_delivery_is_held_until_its_consumer_releases_it() {
    let (sqs, _) = sqs();
    create(&sqs, "q", &[]);
    sqs.send("q", NewMessage::new("x")).await.unwrap();
    let received = receive(&sqs, "q").await;
    assert_eq!(sqs.counts("q").unwrap(), QueueCounts { in_flight: 1, held: 1, ..QueueCounts::default() });
    drop(received);
    assert_eq!(sqs.counts("q").unwrap(), QueueCounts { in_flight: 1, ..QueueCounts::default() });
}
