//! `/v1/doctor`: checks of the platform's setup at Meta: what is missing, and where to fix it.

use super::{App, TABLE_UNAVAILABLE, unavailable, unread};
use http::StatusCode;
use serde::Serialize;
use shared::aws::OPERATION;
use shared::domain::doctor::{Check, CheckName, DoctorReport};
use shared::domain::operation::Operation;
use shared::domain::session::Role;
use shared::domain::time::Timestamp;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::perform::doctor::app_side;
use shared::queue::{Job, Queue};
use shared::store::Solution;
use shared::transport::{Transport, TransportError};
use std::time::{Duration, Instant};
use url::Url;

/// Dependencies of the doctor.
#[derive(Clone)]
pub(crate) struct Doctor {
    pub(crate) role: Role,
    pub(crate) webhook: Url,
    /// The platform's own pages, on which the popup is opened.
    pub(crate) origins: Vec<String>,
    /// The queue of the checks that need the system token.
    pub(crate) credit: Queue,
    pub(crate) transport: Transport,
}

#[derive(Serialize)]
struct Report {
    checks: Vec<CheckView>,
    /// Multi-partner solutions, as Meta last announced them; `None` when the table was unavailable.
    solutions: Option<Vec<SolutionView>>,
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
    /// When it was checked; absent if it was checked during this request.
    at: Option<String>,
}

impl CheckView {
    fn of(check: Check, at: Option<Timestamp>) -> Self {
        let message = check.message();
        Self { name: check.name, ok: check.ok, message, missing: check.missing, at: at.map(Timestamp::to_rfc3339) }
    }
}

impl App {
    /// Runs all checks that do not need the system token, and adds the results of the last run of those that do. A
    /// check that does not complete in time has no result.
    pub(crate) async fn doctor(&self, request: &Request) -> Result<Reply, Problem> {
        let doctor = &self.doctor;
        let mut pages = doctor.origins.clone();
        let hosted = Url::parse(&self.signup_page(request)).map(|page| page.origin().ascii_serialization());
        pages.extend(hosted.ok().filter(|hosted| !doctor.origins.contains(hosted)));
        let (mut checks, reachable, stored, solutions) = tokio::join!(
            Box::pin(app_side(&self.graph, doctor.role, doctor.webhook.as_str())),
            Box::pin(self.reachable(request.deadline.less(OPERATION))),
            Box::pin(self.store.doctor_report()),
            Box::pin(self.store.solutions()),
        );
        checks.push(reachable);
        checks.push(Check::unanswered(CheckName::Configuration, Vec::new()));
        checks.push(Check::unanswered(CheckName::AllowedDomains, pages));
        let mut views: Vec<CheckView> = checks.into_iter().map(|check| CheckView::of(check, None)).collect();
        let not_checked = |about| vec![CheckView::of(Check::unanswered(CheckName::SystemToken, about), None)];
        views.extend(match stored.inspect_err(unread) {
            Ok(Some(DoctorReport { at, checks })) => {
                checks.into_iter().map(|check| CheckView::of(check, Some(at))).collect::<Vec<_>>()
            }
            Ok(None) => not_checked(Vec::new()),
            Err(_) => not_checked(vec![TABLE_UNAVAILABLE.to_owned()]),
        });
        let solutions = solutions.inspect_err(unread).ok();
        let solutions = solutions.map(|all| all.into_iter().map(SolutionView::of).collect());
        Ok(json(StatusCode::OK, &Report { checks: views, solutions }))
    }

    /// Starts the checks that need the system token.
    pub(crate) async fn run_doctor(&self, operation: &Operation) -> Result<Reply, Problem> {
        self.announce(operation).await?;
        self.doctor.credit.enqueue(&Job::Doctor, Duration::ZERO).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::ACCEPTED, &Report { checks: Vec::new(), solutions: Some(Vec::new()) }))
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
