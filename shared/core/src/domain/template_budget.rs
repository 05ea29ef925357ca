//! Limits on submitting and editing templates (Meta: 100 creations per hour and account; an approved template can be
//! edited once in 24 hours and ten times in 30 days).

use super::ids::TemplateId;
use super::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

/// Creations Meta allows per hour.
pub const CREATIONS_AN_HOUR: usize = 100;
/// Edits of an approved template Meta allows in 30 days.
pub const EDITS_A_MONTH: usize = 10;

/// Recent submissions and edits of one account, recorded before Meta is called.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TemplateBudget {
    creations: Vec<Timestamp>,
    edits: BTreeMap<TemplateId, Vec<Timestamp>>,
}

impl TemplateBudget {
    /// Creations of the last hour.
    #[must_use]
    pub fn creations(&self, now: Timestamp) -> usize {
        self.creations.iter().filter(|at| now.since(**at) < HOUR).count()
    }

    /// Records a creation.
    ///
    /// # Errors
    /// When the limit is reached: the time from which creations are allowed again.
    pub fn create(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        self.creations.retain(|at| now.since(*at) < HOUR);
        match self.creations.len().checked_sub(CREATIONS_AN_HOUR).and_then(|over| self.creations.get(over)) {
            Some(oldest) => Err(oldest.after(HOUR)),
            None => {
                self.creations.push(now);
                Ok(())
            }
        }
    }

    /// Edits of a template in the last 30 days.
    #[must_use]
    pub fn edits(&self, id: &TemplateId, now: Timestamp) -> usize {
        self.edits.get(id).into_iter().flatten().filter(|at| now.since(**at) < MONTH).count()
    }

    /// Records an edit. Only edits of approved templates are limited.
    ///
    /// # Errors
    /// When the daily or monthly limit is reached: the time from which edits are allowed again.
    pub fn edit(&mut self, id: &TemplateId, approved: bool, now: Timestamp) -> Result<(), Timestamp> {
        self.edits.retain(|_, edits| edits.iter().any(|at| now.since(*at) < MONTH));
        let edits = self.edits.entry(id.clone()).or_default();
        edits.retain(|at| now.since(*at) < MONTH);
        if approved {
            if let Some(last) = edits.last().filter(|last| now.since(**last) < DAY) {
                return Err(last.after(DAY));
            }
            if let Some(oldest) = edits.len().checked_sub(EDITS_A_MONTH).and_then(|over| edits.get(over)) {
                return Err(oldest.after(MONTH));
            }
        }
        edits.push(now);
        Ok(())
    }
}

impl TemplateBudget {
    /// Removes the last edit, because Meta refused it.
    pub fn take_edit_back(&mut self, id: &TemplateId) {
        self.edits.get_mut(id).map(Vec::pop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_seconds(hours * 3600)
    }

    #[test]
    fn a_hundred_creations_an_hour_and_no_more() {
        let mut budget = TemplateBudget::default();
        for _ in 0..100 {
            assert_eq!(budget.create(at(1)), Ok(()));
        }
        assert_eq!((budget.create(at(1)), budget.creations(at(1))), (Err(at(2)), 100));
        assert_eq!((budget.create(at(2)), budget.creations(at(2))), (Ok(()), 1));
    }

    #[test]
    fn an_approved_template_is_edited_once_a_day_and_ten_times_a_month() {
        let (mut budget, id) = (TemplateBudget::default(), TemplateId::parse("7").unwrap());
        for day in 0..10 {
            assert_eq!(budget.edit(&id, true, at(day * 24)), Ok(()), "day {day}");
            assert_eq!(budget.edit(&id, true, at(day * 24 + 1)), Err(at(day * 24 + 24)));
        }
        assert_eq!(budget.edit(&id, true, at(240)), Err(at(720)));
        assert_eq!(budget.edit(&id, false, at(240)), Ok(()), "a rejected one without limit");
        assert_eq!(budget.edits(&id, at(240)), 11);
    }
}
