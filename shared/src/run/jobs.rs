//! Jobs of one worker only: phone number migrations, and the doctor's checks.

use super::{STEP_BUDGET, WorkError, Worker};
use crate::clock;
use crate::domain::doctor::DoctorReport;
use crate::domain::ids::MigrationId;
use crate::domain::time::Timestamp;
use crate::perform::{CreditSharing, OnboardingSteps};
use crate::queue::Job;
use std::time::Duration;

impl Worker<OnboardingSteps> {
    /// Advances a phone number migration, or enqueues it again when too little time is left.
    ///
    /// # Errors
    /// [`WorkError`] when the infrastructure fails; the migration then still states what is due.
    pub async fn migrate_number(&self, id: &MigrationId, deadline: Timestamp) -> Result<(), WorkError> {
        if clock::now().after(STEP_BUDGET) >= deadline {
            return Ok(self.steps.enqueue(&Job::Migration { id: id.clone() }, Duration::ZERO).await?);
        }
        Ok(self.performer.migrator.work(id).await?)
    }
}

impl Worker<CreditSharing> {
    /// Runs the doctor's checks that need the system token, and saves the report.
    ///
    /// # Errors
    /// [`WorkError`] when the report cannot be saved.
    pub async fn run_doctor(&self) -> Result<(), WorkError> {
        let checks = self.performer.system_side().await;
        Ok(self.store.save_doctor_report(&DoctorReport { at: clock::now(), checks }).await?)
    }
}
