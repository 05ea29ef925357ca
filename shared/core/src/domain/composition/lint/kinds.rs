//! Rules of particular kinds of templates: authentication, limited-time offers and call permission requests.

use super::{Button, Composition, Finding, Format, Part, buttons, hint, refused, text};
use serde_json::{Map, Value};

const LONGEST_OFFER: usize = 16;

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    if composition.is_of("AUTHENTICATION") {
        authentication(composition, findings);
    }
    composition.of(Part::LimitedTimeOffer).take(1).for_each(|_| offer(composition, findings));
    composition.of(Part::CallPermissionRequest).take(1).for_each(|_| call_permission(composition, findings));
    let marketing = [Part::Carousel, Part::LimitedTimeOffer].into_iter().any(|part| composition.has(part));
    if marketing && !composition.is_of("MARKETING") && !composition.is_of("AUTHENTICATION") {
        findings.push(hint(
            "category.kind",
            "category",
            "Meta describes carousels and limited-time offers as marketing templates.",
        ));
    }
}

/// Meta: "Authentication templates": the texts are Meta's own.
fn authentication(composition: &Composition, findings: &mut Vec<Finding>) {
    let others = [Part::Header, Part::Carousel, Part::LimitedTimeOffer, Part::CallPermissionRequest];
    if others.into_iter().any(|part| composition.has(part)) {
        findings.push(refused(
            "authentication.parts",
            "components",
            "An authentication template has only a body, a footer and a one-time password button.",
        ));
    }
    let written = [Part::Body, Part::Footer].into_iter().flat_map(|part| composition.of(part));
    if written.into_iter().any(|part| part.contains_key("text")) {
        findings.push(hint(
            "authentication.text",
            "body",
            "Meta writes the text of authentication templates itself. Your own text is ignored or refused.",
        ));
    }
    let minutes = composition.of(Part::Footer).filter_map(|footer| footer.get("code_expiration_minutes"));
    if minutes.into_iter().any(|minutes| minutes.as_i64().is_none_or(|minutes| !(1..=90).contains(&minutes))) {
        findings.push(refused("footer.expiration", "footer", "A code is valid for 1 to 90 minutes."));
    }
    if !composition.has_button(Button::Otp) && !composition.is_from_library() {
        findings.push(hint(
            "authentication.button",
            "buttons",
            "An authentication template needs a one-time password button.",
        ));
    }
}

/// Meta: "Limited-time offer templates".
fn offer(composition: &Composition, findings: &mut Vec<Finding>) {
    const PLACE: &str = "limited_time_offer";
    for part in composition.of(Part::LimitedTimeOffer) {
        let offer = part.get(PLACE).and_then(Value::as_object);
        let length = offer.map_or(0, |offer| text(offer, "text").chars().count());
        if !(1..=LONGEST_OFFER).contains(&length) {
            findings.push(refused("offer.text", PLACE, "The text of a limited-time offer has 1 to 16 characters."));
        }
        if offer.and_then(|offer| offer.get("has_expiration")).is_some_and(|flag| !flag.is_boolean()) {
            findings.push(refused("offer.expiration", PLACE, "has_expiration is true or false."));
        }
    }
    if composition.has(Part::Footer) {
        findings.push(refused("offer.footer", "footer", "A limited-time offer has no footer."));
    }
    let known = composition.of(Part::Header).map(Format::of).filter(|format| *format != Format::Unknown);
    if known.into_iter().any(|format| !matches!(format, Format::Image | Format::Video)) {
        findings.push(refused("offer.header", "header", "The header of a limited-time offer is an image or a video."));
    }
    let given = composition.buttons();
    let mut kinds = given.iter().map(|button| Button::of(button)).filter(|kind| *kind != Button::Unknown);
    if kinds.any(|kind| !matches!(kind, Button::CopyCode | Button::Url)) {
        findings.push(refused("offer.buttons", "buttons", "A limited-time offer has a copy-code button and a link."));
    }
    let long = |button: &&Map<String, Value>| {
        Button::of(button) == Button::CopyCode
            && buttons::example(button).is_some_and(|code| code.chars().count() > buttons::LONGEST_OFFER_CODE)
    };
    if given.iter().any(long) {
        findings.push(refused("offer.code", "buttons", "The code of a limited-time offer has up to 15 characters."));
    }
}

/// Meta: "Call permission request message templates".
fn call_permission(composition: &Composition, findings: &mut Vec<Finding>) {
    if [Part::Buttons, Part::Carousel, Part::LimitedTimeOffer].into_iter().any(|part| composition.has(part)) {
        findings.push(refused(
            "call_permission.parts",
            "call_permission_request",
            "A call permission request has no buttons and no other interactive component.",
        ));
    }
}
