//! Every list of Meta's words in a template. Meta's own samples write them in upper and lower case (Meta: "Template
//! components"), so they are compared without case. A word that is not listed is passed on: Meta decides.

use super::{Composition, buttons, text};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// An enumeration of Meta's words, with `Unknown` for every other one.
macro_rules! words {
    ($(#[$about:meta])* $visibility:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        $visibility enum $name {
            $($(#[$doc])* $variant,)+
            /// A word that is not listed here.
            Unknown,
        }

        impl $name {
            /// The words, in the order of their meanings.
            $visibility const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word's meaning, whatever its case.
            #[must_use]
            $visibility fn parse(text: &str) -> Self {
                let meanings = [$(Self::$variant),+];
                let known = Self::WORDS.iter().zip(meanings).find(|(word, _)| text.eq_ignore_ascii_case(word));
                known.map_or(Self::Unknown, |(_, meaning)| meaning)
            }
        }
    };
}

pub(in crate::domain) use words;

words! {
    /// Types of components (Meta: "Template components" and the page of each template kind).
    pub(super) enum Part {
        Header = "HEADER",
        Body = "BODY",
        Footer = "FOOTER",
        Buttons = "BUTTONS",
        Carousel = "CAROUSEL",
        LimitedTimeOffer = "LIMITED_TIME_OFFER",
        CallPermissionRequest = "CALL_PERMISSION_REQUEST",
        OrderDetails = "ORDER_DETAILS",
        OrderStatus = "ORDER_STATUS",
    }
}

words! {
    /// Formats of headers.
    pub enum Format {
        /// A line of text.
        Text = "TEXT",
        /// An image.
        Image = "IMAGE",
        /// A video.
        Video = "VIDEO",
        /// A PDF.
        Document = "DOCUMENT",
        /// A short video that is shown as an animation (Marketing Messages API only).
        Gif = "GIF",
        /// A place, named when a message is sent.
        Location = "LOCATION",
        /// A product of the catalogue, named when a message is sent.
        Product = "PRODUCT",
    }
}

words! {
    /// Types of buttons, including those that Meta documents only in its library and in webhooks.
    pub(super) enum Button {
        QuickReply = "QUICK_REPLY",
        Url = "URL",
        PhoneNumber = "PHONE_NUMBER",
        CopyCode = "COPY_CODE",
        Otp = "OTP",
        Flow = "FLOW",
        Catalog = "CATALOG",
        Mpm = "MPM",
        Spm = "SPM",
        VoiceCall = "VOICE_CALL",
        RequestContactInfo = "REQUEST_CONTACT_INFO",
        OrderDetails = "ORDER_DETAILS",
        App = "APP",
        MiniApp = "MINI_APP",
        Reminder = "REMINDER",
        Postback = "POSTBACK",
        Extension = "EXTENSION",
        SendLocation = "SEND_LOCATION",
    }
}

words! {
    /// Kinds of one-time password buttons.
    pub(super) enum Otp {
        CopyCode = "COPY_CODE",
        OneTap = "ONE_TAP",
        ZeroTap = "ZERO_TAP",
    }
}

/// Categories.
pub const CATEGORIES: [&str; 3] = ["AUTHENTICATION", "MARKETING", "UTILITY"];

/// Formats of variables.
const PARAMETER_FORMATS: [&str; 2] = ["NAMED", "POSITIONAL"];

/// Languages (Meta: "Supported languages").
const LANGUAGES: &str = " af sq ar ar_EG ar_AE ar_LB ar_MA ar_QA az be_BY bn bn_IN bg ca zh_CN zh_HK zh_TW hr cs da prs_AF nl nl_BE en \
    en_GB en_US en_AE en_AU en_CA en_GH en_IE en_IN en_JM en_MY en_NZ en_QA en_SG en_UG en_ZA et fil fi fr fr_BE fr_CA fr_CH fr_CI \
    fr_MA ka de de_AT de_CH el gu ha he hi hu id ga it ja kn kk rw_RW ko ky_KG lo lv lt mk ms ml mr nb ps_AF fa pl pt_BR pt_PT pa \
    ro ru sr si_LK sk sl es es_AR es_CL es_CO es_CR es_DO es_EC es_HN es_MX es_PA es_PE es_ES es_UY sw sv ta te th tr uk ur uz vi zu ";

/// Members of a template besides those that [`Composition`] names.
pub const MEMBERS: [&str; 9] = [
    "allow_category_change",
    "creative_sourcing_spec",
    "cta_url_link_tracking_opted_out",
    "degrees_of_freedom_spec",
    "library_template_body_inputs",
    "library_template_button_inputs",
    "library_template_name",
    "optimization_spec",
    "sub_category",
];

impl Part {
    pub(super) fn of(component: &Map<String, Value>) -> Self {
        Self::parse(text(component, "type"))
    }
}

impl Format {
    pub(super) fn of(header: &Map<String, Value>) -> Self {
        Self::parse(text(header, "format"))
    }

    /// Whether a header of this format needs the sample of a file.
    #[must_use]
    pub const fn is_media(self) -> bool {
        matches!(self, Self::Image | Self::Video | Self::Document | Self::Gif)
    }
}

impl Button {
    pub(super) fn of(button: &Map<String, Value>) -> Self {
        Self::parse(text(button, "type"))
    }
}

/// The form of Meta's language codes: two or three lower-case letters, and a region after an underscore.
pub(super) fn is_language(code: &str) -> bool {
    let (language, region) = code.split_once('_').map_or((code, None), |(language, region)| (language, Some(region)));
    let region = region.is_none_or(|region| {
        (2..=4).contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    (2..=3).contains(&language.len()) && language.bytes().all(|byte| byte.is_ascii_lowercase()) && region
}

/// One of the lists of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Vocabulary {
    /// Types of components.
    Component,
    /// Formats of headers.
    Format,
    /// Types of buttons.
    Button,
    /// Kinds of one-time password buttons.
    Otp,
    /// Categories.
    Category,
    /// Languages.
    Language,
    /// Formats of variables.
    ParameterFormat,
    /// Members of the template.
    Member,
}

impl Vocabulary {
    /// Its name in logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Component => "component",
            Self::Format => "format",
            Self::Button => "button",
            Self::Otp => "otp",
            Self::Category => "category",
            Self::Language => "language",
            Self::ParameterFormat => "parameter_format",
            Self::Member => "member",
        }
    }
}

/// The lists that lack a word of this template. Such a template is submitted all the same; how often that happens says
/// whether a list is out of date.
#[must_use]
pub fn unknown_words(composition: &Composition) -> BTreeSet<Vocabulary> {
    let mut unknown = BTreeSet::new();
    let mut note = |is_known: bool, list| {
        if !is_known {
            unknown.insert(list);
        }
    };
    let listed = |words: &[&str], word: &str| words.iter().any(|known| known.eq_ignore_ascii_case(word));
    note(listed(&CATEGORIES, &composition.category), Vocabulary::Category);
    let language = &composition.language;
    note(!is_language(language) || LANGUAGES.contains(&format!(" {language} ")), Vocabulary::Language);
    let format = composition.parameter_format.as_deref();
    note(format.is_none_or(|format| listed(&PARAMETER_FORMATS, format)), Vocabulary::ParameterFormat);
    note(composition.others.keys().all(|name| MEMBERS.contains(&name.as_str())), Vocabulary::Member);
    for components in [composition.components.clone()].into_iter().chain(composition.cards()) {
        note(components.iter().all(|component| Part::of(component) != Part::Unknown), Vocabulary::Component);
        let headers = components.iter().filter(|component| Part::of(component) == Part::Header);
        note(headers.map(Format::of).all(|format| format != Format::Unknown), Vocabulary::Format);
        for button in buttons(&components) {
            note(Button::of(button) != Button::Unknown, Vocabulary::Button);
            let otp = Button::of(button) != Button::Otp || Otp::parse(text(button, "otp_type")) != Otp::Unknown;
            note(otp, Vocabulary::Otp);
        }
    }
    unknown
}
