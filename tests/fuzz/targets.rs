//! Fuzz targets for arbitrary bytes. Each must return without a panic or an endless loop, and hold its guarantees.

use shared::domain::ids::{AppId, TemplateId};
use shared::domain::template::{
    ChangedAttribute, ListProgress, Merged, PageBatch, Template, TemplateChange, apply_change,
};
use shared::domain::time::Timestamp;
use shared::secret::Secret;
use shared::webhook::change::{Part, split};
use shared::webhook::cloud_event::CloudEvent;
use shared::webhook::envelope::Envelope;
use shared::webhook::handshake;
use shared::webhook::interpret::{Context, interpret};
use shared::webhook::signature;

/// A target's name and function.
pub(crate) type Target = (&'static str, fn(&[u8]));

/// All targets.
pub(crate) const TARGETS: [Target; 6] = [
    ("signature_header", signature_header),
    ("raw_event", raw_event),
    ("envelope", envelope),
    ("notification", notification),
    ("handshake_query", handshake_query),
    ("ledger_merge", ledger_merge),
];

/// A header is valid for the body it was made for and for nothing else.
pub(crate) fn signature_header(data: &[u8]) {
    let secret = Secret::new("secret".into());
    let text = String::from_utf8_lossy(data);
    let right = signature::sign(data, &secret);
    assert!(signature::verify(data, &right, std::slice::from_ref(&secret)).is_ok());
    let accepted = signature::verify(b"another body", &text, std::slice::from_ref(&secret)).is_ok();
    assert!(!accepted || text.eq_ignore_ascii_case(&signature::sign(b"another body", &secret)));
}

/// Whatever the Function URL passes on is parsed or refused.
pub(crate) fn raw_event(data: &[u8]) {
    let Ok(event) = serde_json::from_slice::<webhook::Event>(data) else { return };
    std::hint::black_box((event.method(), event.path(), event.query(), event.signature()));
    std::hint::black_box(event.into_body().is_ok());
}

/// What is packed can be unpacked; anything not packed by us is refused.
pub(crate) fn envelope(data: &[u8]) {
    std::hint::black_box(Envelope::unpack(&String::from_utf8_lossy(data)).is_ok());
    let packed = Envelope::new(Timestamp::from_millis(5), data.to_vec());
    let packed = packed.pack_all();
    let bodies = packed.messages.iter().map(|message| Envelope::unpack(message).map(|envelope| envelope.body));
    let bodies: Vec<Vec<u8>> = bodies.map(|body| body.expect("what we packed")).collect();
    assert!(bodies.len() > 1 || packed.left_out > 0 || bodies == [data]);
}

/// Every change is interpreted, serialised alone, parsed again to the same value, and published whole.
pub(crate) fn notification(data: &[u8]) {
    let Ok(parts) = split(data) else { return };
    let app = AppId::parse("42").expect("digits");
    let context = Context { app, received_at: Timestamp::from_seconds(1_800_000_000) };
    for part in parts {
        let Part::Change(change) = part else { continue };
        let observed = interpret(&change, &context);
        let alone = change.to_notification();
        let again = split(&alone).expect("what we wrote");
        let [Part::Change(again)] = again.as_slice() else { panic!("one change") };
        assert_eq!((again.value.get(), &again.field), (change.value.get(), &change.field));
        assert_eq!((again.waba(), again.phone()), (change.waba(), change.phone()));
        assert_eq!(interpret(again, &context), observed);
        let event = CloudEvent::new("fuzz", "x", None, context.received_at, change.value, &[change.value.get()]);
        assert!(serde_json::to_string(&event).expect("an event").contains(change.value.get()));
    }
}

/// Only our own token is answered, and only with plain characters.
pub(crate) fn handshake_query(data: &[u8]) {
    let query = String::from_utf8_lossy(data);
    if let Ok(challenge) = handshake::answer(&query, &Secret::new("token".into())) {
        assert!(query.contains("token") && challenge.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

/// Merging in byte order and in reverse order gives the same template; polling known state changes nothing.
pub(crate) fn ledger_merge(data: &[u8]) {
    let mut seen = std::collections::BTreeSet::new();
    let news: Vec<TemplateChange> = data
        .chunks_exact(2)
        .filter(|pair| seen.insert((pair[0] % 3, pair[1])))
        .map(|pair| attribute(pair[0], pair[1]))
        .collect();
    let forwards = merged(news.iter());
    let backwards = merged(news.iter().rev());
    if let (Some(one), Some(other)) = (&forwards, &backwards) {
        assert_eq!(one, other);
        let read_at = Timestamp::from_seconds(500);
        let published = Template { unpublished: false, ..one.clone() };
        let listed = PageBatch { read_at, seen: vec![published.clone()], pages: 1, next: None };
        assert_eq!(ListProgress::begun(read_at).take_in(&[published], listed), vec![]);
    }
}

fn attribute(what: u8, at: u8) -> TemplateChange {
    let word = ["APPROVED", "PAUSED", "REJECTED", "DISABLED"][usize::from(what / 3) % 4].to_owned();
    let attribute = match what % 3 {
        0 => ChangedAttribute::Status { status: word, reason: None, category: None },
        1 => ChangedAttribute::Category { category: word, correct: None },
        _ => ChangedAttribute::Quality(word),
    };
    let id = TemplateId::parse("7").expect("digits");
    let at = Timestamp::from_seconds(i64::from(at) + 10);
    TemplateChange { id, name: "offer".into(), language: "en_US".into(), at, attribute }
}

fn merged<'a>(news: impl Iterator<Item = &'a TemplateChange>) -> Option<Template> {
    let known = TemplateChange { at: Timestamp::from_seconds(1), ..attribute(0, 0) };
    let mut template = match apply_change(None, &known) {
        Merged::Changed(template) => Some(*template),
        _ => None,
    };
    for news in news {
        if let Merged::Changed(newer) = apply_change(template.as_ref(), news) {
            template = Some(*newer);
        }
    }
    template
}
