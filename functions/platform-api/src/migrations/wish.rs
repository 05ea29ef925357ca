//! The content of a request for a migration.

use shared::clock;
use shared::domain::ids::{MigrationId, OnboardingId, PhoneNumberId, WabaId};
use shared::domain::migration::{Entry, MigratingNumber, Migration, MigrationFact, Phase};
use shared::domain::onboarding::Onboarding;
use shared::domain::operation::Operation;
use shared::http::fields::Fields;
use shared::http::problem::Problem;

/// Its members.
pub(super) const FIELDS: [&str; 6] =
    ["onboarding_id", "country_code", "phone_number", "verified_name", "source_waba_id", "source_phone_number_id"];

/// Longest display name (Meta: `PhoneNumberCreateRequest`).
const LONGEST_NAME: usize = 75;

/// The content of the request.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) onboarding: OnboardingId,
    pub(super) number: MigratingNumber,
    pub(super) verified_name: Option<String>,
    pub(super) source_waba: Option<WabaId>,
    pub(super) source_phone: Option<PhoneNumberId>,
}

impl Wish {
    pub(super) fn read(fields: &Fields) -> Result<Self, Problem> {
        let onboarding = fields.id("onboarding_id", OnboardingId::parse)?;
        let missing = Problem::bad_request("onboarding_missing", "Name the onboarding of the target account.");
        let country = fields.text("country_code", 8)?.unwrap_or_default();
        let number = MigratingNumber::parse(country, fields.text("phone_number", 32)?.unwrap_or_default());
        let no_number = Problem::bad_request(
            "phone_number_invalid",
            "Send country_code, for example 49, and phone_number, for example 30 901820.",
        );
        let name = fields.text("verified_name", LONGEST_NAME)?.map(str::trim).map(str::to_owned);
        if name.as_ref().is_some_and(|name| name.chars().count() < 2) {
            return Err(Problem::bad_request("bad_value", "A display name must have 2 to 75 characters."));
        }
        Ok(Self {
            onboarding: onboarding.ok_or(missing)?,
            number: number.ok_or(no_number)?,
            verified_name: name,
            source_waba: fields.id("source_waba_id", WabaId::parse)?,
            source_phone: fields.id("source_phone_number_id", PhoneNumberId::parse)?,
        })
    }

    /// The same request for a migration that has started.
    pub(super) fn again(self) -> MigrationFact {
        let Self { verified_name, source_waba, source_phone, .. } = self;
        MigrationFact::AskedAgain { verified_name, source_waba, source_phone }
    }

    /// A migration to a connected account, else `None`. The request's values override those of an earlier migration.
    pub(super) fn begin(
        self,
        id: MigrationId,
        onboarding: &Onboarding,
        earlier: Option<&Migration>,
        operation: &Operation,
    ) -> Option<Migration> {
        let connected = onboarding.token_attempt().is_some() && !onboarding.is_leaving();
        let waba = onboarding.waba.as_ref().filter(|_| connected)?.id().clone();
        let (now, written) = (clock::now(), self.number.written(&onboarding.id));
        Some(Migration {
            id,
            onboarding: onboarding.id.clone(),
            customer_ref: onboarding.customer_ref.clone(),
            waba,
            number: Some(self.number),
            fingerprint: written.fingerprint,
            ending: written.ending,
            verified_name: self.verified_name,
            source_waba: self.source_waba.or_else(|| earlier?.source_waba.clone()),
            source_phone: self.source_phone.or_else(|| earlier?.source_phone.clone()),
            created_at: now,
            phase: Phase::Checking { due: now },
            since: now,
            checks: Vec::new(),
            phone: None,
            before: None,
            after: None,
            codes: earlier.map(|earlier| earlier.codes.clone()).unwrap_or_default(),
            entries: earlier.map(|earlier| earlier.entries.clone()).unwrap_or_default(),
            action_error: None,
            refused_with: None,
            check_count: 0,
            timeline: vec![Entry { at: now, event: "begun".to_owned(), code: None, by: Some(operation.clone()) }],
            outbox: vec![operation.event(now)],
        })
    }
}
