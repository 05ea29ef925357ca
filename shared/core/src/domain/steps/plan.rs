//! The steps that an onboarding needs.

use super::{Step, StepSpec, spec};
use crate::domain::onboarding::Onboarding;

impl Onboarding {
    /// The steps this onboarding needs.
    pub fn plan(&self) -> impl Iterator<Item = &'static StepSpec> + '_ {
        Step::ALL.into_iter().map(spec).filter(|spec| (spec.applies)(self))
    }

    /// Whether all predecessors that apply are done.
    #[must_use]
    pub fn is_unblocked(&self, spec: &StepSpec) -> bool {
        spec.after.iter().all(|before| self.is_done(*before) || !self.plan().any(|row| row.step == *before))
    }
}
