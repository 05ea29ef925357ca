//! `/v1/moves`: phone number migrations from another provider to this platform, step by step.

mod views;
mod wish;

use super::once::{Claimed, answered};
use super::timeline::before;
use super::{App, unavailable};
use http::StatusCode;
use shared::clock;
use shared::domain::grant::VerifiedPhone;
use shared::domain::ids::MigrationId;
use shared::domain::migration::{Migration, MigrationFact, MigrationState, Phase};
use shared::domain::operation::Operation;
use shared::domain::template::normal_language;
use shared::domain::time::Timestamp;
use shared::graph::calls::migration::CodeMethod;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::secret::Secret;
use shared::store::StoreError;
use views::{Moves, page, view};
use wish::{FIELDS, Wish};

/// How often starting a migration is retried while others start one of the same number.
const CONFLICTS: usize = 3;

impl App {
    /// Starts a phone number migration, or continues the one that the number has.
    pub(crate) async fn begin_move(&self, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &FIELDS)?;
        let wish = Wish::read(&fields)?;
        let ticket = match self.claim(request).await? {
            Claimed::Open(ticket) => ticket,
            Claimed::Answered(_, answer) => return Ok(answered(&answer)),
        };
        let migration =
            self.begin_once(&wish, MigrationId::new(ticket.begun_at, ticket.bits("move")), operation).await?;
        Ok(self.settle_reply(&ticket, json(StatusCode::ACCEPTED, &view(&migration, clock::now()))).await)
    }

    /// The migration of a request; `id` is used if the request starts one.
    async fn begin_once(&self, wish: &Wish, id: MigrationId, operation: &Operation) -> Result<Migration, Problem> {
        let found = self.store.onboarding(&wish.onboarding).await.map_err(|error| unavailable(&error))?;
        let onboarding = found.ok_or(Problem::not_found())?.record;
        let fingerprint = wish.number.written(&onboarding.id).fingerprint;
        for _ in 0..CONFLICTS {
            let known = self.store.migration_of_number(&onboarding.id, &fingerprint).await;
            let known = known.map_err(|error| unavailable(&error))?.map(|held| held.record);
            match known {
                // Started by the same request, whose answer was lost.
                Some(known) if known.id == id => {
                    self.migrator.enqueue(&known.id).await;
                    return Ok(known);
                }
                Some(known) if !known.is_over() => {
                    self.record_migration(&known.id, &wish.clone().again(), operation).await?;
                    return self.find_move(known.id.as_str()).await;
                }
                known => {
                    let migration =
                        wish.clone().begin(id.clone(), &onboarding, known.as_ref(), operation).ok_or(not_connected())?;
                    match self.store.create_migration(&migration, known.as_ref().map(|known| &known.id)).await {
                        Ok(()) => {
                            self.migrator.enqueue(&migration.id).await;
                            return Ok(migration);
                        }
                        // Another migration of the number, or this one, was saved in the meantime.
                        Err(StoreError::Conflict) => {}
                        Err(error) => return Err(unavailable(&error)),
                    }
                }
            }
        }
        Err(Problem::unavailable())
    }

    pub(crate) async fn moves(&self) -> Result<Reply, Problem> {
        let (moves, now) = (self.store.moves().await.map_err(|error| unavailable(&error))?, clock::now());
        Ok(json(StatusCode::OK, &Moves { moves: moves.iter().map(|migration| view(migration, now)).collect() }))
    }

    pub(crate) async fn get_move(&self, id: &str) -> Result<Reply, Problem> {
        Ok(json(StatusCode::OK, &view(&self.find_move(id).await?, clock::now())))
    }

    pub(crate) async fn move_timeline(&self, id: &str, request: &Request) -> Result<Reply, Problem> {
        let migration = self.find_move(id).await?;
        Ok(json(StatusCode::OK, &page(&migration, before(migration.id.as_str(), request)?)))
    }

    async fn find_move(&self, id: &str) -> Result<Migration, Problem> {
        let id = MigrationId::parse(id).map_err(|_| Problem::not_found())?;
        let held = self.store.migration(&id).await.map_err(|error| unavailable(&error))?;
        Ok(held.ok_or(Problem::not_found())?.record)
    }

    /// Has Meta send a code to the number.
    pub(crate) async fn ask_code(&self, id: &str, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &["method", "language"])?;
        let bad = Problem::bad_request("bad_value", "Use SMS or VOICE as the method and a language such as en_US.");
        let method = fields.text("method", 8)?.map_or(Some(CodeMethod::Sms), CodeMethod::parse).ok_or(bad)?;
        let language = normal_language(fields.text("language", 16)?.unwrap_or("en_US"));
        let plain = language.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') && language.len() >= 2;
        if !plain {
            return Err(bad);
        }
        let migration = self.find_move(id).await?;
        let phone = coding(&migration)?;
        let asked = self.migrator.ask_code(&migration, phone, method, &language, operation).await;
        if !asked.map_err(|error| unavailable(&error))? {
            let title = "A code was requested a moment ago, or five within a day. Try again later.";
            let limited = Problem::new(StatusCode::TOO_MANY_REQUESTS, "move.codes_used_up", title);
            return Err(self.not_now(id, Migration::codes_left, limited).await?);
        }
        self.after(&migration.id).await
    }

    /// Verifies the number with the code that its owner received.
    pub(crate) async fn verify_move(
        &self,
        id: &str,
        request: &Request,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        let fields = Fields::read(request, &["code"])?;
        let bad = Problem::bad_request("code_invalid", "The code must have six digits.");
        let code: String = fields.text("code", 16)?.ok_or(bad)?.replace(['-', ' '], "");
        if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad);
        }
        let migration = self.find_move(id).await?;
        let phone = coding(&migration)?;
        let now = clock::now();
        if migration.entries_left(now).0 > 0 && !migration.allows(&MigrationFact::CodeEntered, now) {
            return Err(Problem::new(StatusCode::CONFLICT, "move.no_code_asked", "Request a code first."));
        }
        let entered = self.migrator.enter_code(&migration, phone, &Secret::new(code), operation).await;
        if !entered.map_err(|error| unavailable(&error))? {
            let title = "Five codes were entered within a day. Try again later; otherwise Meta locks the number.";
            let limited = Problem::new(StatusCode::TOO_MANY_REQUESTS, "move.entries_used_up", title);
            return Err(self.not_now(id, Migration::entries_left, limited).await?);
        }
        self.after(&migration.id).await
    }

    /// Why nothing was counted: a limit, with its end; or the record changed in the meantime.
    async fn not_now(
        &self,
        id: &str,
        left: fn(&Migration, Timestamp) -> (usize, Option<Timestamp>),
        limited: Problem,
    ) -> Result<Problem, Problem> {
        let migration = self.find_move(id).await?;
        coding(&migration)?;
        let (_, next) = left(&migration, clock::now());
        Ok(if next.is_some() { limited.until(next) } else { Problem::unavailable() })
    }

    async fn after(&self, id: &MigrationId) -> Result<Reply, Problem> {
        Ok(json(StatusCode::ACCEPTED, &view(&self.find_move(id.as_str()).await?, clock::now())))
    }

    pub(crate) async fn resume_move(&self, id: &str, operation: &Operation) -> Result<Reply, Problem> {
        self.change_migration(
            &MigrationId::parse(id).map_err(|_| Problem::not_found())?,
            MigrationFact::Resumed,
            operation,
        )
        .await
    }

    pub(crate) async fn cancel_move(&self, id: &str, operation: &Operation) -> Result<Reply, Problem> {
        let migration = self.find_move(id).await?;
        if matches!(migration.phase, Phase::Done | Phase::Registering { .. }) {
            let title = "The number is already verified here. End the connection to release it.";
            return Err(Problem::new(StatusCode::CONFLICT, "move.too_late", title));
        }
        self.change_migration(&migration.id, MigrationFact::Cancelled, operation).await
    }

    async fn change_migration(
        &self,
        id: &MigrationId,
        fact: MigrationFact,
        operation: &Operation,
    ) -> Result<Reply, Problem> {
        self.record_migration(id, &fact, operation).await?;
        self.after(id).await
    }

    async fn record_migration(
        &self,
        id: &MigrationId,
        fact: &MigrationFact,
        operation: &Operation,
    ) -> Result<(), Problem> {
        let changed = self.store.record_migration_by(id, fact, Some(operation), clock::now()).await;
        if changed.map_err(|error| unavailable(&error))?.is_some() {
            self.migrator.enqueue(id).await;
        }
        Ok(())
    }
}

/// The number for which a code is requested or entered.
fn coding(migration: &Migration) -> Result<&VerifiedPhone, Problem> {
    let open = matches!(migration.state(), MigrationState::AwaitingCode | MigrationState::CodeSent);
    let title = "The move is not waiting for a code. Check its state.";
    migration.phone.as_ref().filter(|_| open).ok_or(Problem::new(StatusCode::CONFLICT, "move.not_at_code", title))
}

const fn not_connected() -> Problem {
    Problem::new(StatusCode::CONFLICT, "not_connected", "This customer is not connected.")
}
