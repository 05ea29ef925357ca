use super::*;
use crate::domain::failure::MetaCode;
use serde_json::json;

const DELAY: Duration = Duration::from_secs(570);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_000 + seconds)
}

fn message() -> Message {
    let serde_json::Value::Object(fields) = json!({ "to": "16505551234", "type": "text", "text": { "body": "hi" } })
    else {
        panic!("an object")
    };
    let draft = Draft::read(fields).unwrap();
    let from = (
        OnboardingId::parse("onb_01jd0000000000000000000000").unwrap(),
        WabaId::parse("11").unwrap(),
        PhoneNumberId::parse("5").unwrap(),
    );
    Message::begin(MessageId::parse("msg_01jd0000000000000000000000").unwrap(), from, &draft, at(0))
}

fn reported(attempt: usize, delivery: Delivery, code: Option<u64>) -> MessageFact {
    MessageFact::Reported { attempt, wamid: format!("wamid.{attempt}"), delivery, code, at: at(5) }
}

fn after(message: &Message, events: &[MessageFact], now: Timestamp) -> Message {
    events.iter().fold(message.clone(), |message, event| advance(&message, event, DELAY, now))
}

fn event_kinds(message: &Message) -> Vec<&str> {
    message.outbox.iter().map(|event| event.kind.as_str()).collect()
}

#[test]
fn a_transient_failure_is_retried_once_after_nine_and_a_half_minutes() {
    let failed = after(&message(), &[reported(1, Delivery::Failed, Some(131_000))], at(10));
    assert_eq!(failed.state(), MessageState::Retrying);
    assert_eq!(event_kinds(&failed), ["whatsapp.message.retry_scheduled.v1"]);
    let published = advance(&failed, &MessageFact::EventsSent(failed.outbox.clone()), DELAY, at(11));
    assert_eq!(published.next(at(579)), MessageNext::Wait(at(580)));
    assert_eq!(published.next(at(580)), MessageNext::Send);
    let again = after(&published, &[MessageFact::Retried, MessageFact::Retried], at(580));
    assert_eq!((again.attempts.len(), again.reference().as_str()), (2, "msg_01jd0000000000000000000000.2"));
    let failed = after(&again, &[reported(2, Delivery::Failed, Some(131_000))], at(600));
    assert_eq!((failed.state(), event_kinds(&failed)), (MessageState::Failed, vec!["whatsapp.message.failed.v1"]));
}

#[test]
fn a_permanent_failure_is_not_retried() {
    for code in [Some(131_026), Some(131_050), Some(424_242), None] {
        let failed = after(&message(), &[reported(1, Delivery::Failed, code)], at(10));
        assert_eq!(
            (failed.state(), event_kinds(&failed)),
            (MessageState::Failed, vec!["whatsapp.message.failed.v1"]),
            "{code:?}"
        );
    }
}

#[test]
fn an_unknown_outcome_is_never_sent_again_and_is_reported_after_a_day() {
    let unknown = after(&message(), &[MessageFact::Unanswered { attempt: 1 }], at(10));
    assert_eq!((unknown.state(), unknown.next(at(86_399))), (MessageState::Unknown, MessageNext::Wait(at(86_400))));
    let expired = after(&unknown, &[MessageFact::Overdue, MessageFact::Overdue], at(86_400));
    assert_eq!((expired.attempts.len(), event_kinds(&expired)), (1, vec!["whatsapp.message.unresolved.v1"]));
    let resolved = after(&unknown, &[reported(1, Delivery::Delivered, None)], at(20));
    assert_eq!((resolved.state(), resolved.next(at(90_000))), (MessageState::Delivered, MessageNext::Nothing));
}

#[test]
fn a_failure_reported_after_a_lost_answer_still_has_its_content_and_its_second_attempt() {
    let unknown = after(&message(), &[MessageFact::Unanswered { attempt: 1 }], at(10));
    assert!(!unknown.is_over());
    let failed = after(&unknown, &[reported(1, Delivery::Failed, Some(131_000))], at(20));
    assert_eq!((failed.state(), failed.is_over()), (MessageState::Retrying, false));
    assert!(after(&unknown, &[MessageFact::Overdue], at(86_400)).is_over());
}

#[test]
fn a_crash_while_sending_leaves_an_unknown_outcome() {
    let begun = message();
    assert_eq!(begun.next(at(59)), MessageNext::Wait(at(60)));
    assert_eq!(after(&begun, &[MessageFact::Overdue], at(59)), begun);
    assert_eq!(after(&begun, &[MessageFact::Overdue], at(60)).state(), MessageState::Unknown);
}

#[test]
fn a_status_that_comes_before_the_reply_joins_it() {
    let accepted = MessageFact::Accepted { attempt: 1, wamid: "wamid.1".into() };
    let one = after(&message(), &[reported(1, Delivery::Delivered, None), accepted.clone()], at(10));
    let other = after(&message(), &[accepted, reported(1, Delivery::Delivered, None)], at(10));
    assert_eq!(one, other);
    assert_eq!((one.state(), one.attempts[0].wamid.as_deref()), (MessageState::Delivered, Some("wamid.1")));
}

#[test]
fn a_message_delivered_after_all_is_not_sent_again() {
    let failed = after(&message(), &[reported(1, Delivery::Failed, Some(131_000))], at(10));
    let arrived = after(&failed, &[reported(1, Delivery::Delivered, None), MessageFact::Retried], at(20));
    assert_eq!((arrived.state(), arrived.attempts.len(), &arrived.retry), (MessageState::Delivered, 1, &Retry::None));
}

#[test]
fn a_cancelled_second_attempt_stays_cancelled() {
    let failed = after(&message(), &[reported(1, Delivery::Failed, Some(131_000))], at(10));
    let dropped = after(&failed, &[MessageFact::Dropped("message.cancelled"), MessageFact::Retried], at(20));
    assert_eq!((dropped.state(), dropped.attempts.len()), (MessageState::Cancelled, 1));
    assert_eq!(
        after(&message(), &[MessageFact::Dropped("message.cancelled")], at(20)),
        message(),
        "no retry was planned"
    );
}

#[test]
fn metas_own_wait_applies_when_it_is_longer() {
    let refused = |code: Option<u64>, wait| {
        after(
            &message(),
            &[MessageFact::Refused { attempt: 1, code: code.map(|code| MetaCode { code, subcode: None }), wait }],
            at(0),
        )
    };
    let due = |message: &Message| match &message.retry {
        Retry::Scheduled { due, .. } => *due,
        other => panic!("{other:?}"),
    };
    assert_eq!(due(&refused(Some(130_429), None)), at(570));
    assert_eq!(due(&refused(Some(130_429), Some(30))), at(570));
    assert_eq!(due(&refused(Some(80_007), Some(3_600))), at(3_600));
    assert_eq!(due(&refused(Some(131_049), None)), at(86_400));
    assert_eq!(due(&refused(None, None)), at(570), "Meta was not reached: nothing was sent");
}

/// Every order of statuses of one attempt ends in the same state, and one failure is reported at most once.
#[test]
fn statuses_in_every_order_end_the_same() {
    let events = [
        MessageFact::Accepted { attempt: 1, wamid: "wamid.1".into() },
        reported(1, Delivery::Sent, None),
        reported(1, Delivery::Delivered, None),
        reported(1, Delivery::Read, None),
        reported(1, Delivery::Failed, Some(131_000)),
    ];
    let mut orders = vec![Vec::new()];
    for _ in 0..events.len() {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                let remaining = (0..events.len()).filter(|index| !order.contains(index)).collect::<Vec<_>>();
                remaining.into_iter().map(move |next| [order.as_slice(), &[next]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!(orders.len(), 120);
    for order in orders {
        let sequence: Vec<MessageFact> = order.iter().chain(&order).map(|index| events[*index].clone()).collect();
        let end = after(&message(), &sequence, at(10));
        assert_eq!((end.state(), end.attempts.len(), &end.retry), (MessageState::Read, 1, &Retry::None), "{order:?}");
        assert!(end.outbox.len() <= 1, "{order:?}");
    }
}

#[test]
fn a_closed_window_is_waited_for_a_day_and_opened_by_the_recipients_next_message() {
    let closed = after(&message(), &[reported(1, Delivery::Failed, Some(131_047))], at(10));
    assert_eq!(
        (closed.state(), event_kinds(&closed)),
        (MessageState::Retrying, vec!["whatsapp.message.retry_scheduled.v1"])
    );
    let published = advance(&closed, &MessageFact::EventsSent(closed.outbox.clone()), DELAY, at(11));
    assert_eq!(published.next(at(1000)), MessageNext::Wait(at(10 + 86_400)));
    let opened = after(&published, &[MessageFact::WindowOpened], at(1000));
    assert_eq!(opened.next(at(1000)), MessageNext::Send);
    let again = after(&opened, &[MessageFact::Retried, MessageFact::WindowOpened], at(1001));
    assert_eq!((again.attempts.len(), &again.retry), (2, &Retry::None));
    let late = after(&published, &[MessageFact::Overdue], at(10 + 86_400));
    assert_eq!(
        (late.state(), &late.retry),
        (MessageState::Cancelled, &Retry::Cancelled { code: "message.window_closed".into() })
    );
    assert_eq!(after(&late, &[MessageFact::WindowOpened], at(90_000)).retry, late.retry, "too late");
}

#[test]
fn a_refusal_keeps_metas_numbers_until_the_message_arrives_after_all() {
    let meta = MetaCode { code: 131_009, subcode: Some(2_494_010) };
    let refused = after(&message(), &[MessageFact::Refused { attempt: 1, code: Some(meta), wait: None }], at(0));
    assert_eq!((refused.attempts[0].meta(), refused.meta("graph.131009")), (Some(meta), Some(meta)));
    assert_eq!(refused.meta("message.cancelled"), None);
    let arrived = after(&refused, &[reported(1, Delivery::Delivered, None)], at(5));
    assert_eq!(arrived.attempts[0].meta(), None);
}
