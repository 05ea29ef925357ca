//! Meta's words about a template that exists. Both lists are open: an unknown word is stored, shown and counted.

use super::Template;
use crate::domain::composition::words;

words! {
    /// What Meta says about a template's review and life (Meta: "Template status", `message_template_status_update`).
    pub enum Status {
        /// It may be sent.
        Approved = "APPROVED",
        /// Meta took back a decision against it.
        Reinstated = "REINSTATED",
        /// It may be sent again.
        Unarchived = "UNARCHIVED",
        /// In review.
        Pending = "PENDING",
        /// In review a second time.
        InAppeal = "IN_APPEAL",
        /// Rejected by a review.
        Rejected = "REJECTED",
        /// Not to be sent for a while, because of its quality.
        Paused = "PAUSED",
        /// Not to be sent any more.
        Disabled = "DISABLED",
        /// About to be disabled.
        Flagged = "FLAGGED",
        /// Not to be changed.
        Locked = "LOCKED",
        /// The account has too many templates.
        LimitExceeded = "LIMIT_EXCEEDED",
        /// Not used for a year.
        Archived = "ARCHIVED",
        /// Being deleted.
        PendingDeletion = "PENDING_DELETION",
        /// Deleted, at Meta or by us.
        Deleted = "DELETED",
    }
}

words! {
    /// Quality ratings; `UNKNOWN` is Meta's word for a template without one.
    pub enum Quality {
        /// High.
        Green = "GREEN",
        /// Medium.
        Yellow = "YELLOW",
        /// Low.
        Red = "RED",
        /// Not rated yet.
        Unrated = "UNKNOWN",
    }
}

impl Status {
    /// Its colour for people: `green` usable, `yellow` in review, `grey` gone, `red` not usable. A status that is not
    /// known is not known to be usable.
    #[must_use]
    pub const fn colour(self) -> &'static str {
        match self {
            Self::Approved | Self::Reinstated | Self::Unarchived => "green",
            Self::Pending | Self::InAppeal => "yellow",
            Self::Deleted | Self::PendingDeletion | Self::Archived => "grey",
            Self::Rejected
            | Self::Paused
            | Self::Disabled
            | Self::Flagged
            | Self::Locked
            | Self::LimitExceeded
            | Self::Unknown => "red",
        }
    }

    /// Whether Meta documents that it refuses an edit: of a template in review, and of one that is gone.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        !matches!(self, Self::Approved | Self::Rejected | Self::Paused | Self::Unknown)
    }
}

impl Template {
    /// The lists that lack a word which Meta uses for this template.
    pub fn unknown_words(&self) -> impl Iterator<Item = &'static str> {
        let status = (Status::parse(&self.status) == Status::Unknown).then_some("status");
        let quality = self.quality.as_deref().is_some_and(|word| Quality::parse(word) == Quality::Unknown);
        status.into_iter().chain(quality.then_some("quality"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_status_has_its_colour_and_only_open_ones_are_edited() {
        for (word, colour, closed) in [
            ("APPROVED", "green", false),
            ("approved", "green", false),
            ("PENDING", "yellow", true),
            ("REJECTED", "red", false),
            ("PAUSED", "red", false),
            ("ARCHIVED", "grey", true),
            ("NEW_IN_2027", "red", false),
        ] {
            let status = Status::parse(word);
            assert_eq!((status.colour(), status.is_closed()), (colour, closed), "{word}");
        }
    }
}
