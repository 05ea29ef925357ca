//! The languages of the signup page: those of Meta's own popup ("30 languages"), and German.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The writing direction of a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Latin and most others.
    LeftToRight,
    /// Arabic and Hebrew.
    RightToLeft,
}

impl Direction {
    /// The value of HTML's `dir`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LeftToRight => "ltr",
            Self::RightToLeft => "rtl",
        }
    }
}

/// One language with its catalogue.
#[derive(Debug)]
pub struct Language {
    /// BCP 47 tag.
    pub tag: &'static str,
    /// The locale of Facebook's JavaScript SDK.
    pub sdk_locale: &'static str,
    /// The writing direction.
    pub direction: Direction,
    texts: LazyLock<HashMap<String, String>>,
}

macro_rules! language {
    ($tag:literal, $sdk:literal, $direction:ident) => {
        Language {
            tag: $tag,
            sdk_locale: $sdk,
            direction: Direction::$direction,
            // An invalid catalogue would be empty; the tests parse every one.
            texts: LazyLock::new(|| {
                serde_json::from_str(include_str!(concat!("../../../languages/", $tag, ".json"))).unwrap_or_default()
            }),
        }
    };
}

macro_rules! tag {
    ($tag:literal, $($rest:tt)*) => {
        $tag
    };
}

/// The tags are defined separately from the languages: code that uses only the tags links no catalogue.
macro_rules! languages {
    ($english:ident: $first:tt, $others:ident: $($other:tt)*) => {
        /// The default language.
        pub static $english: Language = language! $first;
        static $others: [Language; TAGS.len() - 1] = [$(language! $other),*];
        /// BCP 47 tags of all languages.
        pub const TAGS: &[&str] = &[tag! $first, $(tag! $other),*];
    };
}

languages! {
    ENGLISH: ("en-US", "en_US", LeftToRight),
    OTHERS:
    ("ar", "ar_AR", RightToLeft)
    ("cs", "cs_CZ", LeftToRight)
    ("da", "da_DK", LeftToRight)
    ("de", "de_DE", LeftToRight)
    ("el", "el_GR", LeftToRight)
    ("en-GB", "en_GB", LeftToRight)
    ("es-419", "es_LA", LeftToRight)
    ("es-ES", "es_ES", LeftToRight)
    ("fi", "fi_FI", LeftToRight)
    ("fr", "fr_FR", LeftToRight)
    ("he", "he_IL", RightToLeft)
    ("hi", "hi_IN", LeftToRight)
    ("hu", "hu_HU", LeftToRight)
    ("id", "id_ID", LeftToRight)
    ("it", "it_IT", LeftToRight)
    ("ja", "ja_JP", LeftToRight)
    ("ko", "ko_KR", LeftToRight)
    ("nb", "nb_NO", LeftToRight)
    ("nl", "nl_NL", LeftToRight)
    ("pl", "pl_PL", LeftToRight)
    ("pt-BR", "pt_BR", LeftToRight)
    ("pt-PT", "pt_PT", LeftToRight)
    ("ro", "ro_RO", LeftToRight)
    ("ru", "ru_RU", LeftToRight)
    ("sv", "sv_SE", LeftToRight)
    ("th", "th_TH", LeftToRight)
    ("tr", "tr_TR", LeftToRight)
    ("vi", "vi_VN", LeftToRight)
    ("zh-CN", "zh_CN", LeftToRight)
    ("zh-HK", "zh_HK", LeftToRight)
    ("zh-TW", "zh_TW", LeftToRight)
}

/// Aliases for tags that truncation alone would resolve wrongly or not at all.
const ALIASES: [(&str, &str); 18] = [
    ("no", "nb"),
    ("nn", "nb"),
    ("iw", "he"),
    ("in", "id"),
    ("pt", "pt-BR"),
    ("es", "es-419"),
    ("es-es", "es-ES"),
    ("zh", "zh-CN"),
    ("zh-hans", "zh-CN"),
    ("zh-hant", "zh-TW"),
    ("zh-hant-hk", "zh-HK"),
    ("zh-mo", "zh-HK"),
    ("zh-sg", "zh-CN"),
    ("en-au", "en-GB"),
    ("en-ie", "en-GB"),
    ("en-in", "en-GB"),
    ("en-nz", "en-GB"),
    ("en-za", "en-GB"),
];

impl Language {
    /// All languages.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        std::iter::once(&ENGLISH).chain(&OTHERS)
    }

    /// The sentence for a key.
    #[must_use]
    pub fn text(&'static self, key: &str) -> Option<&'static str> {
        self.texts.get(key).map(String::as_str)
    }

    /// All sentences whose keys begin with the prefix; the prefix is removed from the keys.
    pub fn texts(&'static self, prefix: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.texts.iter().filter_map(move |(key, text)| Some((key.strip_prefix(prefix)?, text.as_str())))
    }

    /// The language of a tag: an exact match, an alias, or that of a shorter tag.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<&'static Self> {
        let mut tag = tag.trim().replace('_', "-").to_ascii_lowercase();
        loop {
            let exact = Self::all().find(|language| language.tag.eq_ignore_ascii_case(&tag));
            let alias = || ALIASES.iter().find(|(alias, _)| *alias == tag).and_then(|(_, tag)| Self::own(tag));
            if let Some(found) = exact.or_else(alias) {
                return Some(found);
            }
            match tag.rsplit_once('-') {
                Some((shorter, _)) => tag.truncate(shorter.len()),
                None => return (tag == "en").then_some(&ENGLISH),
            }
        }
    }

    fn own(tag: &str) -> Option<&'static Self> {
        Self::all().find(|language| language.tag == tag)
    }

    /// The best match for an `Accept-Language` header (RFC 9110, 12.5.4).
    #[must_use]
    pub fn accepted(header: &str) -> Option<&'static Self> {
        let weighed = header.split(',').take(MOST_ACCEPTED).filter_map(|range| {
            let (tag, weight) = range.split_once(";q=").unwrap_or((range, "1"));
            let weight: f32 = weight.trim().parse().ok()?;
            (weight > 0.0).then_some((tag, weight))
        });
        let mut ranges: Vec<(&str, f32)> = weighed.collect();
        ranges.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranges.into_iter().find_map(|(tag, _)| Self::of_tag(tag))
    }
}

/// Maximum number of ranges of an `Accept-Language` header that are evaluated.
const MOST_ACCEPTED: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::steps::Step;
    use std::collections::BTreeSet;

    fn keys(language: &'static Language) -> BTreeSet<&'static str> {
        language.texts("").map(|(key, _)| key).collect()
    }

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    #[test]
    fn every_language_has_every_sentence_with_the_same_placeholders() {
        assert!(Language::all().count() >= 30 && keys(&ENGLISH).len() > 150);
        for language in Language::all() {
            assert_eq!(keys(language), keys(&ENGLISH), "{}", language.tag);
            for (key, english) in ENGLISH.texts("") {
                let text = language.text(key).unwrap();
                assert_eq!(placeholders(text), placeholders(english), "{} {key}", language.tag);
                assert!(!text.trim().is_empty() && text.trim() == text, "{} {key}", language.tag);
                let own = language.tag.starts_with("en") || english.len() < 25 || text != english;
                assert!(own, "{} {key} is English", language.tag);
            }
        }
    }

    #[test]
    fn every_step_has_a_name_for_customers() {
        let unnamed = |step: &Step| ENGLISH.text(&format!("step.{step}")).is_none();
        let unnamed: Vec<Step> = Step::ALL.into_iter().filter(unnamed).collect();
        assert_eq!(unnamed, [], "`step.<name>` is missing in shared/languages");
    }

    #[test]
    fn a_tag_resolves_to_the_nearest_language() {
        let tag = |tag: &str| Language::of_tag(tag).map(|language| language.tag);
        for (asked, given) in [
            ("pt", "pt-BR"),
            ("pt_PT", "pt-PT"),
            ("de-AT", "de"),
            ("zh-Hant-TW", "zh-TW"),
            ("zh-Hant-HK", "zh-HK"),
            ("zh", "zh-CN"),
            ("es-MX", "es-419"),
            ("es-ES", "es-ES"),
            ("no", "nb"),
            ("en-AU", "en-GB"),
            ("en-CA", "en-US"),
            ("ar-EG", "ar"),
            ("IW-il", "he"),
        ] {
            assert_eq!(tag(asked), Some(given), "{asked}");
        }
        for unknown in ["", "xx", "-", "tlh-Latn", "*"] {
            assert_eq!(tag(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_browser_gets_its_preferred_language() {
        let accepted = |header: &str| Language::accepted(header).map(|language| language.tag);
        assert_eq!(accepted("xx, fr;q=0.3, de-CH;q=0.8, *;q=0.1"), Some("de"));
        assert_eq!(accepted("ja;q=0, ko;q=0.5"), Some("ko"));
        assert_eq!(accepted("xx;q=abc,,"), None);
    }
}
