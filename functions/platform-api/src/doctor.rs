//! `/v1/doctor`: checks of the platform's setup at Meta: what is missing, and where to fix it; what the API can repair is
//! repaired by `/v1/doctor/repair`.

mod repair;

use super::{App, TABLE_UNAVAILABLE, unavailable, unread};
use http::StatusCode;
use serde::Serialize;
use shared::aws::OPERATION;
use shared::domain::doctor::{Check, CheckName, DoctorReport, Health, Need};
use shared::domain::operation::Operation;
use shared::domain::session::Role;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::perform::doctor::app_side;
use shared::queue::{Job, Queue};
use shared::secrets::PlatformSecret;
use shared::store::Solution;
use shared::transport::{Transport, TransportError};
use std::time::{Duration, Instant};
use url::Url;

/// Dependencies of the doctor.
#[derive(Clone)]
pub(crate) struct Doctor {
    pub(crate) role: Role,
    pub(crate) webhook: Url,
    /// What Meta has to call the webhook with before it accepts it.
    pub(crate) verify_token: PlatformSecret,
    /// The platform's own pages, on which the popup is opened.
    pub(crate) origins: Vec<String>,
    /// The queue of the checks that need the system token.
    pub(crate) credit: Queue,
    pub(crate) transport: Transport,
}

#[derive(Serialize)]
struct Report {
    /// All required checks together.
    state: Health,
    checks: Vec<CheckView>,
    /// Multi-partner solutions, as Meta last announced them; `None` when the table was unavailable.
    solutions: Option<Vec<SolutionView>>,
    /// What `/v1/doctor/repair` did.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<repair::Repaired>,
}

#[derive(Serialize)]
struct SolutionView {
    solution_id: String,
    status: String,
    since: String,
}

impl SolutionView {
    fn of(solution: Solution) -> Self {
        Self { solution_id: solution.id, status: solution.status, since: solution.at.to_rfc3339() }
    }
}

#[derive(Serialize)]
struct CheckView {
    name: CheckName,
    ok: Option<bool>,
    message: &'static str,
    missing: Vec<String>,
    /// What Meta showed, where a person has to know which one it is.
    found: Vec<String>,
    need: Need,
    /// When it was checked; absent if it was checked during this request.
    at: Option<String>,
}

impl CheckView {
    fn of(check: Check, at: Option<Timestamp>) -> Self {
        let message = check.message();
        let Check { name, ok, missing, found, need } = check;
        Self { name, ok, message, missing, found, need, at: at.map(Timestamp::to_rfc3339) }
    }
}

impl App {
    /// Runs all checks that do not need the system token, and adds the results of the last run of those that do. A
    /// check that does not complete in time has no result.
    pub(crate) async fn doctor(&self, request: &Request) -> Result<Reply, Problem> {
        Ok(json(StatusCode::OK, &self.report(request).await))
    }

    async fn report(&self, request: &Request) -> Report {
        let doctor = &self.doctor;
        let (mut checks, reachable, stored, solutions) = tokio::join!(
            Box::pin(app_side(&self.graph, doctor.role, doctor.webhook.as_str())),
            Box::pin(self.reachable(request.deadline.less(OPERATION))),
            Box::pin(self.store.doctor_report()),
            Box::pin(self.store.solutions()),
        );
        checks.push(reachable);
        checks.push(Check::by_hand(CheckName::Configuration, Vec::new()));
        checks.push(Check::by_hand(CheckName::AllowedDomains, self.pages(request)));
        let not_checked = |about| vec![Check::unanswered(CheckName::SystemToken, about)];
        let (at, stored) = match stored.inspect_err(unread) {
            Ok(Some(DoctorReport { at, checks })) => (Some(at), checks),
            Ok(None) => (None, not_checked(Vec::new())),
            Err(_) => (None, not_checked(vec![TABLE_UNAVAILABLE.to_owned()])),
        };
        let state = Health::of(checks.iter().chain(&stored));
        let now = checks.into_iter().map(|check| CheckView::of(check, None));
        let views = now.chain(stored.into_iter().map(|check| CheckView::of(check, at))).collect();
        let solutions = solutions.inspect_err(unread).ok();
        let solutions = solutions.map(|all| all.into_iter().map(SolutionView::of).collect());
        Report { state, checks: views, solutions, repaired: None }
    }

    /// The origins on which the popup is opened.
    fn pages(&self, request: &Request) -> Vec<String> {
        let mut pages = self.doctor.origins.clone();
        let hosted = Url::parse(&self.signup_page(request)).map(|page| page.origin().ascii_serialization());
        pages.extend(hosted.ok().filter(|hosted| !self.doctor.origins.contains(hosted)));
        pages
    }

    /// Starts the checks that need the system token.
    pub(crate) async fn run_doctor(&self, operation: &Operation) -> Result<Reply, Problem> {
        self.announce(operation).await?;
        self.doctor.credit.enqueue(&Job::Doctor, Duration::ZERO).await.map_err(|error| unavailable(&error))?;
        let report = Report { state: Health::Unknown, checks: Vec::new(), solutions: Some(Vec::new()), repaired: None };
        Ok(json(StatusCode::ACCEPTED, &report))
    }

    /// Probes the webhook endpoint: it has to reject an unsigned request.
    async fn reachable(&self, until: Instant) -> Check {
        let missing = match self.doctor.transport.probe(&self.doctor.webhook, until).await {
            Ok(StatusCode::UNAUTHORIZED) => Vec::new(),
            Ok(status) => vec![format!("answers {}", status.as_u16())],
            Err(TransportError::OutOfTime) => {
                let late = vec![TransportError::OutOfTime.to_string()];
                return Check::unanswered(CheckName::CallbackReachable, late);
            }
            Err(error) => vec![error.to_string()],
        };
        Check::answered(CheckName::CallbackReachable, missing)
    }
}
