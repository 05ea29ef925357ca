//! What each refusal of a template by Meta means: who acts, whether a retry helps, and a sentence that says what to do.
//! Meta nearly always answers code 100, and the subcode says what is wrong (Meta: "Error codes", "Manage templates";
//! subcodes that Meta does not document were seen in the field). Meta's own texts are in the customer's language, so
//! nothing is ever read from them.

use super::failure::Actor;

/// Whether the same request may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not unchanged.
    No,
    /// After what the sentence names.
    Later,
}

impl Retry {
    /// The value in the public API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Later => "later",
        }
    }
}

/// One meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// Who has to act.
    pub actor: Actor,
    /// Whether a retry helps.
    pub retry: Retry,
    /// What to do.
    pub sentence: &'static str,
}

impl Meaning {
    /// Whether no list names the refusal, so that only Meta's own words say what it is.
    #[must_use]
    pub fn is_general(self) -> bool {
        self == GENERAL
    }
}

/// Subcode of 100: the account has content in this language under this name.
pub const EXISTS: u64 = 2_388_024;

const fn row(number: u64, actor: Actor, retry: Retry, sentence: &'static str) -> (u64, Meaning) {
    (number, Meaning { actor, retry, sentence })
}

use Actor::{Customer, Meta, Operator};
use Retry::{Later, No};

/// By subcode, or by code where Meta sends no subcode.
const MEANINGS: &[(u64, Meaning)] = &[
    row(
        2_388_019,
        Customer,
        Later,
        "The account has as many templates as Meta allows. Delete some, or verify the business to raise the limit.",
    ),
    row(
        2_388_023,
        Operator,
        No,
        "A template of this name and language was deleted recently. Meta blocks the name for about 30 days: use a new one.",
    ),
    row(
        EXISTS,
        Operator,
        No,
        "The account already has a template of this name in this language. Edit it, or use another name.",
    ),
    row(
        2_388_039,
        Operator,
        Later,
        "The template cannot be changed now: it is in review, or it was edited too often. Wait for the decision, or create a new one.",
    ),
    row(2_388_040, Operator, No, "A text is longer than Meta allows. Shorten it."),
    row(
        2_388_042,
        Operator,
        No,
        "Meta does not accept the form of a component. Check variables next to line breaks, and what Meta says about it.",
    ),
    row(
        2_388_043,
        Operator,
        No,
        "A component lacks something that Meta requires, most often examples for its variables. Fill in the sample values.",
    ),
    row(2_388_046, Operator, No, "The name is not in Meta's form. Use lower-case letters, digits and underscores."),
    row(
        2_388_047,
        Operator,
        No,
        "The header is not in Meta's form: one line without emoji or formatting, with one variable at most.",
    ),
    row(
        2_388_050,
        Operator,
        No,
        "Meta does not accept this template and documents no reason. See what Meta says about it.",
    ),
    row(2_388_072, Operator, No, "The body is not in Meta's form. Check its variables, line breaks and spaces."),
    row(2_388_073, Operator, No, "The footer is not in Meta's form. Remove variables, links and line breaks."),
    row(2_388_155, Operator, No, "Meta uses this name for a sample template. Use another name."),
    row(
        2_388_185,
        Customer,
        Later,
        "The account may not create templates yet. Wait for Meta's review of the account, or verify the business.",
    ),
    row(
        2_388_273,
        Operator,
        No,
        "The header lacks its sample file. Upload the file and use the handle that the upload returns.",
    ),
    row(2_388_275, Operator, No, "The buttons are not in Meta's form, for example too many of one type."),
    row(2_388_293, Operator, No, "The text has too many variables for its length. Add words or remove variables."),
    row(2_388_295, Operator, No, "Meta does not accept the sample file. Upload another one of a documented type."),
    row(2_388_299, Operator, No, "The body begins or ends with a variable. Put text before and after it."),
    row(
        2_494_102,
        Operator,
        Later,
        "The sample's handle has expired or belongs to another app. Upload the file again and use the new handle.",
    ),
    row(131_009, Operator, No, "A value is not one that Meta accepts, for example the sample of a header."),
    row(200_002, Customer, No, "Meta could not create the template. Open WhatsApp Manager to see why."),
    row(
        139_000,
        Customer,
        No,
        "Meta blocks the account for reasons of integrity. See the account's quality page, and appeal there.",
    ),
    row(192, Operator, No, "Meta does not accept a phone number. Check the call button."),
    row(
        10,
        Customer,
        No,
        "The permission for this account was not granted or was removed. Have the customer connect again.",
    ),
    row(
        200,
        Customer,
        No,
        "The permission to manage templates is missing. Have the customer connect again and grant account management.",
    ),
    row(
        33,
        Customer,
        No,
        "Meta does not show this account or template any more. Have the customer connect again, or read the list anew.",
    ),
    row(190, Customer, No, "The customer's permission has ended. Have the customer connect again."),
    row(368, Customer, No, "Meta restricts the account because of its policies. See the account's quality page."),
    row(80_007, Meta, Later, "Too many calls were made for this account. Meta takes the request again later."),
    row(80_008, Meta, Later, "Meta allows 100 new templates an hour. It takes the request again later."),
    row(4, Meta, Later, "Too many calls were made by this app. Meta takes the request again later."),
    row(1, Meta, Later, "Meta could not process the request. Try again in a few minutes."),
    row(2, Meta, Later, "Meta is unavailable. Try again in a few minutes."),
    row(
        100,
        Operator,
        No,
        "A field is not one that Meta accepts: most often the category differs from that of the same name in another language, or the language is not supported.",
    ),
];

/// For anything that no list names.
const GENERAL: Meaning = Meaning {
    actor: Operator,
    retry: No,
    sentence: "Meta refused the request. Look up the code in Meta's list of error codes.",
};

/// Meta answered `{"success": false}`: nothing was done, and no reason given.
pub const NOT_DONE: Meaning = Meaning {
    actor: Meta,
    retry: Later,
    sentence: "Meta answered that it did not carry out the request, without a reason. Nothing was changed. Try again later.",
};

/// The meaning of a refusal: its subcode is more precise than its code.
#[must_use]
pub fn meaning(code: u64, subcode: Option<u64>) -> Meaning {
    let of = |number: u64| MEANINGS.iter().find(|(known, _)| *known == number).map(|(_, meaning)| *meaning);
    subcode.and_then(of).or_else(|| of(code)).unwrap_or(match code {
        // Meta: "Handle errors": every permission.
        201..=299 => meaning(200, None),
        _ => GENERAL,
    })
}

/// The meaning of a stable code of a stored failure: `graph.<code>` or `graph.<code>.<subcode>`.
#[must_use]
pub fn meaning_of(code: &str) -> Meaning {
    let mut numbers = code.strip_prefix("graph.").unwrap_or_default().split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(code)), subcode) => meaning(code, subcode.and_then(Result::ok)),
        _ if code == "graph.not_done" => NOT_DONE,
        _ => GENERAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `code subcode` of each documented refusal; 0 for none.
    const DOCUMENTED: &str = include_str!("template_refusal/documented.txt");

    fn documented() -> impl Iterator<Item = (u64, Option<u64>)> {
        let lines = DOCUMENTED.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        lines.map(|line| {
            let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().unwrap());
            let code = numbers.next().unwrap();
            (code, numbers.next().filter(|subcode| *subcode > 0))
        })
    }

    #[test]
    fn no_documented_refusal_of_a_template_falls_to_the_general_sentence() {
        assert!(documented().count() >= 27);
        for (code, subcode) in documented() {
            let found = meaning(code, subcode);
            assert_ne!(found, GENERAL, "{code} {subcode:?}");
            // A subcode that is listed is not explained by the general words for its code.
            assert!(subcode.is_none() || found != meaning(code, None), "{code} {subcode:?}");
        }
    }

    #[test]
    fn every_number_has_one_meaning() {
        let mut numbers: Vec<u64> = MEANINGS.iter().map(|(number, _)| *number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), MEANINGS.len());
    }

    #[test]
    fn numbers_that_nobody_lists_are_refusals_too_and_stored_codes_mean_the_same() {
        assert_eq!(meaning(987_654, None), GENERAL);
        assert_eq!(meaning(100, Some(987_654)), meaning(100, None));
        assert_eq!(meaning_of("graph.100.2388293"), meaning(100, Some(2_388_293)));
        assert_eq!(meaning_of("graph.368"), meaning(368, None));
        assert_eq!((meaning_of("graph.not_done"), meaning_of("token.missing")), (NOT_DONE, GENERAL));
    }
}
