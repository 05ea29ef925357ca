//! Which components a template has, and how often.

use super::{Button, Composition, Finding, Part, body, header, hint, refused, text, variables};

const LONGEST_FOOTER: usize = 60;
const LONGEST_BODY: usize = 1024;
/// Meta: "Limited-time offer templates".
const LONGEST_BODY_OF_OFFER: usize = 600;
/// Meta: "Single-product message templates".
const LONGEST_BODY_OF_PRODUCT: usize = 160;

/// Components that a template has once at most.
const ONCE: [(Part, &str); 7] = [
    (Part::Header, "header"),
    (Part::Body, "body"),
    (Part::Footer, "footer"),
    (Part::Buttons, "buttons"),
    (Part::Carousel, "carousel"),
    (Part::LimitedTimeOffer, "limited_time_offer"),
    (Part::CallPermissionRequest, "call_permission_request"),
];

pub(super) fn check(composition: &Composition, findings: &mut Vec<Finding>) {
    if composition.components.iter().any(|component| text(component, "type").is_empty()) {
        findings.push(refused("component.untyped", "components", "Every component needs a type."));
    }
    for (part, place) in ONCE {
        if composition.of(part).count() > 1 {
            findings.push(refused("component.twice", place, "Each component may occur only once."));
        }
    }
    if !composition.has(Part::Body) && !composition.is_from_library() {
        findings.push(refused("body.missing", "body", "A template needs a body."));
    }
    // Meta writes the texts of authentication templates itself.
    if composition.is_of("AUTHENTICATION") {
        return;
    }
    composition.of(Part::Header).for_each(|header| header::check(composition, header, "header", findings));
    for part in composition.of(Part::Body) {
        let (longest, message) = longest_body(composition);
        body::check(composition, part, ("body", longest, message), findings);
    }
    footer(composition, findings);
}

fn longest_body(composition: &Composition) -> (usize, &'static str) {
    if composition.has(Part::LimitedTimeOffer) {
        (LONGEST_BODY_OF_OFFER, "The body of a limited-time offer has 1 to 600 characters.")
    } else if composition.has_button(Button::Spm) {
        (LONGEST_BODY_OF_PRODUCT, "The body of a template for a single product has 1 to 160 characters.")
    } else {
        (LONGEST_BODY, "A body has 1 to 1,024 characters.")
    }
}

fn footer(composition: &Composition, findings: &mut Vec<Finding>) {
    for footer in composition.of(Part::Footer) {
        let text = text(footer, "text");
        if text.is_empty() || text.chars().count() > LONGEST_FOOTER {
            findings.push(refused("footer.length", "footer", "A footer has 1 to 60 characters."));
        }
        if variables(text).is_empty() {
            continue;
        }
        // Meta's pages about catalogues show variables there; its page about components excludes them.
        let catalogue =
            [Button::Catalog, Button::Mpm, Button::Spm].into_iter().any(|kind| composition.has_button(kind));
        let message = "A footer must not contain variables.";
        findings.push(if catalogue {
            hint("footer.variable", "footer", message)
        } else {
            refused("footer.variable", "footer", message)
        });
    }
}
