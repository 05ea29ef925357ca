//! What Meta refuses in a template, with its subcodes (Meta: "Template components", "Error codes").

use super::super::Context;
use super::super::upload::sample_address;
use crate::refusal::Refusal;
use crate::world::World;
use serde_json::{Map, Value};

/// Meta: "Supported languages".
const LANGUAGES: &str = " af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl \
    nl_BE en en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA \
    fr_CH fr_CI fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl \
    pt_BR pt_PT pa ro ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv ta te \
    th tr uk ur uz vi zu ";
const COMPONENTS: [&str; 9] = [
    "HEADER",
    "BODY",
    "FOOTER",
    "BUTTONS",
    "CAROUSEL",
    "LIMITED_TIME_OFFER",
    "CALL_PERMISSION_REQUEST",
    "ORDER_DETAILS",
    "ORDER_STATUS",
];
const FORMATS: [&str; 7] = ["TEXT", "IMAGE", "VIDEO", "DOCUMENT", "GIF", "LOCATION", "PRODUCT"];
const BUTTONS: [&str; 12] = [
    "QUICK_REPLY",
    "URL",
    "PHONE_NUMBER",
    "COPY_CODE",
    "OTP",
    "FLOW",
    "CATALOG",
    "MPM",
    "SPM",
    "VOICE_CALL",
    "REQUEST_CONTACT_INFO",
    "ORDER_DETAILS",
];

type Part = Map<String, Value>;

/// Name, language and category.
pub(super) fn identity(name: &str, language: &str, category: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if name.len() > 512 || !name.bytes().all(plain) {
        return Err(refused(
            2_388_046,
            "Name Format is Incorrect",
            "Message template name can only have lowercase letters.",
        ));
    }
    if !LANGUAGES.contains(&format!(" {language} ")) {
        return Err(Refusal::parameter("(#100) Param language is not a supported language."));
    }
    if !["AUTHENTICATION", "MARKETING", "UTILITY"].contains(&category) {
        return Err(Refusal::parameter("(#100) Param category must be one of {AUTHENTICATION, MARKETING, UTILITY}"));
    }
    Ok(())
}

/// The account has this name in this language.
pub(super) fn exists() -> Refusal {
    refused(
        2_388_024,
        "Content in This Language Already Exists",
        "There is already content in this language for this template. You can create a new template and try again.",
    )
}

fn refused(subcode: u32, title: &'static str, message: &'static str) -> Refusal {
    Refusal::parameter("Invalid parameter").with_subcode(subcode).telling(title, message)
}

/// Checks the components and rewrites them as Meta shows them: words in upper case, samples as addresses.
pub(super) fn components(
    context: &Context<'_>,
    world: &World,
    category: &str,
    template: &mut Part,
) -> Result<(), Refusal> {
    let missing = || Refusal::parameter("(#100) The parameter components is required.");
    let list = template.get_mut("components").and_then(Value::as_array_mut).filter(|list| !list.is_empty());
    let list = list.ok_or_else(missing)?;
    let mut parts: Vec<&mut Part> = list.iter_mut().filter_map(Value::as_object_mut).collect();
    for part in &mut parts {
        component(context, world, part)?;
    }
    let has = |kind: &str| parts.iter().any(|part| word(part, "type") == kind);
    if !has("BODY") {
        return Err(Refusal::parameter("(#100) Component of type BODY is missing"));
    }
    if has("LIMITED_TIME_OFFER") && has("FOOTER") {
        return Err(Refusal::parameter("(#100) A limited time offer has no footer"));
    }
    if has("CAROUSEL") && ["HEADER", "FOOTER", "BUTTONS"].into_iter().any(has) {
        return Err(Refusal::parameter("(#100) A carousel template has a body and cards only"));
    }
    if category != "AUTHENTICATION" {
        parts.iter().filter(|part| word(part, "type") == "BODY").try_for_each(|part| body(part))?;
    }
    Ok(())
}

fn word(part: &Part, name: &str) -> String {
    part.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_uppercase()
}

fn text<'a>(part: &'a Part, name: &str) -> &'a str {
    part.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn raise(part: &mut Part, names: &[&str]) {
    for name in names {
        if part.contains_key(*name) {
            let raised = word(part, name);
            part.insert((*name).to_owned(), raised.into());
        }
    }
}

fn component(context: &Context<'_>, world: &World, part: &mut Part) -> Result<(), Refusal> {
    raise(part, &["type", "format"]);
    let kind = word(part, "type");
    if !COMPONENTS.contains(&kind.as_str()) {
        return Err(Refusal::parameter("(#100) Invalid component type"));
    }
    match kind.as_str() {
        "HEADER" => header(context, world, part),
        "FOOTER" if text(part, "text").contains("{{") => {
            Err(refused(2_388_073, "Message footer format is incorrect", "The message footer can't have variables."))
        }
        "BUTTONS" => buttons(part),
        "CAROUSEL" => carousel(context, world, part),
        _ => Ok(()),
    }
}

fn header(context: &Context<'_>, world: &World, part: &mut Part) -> Result<(), Refusal> {
    let format = word(part, "format");
    if !FORMATS.contains(&format.as_str()) {
        return Err(Refusal::parameter("(#100) Param format is invalid"));
    }
    if format == "TEXT" {
        let text = text(part, "text");
        if text.chars().count() > 60 {
            return Err(refused(
                2_388_040,
                "Character limit exceeded",
                "The header text exceeds the character limit of 60.",
            ));
        }
        if text.contains('\n') || text.contains('*') || text.matches("{{").count() > 1 {
            let message = "The message header can't have any new lines, formatting characters, emojis or asterisks.";
            return Err(refused(2_388_047, "Message header format is incorrect", message));
        }
        return Ok(());
    }
    if !["IMAGE", "VIDEO", "DOCUMENT", "GIF"].contains(&format.as_str()) {
        return Ok(());
    }
    let handles = part.get_mut("example").and_then(|example| example.get_mut("header_handle"));
    let first = handles.and_then(Value::as_array_mut).and_then(|list| list.first_mut());
    let handle = first.ok_or_else(no_sample)?;
    let given = handle.as_str().unwrap_or_default();
    if given.starts_with("http") || given.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(no_sample());
    }
    *handle = sample_address(context, world, given, &format)?.into();
    Ok(())
}

fn no_sample() -> Refusal {
    let message = "Message template with IMAGE header type needs an example/sample, but not provided.";
    refused(2_388_273, "Missing sample parameter for title type", message)
}

fn body(part: &Part) -> Result<(), Refusal> {
    let text = text(part, "text").trim();
    if text.chars().count() > 1024 {
        return Err(refused(
            2_388_040,
            "Character limit exceeded",
            "The body text exceeds the character limit of 1024.",
        ));
    }
    if text.starts_with("{{") || text.ends_with("}}") {
        let message = "Variables can't be at the start or end of the template.";
        return Err(refused(2_388_299, "Leading or trailing parameters not allowed", message));
    }
    if text.contains("{{") && part.get("example").is_none() {
        return Err(refused(
            2_388_043,
            "\"components\" param is missing expected field(s)",
            "component of type BODY is missing expected field(s) (example)",
        ));
    }
    Ok(())
}

fn buttons(part: &mut Part) -> Result<(), Refusal> {
    let list = part.get_mut("buttons").and_then(Value::as_array_mut).filter(|list| !list.is_empty());
    let list = list.ok_or_else(|| Refusal::parameter("(#100) The parameter buttons is required."))?;
    let mut kinds = Vec::new();
    for button in list.iter_mut().filter_map(Value::as_object_mut) {
        raise(button, &["type", "otp_type"]);
        kinds.push(word(button, "type"));
        if text(button, "url").contains("{{") && button.get("example").is_none() {
            let message = "component of type BUTTONS is missing expected field(s) (example)";
            return Err(refused(2_388_043, "\"components\" param is missing expected field(s)", message));
        }
    }
    if !kinds.iter().all(|kind| BUTTONS.contains(&kind.as_str())) {
        return Err(Refusal::parameter("(#100) Invalid button type"));
    }
    let links = kinds.iter().filter(|kind| *kind == "URL").count();
    let mut groups: Vec<bool> = kinds.iter().map(|kind| kind == "QUICK_REPLY").collect();
    groups.dedup();
    if kinds.len() > 10 || links > 2 || groups.iter().filter(|quick| **quick).count() > 1 {
        return Err(refused(2_388_275, "Buttons are not valid", "The combination of buttons is not supported."));
    }
    Ok(())
}

fn carousel(context: &Context<'_>, world: &World, part: &mut Part) -> Result<(), Refusal> {
    let cards = part.get_mut("cards").and_then(Value::as_array_mut).map(Vec::as_mut_slice).unwrap_or_default();
    if !(2..=10).contains(&cards.len()) {
        return Err(Refusal::parameter("(#100) A carousel has 2 to 10 cards"));
    }
    let mut shapes: Vec<Vec<String>> = Vec::new();
    for card in cards {
        let inner = card.get_mut("components").and_then(Value::as_array_mut).into_iter().flatten();
        let mut shape = Vec::new();
        for inner in inner.filter_map(Value::as_object_mut) {
            component(context, world, inner)?;
            shape.push(word(inner, "type"));
        }
        shapes.push(shape);
    }
    shapes.dedup();
    if shapes.len() > 1 {
        return Err(Refusal::parameter("(#100) All cards must have the same components"));
    }
    Ok(())
}
