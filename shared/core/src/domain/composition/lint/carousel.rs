//! Rules for carousels (Meta: "Media card carousel templates", "Product card carousel templates").

use super::{Button, Composition, Finding, Format, Part, body, buttons, header, hint, refused, text};
use crate::domain::composition::buttons as buttons_of;
use serde_json::{Map, Value};

const PLACE: &str = "carousel";
const LONGEST_BODY: usize = 160;

type Card = [Map<String, Value>];

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    if !composition.has(Part::Carousel) || composition.is_of("AUTHENTICATION") {
        return;
    }
    let cards = composition.cards();
    if !(2..=10).contains(&cards.len()) {
        findings.push(refused("carousel.cards", PLACE, "A carousel has 2 to 10 cards."));
    }
    let outside = [Part::Header, Part::Footer, Part::Buttons, Part::LimitedTimeOffer];
    if outside.into_iter().any(|part| composition.has(part)) {
        findings.push(refused("carousel.outside", PLACE, "Beside its cards, a carousel template has only a body."));
    }
    let mut shapes: Vec<Vec<String>> = cards.iter().map(|card| shape(card)).collect();
    shapes.dedup();
    if shapes.len() > 1 {
        let message = "All cards must have the same components: header format, body and types of buttons.";
        findings.push(refused("carousel.alike", PLACE, message));
    }
    cards.iter().for_each(|card| self::card(composition, card, findings));
}

/// What all cards have in common, in any order.
fn shape(card: &Card) -> Vec<String> {
    let word = |object: &Map<String, Value>, name: &str| text(object, name).to_ascii_uppercase();
    let parts = card.iter().map(|part| format!("{} {}", word(part, "type"), word(part, "format")));
    let mut all: Vec<String> = parts.chain(buttons_of(card).into_iter().map(|button| word(button, "type"))).collect();
    all.sort_unstable();
    all
}

fn card(composition: &Composition, card: &Card, findings: &mut Vec<Finding>) {
    let of = |part: Part| card.iter().filter(move |component| Part::of(component) == part);
    let formats: Vec<Format> = of(Part::Header).map(Format::of).collect();
    if formats.is_empty() {
        findings.push(refused("carousel.header", PLACE, "Every card needs a header: an image, a video or a product."));
    }
    if formats.iter().any(|format| matches!(format, Format::Text | Format::Document | Format::Location)) {
        findings.push(refused("carousel.header", PLACE, "The header of a card is an image, a video or a product."));
    }
    of(Part::Header).for_each(|header| header::check(composition, header, PLACE, findings));
    for part in of(Part::Body) {
        body::check(composition, part, (PLACE, LONGEST_BODY, "The body of a card has 1 to 160 characters."), findings);
    }
    if card.iter().any(|part| !matches!(Part::of(part), Part::Header | Part::Body | Part::Buttons | Part::Unknown)) {
        findings.push(refused("carousel.parts", PLACE, "A card has only a header, a body and buttons."));
    }
    card_buttons(composition, card, formats.contains(&Format::Product), findings);
}

fn card_buttons(composition: &Composition, card: &Card, is_product: bool, findings: &mut Vec<Finding>) {
    let given = buttons_of(card);
    let most = if is_product { 1 } else { 2 };
    if !(1..=most).contains(&given.len()) {
        let message = "A card with an image or a video has one or two buttons, a product card has one.";
        findings.push(refused("carousel.buttons", PLACE, message));
    }
    let fits = |kind: Button| match kind {
        Button::Url | Button::Unknown => true,
        Button::Spm => is_product,
        Button::QuickReply | Button::PhoneNumber => !is_product,
        _ => false,
    };
    if !given.iter().all(|button| fits(Button::of(button))) {
        findings.push(hint(
            "carousel.button_types",
            PLACE,
            "Meta describes quick replies, links and call buttons for cards, and \"View\" or a link for product cards.",
        ));
    }
    given.iter().for_each(|button| buttons::button(composition, button, PLACE, findings));
}
