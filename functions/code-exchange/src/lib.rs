//! `POST /signup/callback`: a person waits, and a code expires after 30 seconds. Everything that can fail without the
//! code is done before it is used; the token is stored in the vault immediately.

mod admission;
mod exchange;
mod proof;
mod request;
mod token_storage;

use admission::Admitted;
use exchange::NoToken;
use http::StatusCode;
use request::Callback;
use serde::Serialize;
use shared::client_limit::{Attempt, ClientLimit};
use shared::clock;
use shared::config::{Lookup, StartError, parse_origins};
use shared::deadline::Deadline;
use shared::domain::ids::{AttemptId, OnboardingId};
use shared::domain::onboarding::{Onboarding, Phase, State};
use shared::domain::progress::{Fact, ReceivedCode, advance, begin_with_code};
use shared::domain::session::{Binding, Role, Session, SessionState};
use shared::gateway::Handler;
use shared::graph::client::GraphClient;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json, origin};
use shared::queue::{Job, Queue};
use shared::secret::Secret;
use shared::secrets::Vault;
use shared::store::{Store, StoreError, Updated, Versioned};
use shared::wiring::Wiring;
use std::time::Duration;
use token_storage::{RECORDING, STORING};

/// State of the function between invocations.
pub struct App {
    store: Store,
    vault: Vault,
    graph: GraphClient,
    jobs: Queue,
    origins: Vec<String>,
    role: Role,
    clients: ClientLimit,
}

#[derive(Serialize)]
struct Accepted<'a> {
    onboarding_id: &'a OnboardingId,
    state: State,
}

/// Attempts of a save before it is left to the rescue.
const SAVES: usize = 3;
/// Attempts to claim the session after version conflicts.
const CLAIMS: usize = 10;

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let (store, vault, graph) = (wiring.store(), wiring.vault(), wiring.graph()?);
        let jobs = wiring.queue("ONBOARDING_QUEUE_URL");
        let origins = wiring.parsed("ALLOWED_ORIGINS", parse_origins);
        let (role, clients) = (wiring.role(), wiring.client_limit(&store));
        wiring.finish(|| {
            let (graph, origins, role, clients) = (graph?, origins?, role?, clients?);
            Some(Self { store, vault, graph, jobs, origins, role, clients })
        })
    }

    async fn callback(&self, callback: Callback, deadline: Deadline) -> Result<Reply, Problem> {
        let app_secret = self.graph.app_secret().await.map_err(|error| unavailable(&error))?;
        for _ in 0..CLAIMS {
            let session = self.session(&callback).await?;
            let existing = match admission::admit(&session.record, &callback, clock::now())? {
                Admitted::Fresh => None,
                Admitted::Repeat(id) => return self.repeat(&id).await,
                Admitted::Another(id) => Some(self.relaunched(&id).await?),
            };
            // After a version conflict (another click, or a worker that published events) everything is read again.
            if let Some(claimed) = self.claim(&callback, session, existing).await? {
                return self.exchange(&app_secret, &callback, claimed, deadline).await;
            }
        }
        Err(Problem::unavailable())
    }

    async fn session(&self, callback: &Callback) -> Result<Versioned<Session>, Problem> {
        let found = self.store.session(&callback.session).await.map_err(|error| unavailable(&error))?;
        found.ok_or(Problem::new(StatusCode::NOT_FOUND, "session_not_found", "This signup link is not known."))
    }

    /// A repeated code gets the same response.
    async fn repeat(&self, id: &OnboardingId) -> Result<Reply, Problem> {
        let found = self.store.onboarding(id).await.map_err(|error| unavailable(&error))?;
        let held = found.ok_or(Problem::unavailable())?;
        match &held.record.phase {
            Phase::Relaunch { reason } => Err(exchange::Refused::of_reason(reason).problem()),
            _ => Ok(accepted(&self.store.joined(held.record).await.map_err(|error| unavailable(&error))?)),
        }
    }

    /// A session accepts another code only when its first one was lost and the customer was asked to click again.
    async fn relaunched(&self, id: &OnboardingId) -> Result<Versioned<Onboarding>, Problem> {
        let found = self.store.onboarding(id).await.map_err(|error| unavailable(&error))?;
        let held = found.ok_or(Problem::unavailable())?;
        match held.record.state() {
            State::Relaunch => Ok(held),
            State::Exchanging => Err(in_progress()),
            _ => Err(Problem::new(StatusCode::CONFLICT, "session_used", "This signup link was used already.")),
        }
    }

    /// Claims the session for this code and records what the browser claims, before the code is used. `None` after a
    /// version conflict.
    async fn claim(
        &self,
        callback: &Callback,
        session: Versioned<Session>,
        existing: Option<Versioned<Onboarding>>,
    ) -> Result<Option<Versioned<Onboarding>>, Problem> {
        let moment = clock::moment();
        let attempt = AttemptId::new(moment.now, rand::random());
        let (claim, confirmed_at) = (callback.claim.clone(), session.record.confirmed_at);
        let code = ReceivedCode { attempt: attempt.clone(), claim, confirmed_at };
        let version = existing.as_ref().map(|held| held.version);
        let (onboarding, timeline) = match existing {
            Some(held) => advance(&held.record, &Fact::CodeReceived(Box::new(code)), moment),
            None => {
                let id = OnboardingId::new(moment.now, rand::random());
                begin_with_code(id, self.role, &session.record, &code, moment.now)
            }
        };
        let session = claimed(session, callback, attempt, &onboarding.id);
        let saved =
            self.store.save_session_and_onboarding(&callback.session, &session, &onboarding, version, &timeline).await;
        match saved {
            Ok(()) => Ok(Some(Versioned { record: onboarding, version: version.unwrap_or(0).saturating_add(1) })),
            Err(StoreError::Conflict) => Ok(None),
            Err(error) => Err(unavailable(&error)),
        }
    }

    async fn exchange(
        &self,
        app_secret: &Secret,
        callback: &Callback,
        mut held: Versioned<Onboarding>,
        deadline: Deadline,
    ) -> Result<Reply, Problem> {
        let Phase::Exchanging { attempt, .. } = held.record.phase.clone() else {
            return Err(in_progress());
        };
        let (graph, code) = (self.graph.until(deadline.less(STORING)), &callback.code);
        let exchanged = exchange::code_for_token(&graph, app_secret, code, callback.redirect_uri.as_deref()).await;
        let token = match exchanged {
            Ok(token) => token,
            Err(NoToken { why, meta }) => {
                let fact = match meta {
                    Some(meta) => Fact::ExchangeRefused(attempt, why.reason(), meta),
                    None => Fact::ExchangeFailed(attempt, why.reason()),
                };
                self.record(&mut held, &fact).await;
                self.enqueue(&held.record).await;
                return Err(why.problem().refused_by_meta(meta));
            }
        };
        let fact = if self.store_token(&held.record.id, (&attempt, &token), deadline).await {
            Fact::TokenStored(attempt)
        } else {
            let graph = self.graph.until(deadline.less(RECORDING));
            Fact::TokenNotStored(attempt, proof::granted(&graph, &token).await)
        };
        self.record(&mut held, &fact).await;
        self.enqueue(&held.record).await;
        Ok(accepted(&held.record))
    }

    /// Applies a fact to the record. If it cannot be saved, the rescue finds it out after the lease has expired: the
    /// name of the token's secret is derived from the attempt.
    async fn record(&self, held: &mut Versioned<Onboarding>, fact: &Fact) {
        for _ in 0..SAVES {
            let apply = |before: Option<&Onboarding>| {
                Ok::<_, StoreError>(before.map(|before| advance(before, fact, clock::moment())))
            };
            match self.store.update_read(&held.record.id.clone(), Some(held.clone()), apply).await {
                Ok(Updated::Saved(newest) | Updated::Unchanged(Some(newest))) => {
                    *held = newest;
                    return;
                }
                Ok(Updated::Unchanged(None)) => return,
                Err(error) => {
                    tracing::error!(onboarding.id = %held.record.id, error = %error, "failed to record a fact");
                }
            }
        }
    }

    /// A lost job costs a minute: the sweeper enqueues another one.
    async fn enqueue(&self, onboarding: &Onboarding) {
        let job = Job::Onboarding { id: onboarding.id.clone() };
        if let Err(error) = self.jobs.enqueue(&job, Duration::ZERO).await {
            tracing::warn!(onboarding.id = %onboarding.id, error = %error, "job not enqueued");
        }
    }
}

/// The session with this code, saved before the code is used: the code is counted, and the launch value becomes
/// invalid.
fn claimed(
    session: Versioned<Session>,
    callback: &Callback,
    attempt: AttemptId,
    onboarding: &OnboardingId,
) -> Versioned<Session> {
    let Versioned { record, version } = session;
    let state =
        SessionState::Claimed { code_hash: callback.code_hash.clone(), attempt, onboarding: onboarding.clone() };
    let binding = record.binding.map(|binding| Binding { used: true, ..binding });
    let codes = record.codes.saturating_add(1);
    Versioned { record: Session { state, binding, codes, ..record }, version }
}

impl Handler for App {
    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        origin::check(&request, &self.origins)?;
        let (callback, deadline) = (Callback::parse(&request)?, request.deadline);
        let counted = self.clients.count(&request, Attempt::Code).await?;
        let answered = self.callback(callback, deadline).await;
        if !is_refused(&answered) {
            self.clients.forget(counted).await;
        }
        answered
    }
}

/// Whether the code or its link was invalid: the number of such requests per client is limited.
fn is_refused(answered: &Result<Reply, Problem>) -> bool {
    let refused = [
        "code_expired",
        "code_used",
        "session_not_found",
        "launch_missing",
        "launch_unknown",
        "browser_unknown",
        "too_many_codes",
    ];
    answered.as_ref().is_err_and(|problem| refused.contains(&problem.code))
}

fn accepted(onboarding: &Onboarding) -> Reply {
    json(StatusCode::ACCEPTED, &Accepted { onboarding_id: &onboarding.id, state: onboarding.state() })
}

fn unavailable(error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = shared::telemetry::chain(error), "dependency unavailable; the code was not used");
    Problem::unavailable()
}

const fn in_progress() -> Problem {
    Problem::new(StatusCode::CONFLICT, "in_progress", "This signup is being completed already.")
}
