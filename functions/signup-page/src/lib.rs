//! `/signup/*` except the callback: the page that a customer sees before, during and after Meta's popup, the binding of
//! a link to a browser, and the button in a platform's own pages. Has access to no secrets.

mod abandoned;
mod binding;
mod embed;
mod launch;
mod page;
mod read_limit;
mod returned;
mod standing;
mod status;

use http::Method;
use read_limit::ReadLimit;
use shared::client_limit::ClientLimit;
use shared::clock;
use shared::config::{Lookup, StartError, parse_base, parse_origins};
use shared::domain::ids::{AppId, BusinessId, SessionId};
use shared::domain::limit::OnboardingLimit;
use shared::domain::onboarding::State;
use shared::domain::session::Session;
use shared::domain::time::Timestamp;
use shared::gateway::Handler;
use shared::http::problem::Problem;
use shared::http::{Reply, Request};
use shared::store::{Store, StoreError, Versioned};
use shared::wiring::Wiring;

/// State of the function between invocations.
pub struct App {
    store: Store,
    app: AppId,
    config_id: String,
    graph_version: String,
    /// The origin of the Facebook JavaScript SDK.
    sdk_origin: String,
    /// Origins whose message events the page accepts.
    popup_origins: Vec<String>,
    /// The origins of the platform's own pages.
    origins: Vec<String>,
    limit: OnboardingLimit,
    clients: ClientLimit,
    reads: ReadLimit,
    /// The platform's display name; empty when none is configured.
    platform: String,
}

impl App {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`StartError`] with all problems.
    pub fn from_lookup(lookup: &Lookup<'_>) -> Result<Self, StartError> {
        let mut wiring = Wiring::new(lookup)?;
        let store = wiring.store();
        let app = wiring.parsed("META_APP_ID", |text| AppId::parse(text).ok());
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.to_owned());
        let config_id = wiring.parsed("META_CONFIG_ID", digits);
        let graph_version = wiring.required("GRAPH_API_VERSION");
        let sdk = wiring.parsed("META_SDK_BASE", parse_base);
        let popup_origins = wiring.parsed("META_POPUP_ORIGINS", parse_origins);
        let origins = wiring.parsed("ALLOWED_ORIGINS", parse_origins);
        let limit = wiring.parsed("ONBOARDING_LIMIT", OnboardingLimit::parse);
        let clients = wiring.client_limit(&store);
        let platform = wiring.optional("PLATFORM_NAME", |text| Some(text.to_owned())).unwrap_or_default();
        wiring.finish(|| {
            Some(Self {
                store,
                app: app?,
                config_id: config_id?,
                graph_version,
                sdk_origin: sdk?.origin().ascii_serialization(),
                popup_origins: popup_origins?,
                origins: origins?,
                limit: limit?,
                reads: ReadLimit::new(clients.as_ref()?.attempts()),
                clients: clients?,
                platform,
            })
        })
    }

    /// The session that a request names; `None` when there is none.
    async fn session(&self, text: &str) -> Result<Option<(SessionId, Versioned<Session>)>, Problem> {
        let Ok(id) = SessionId::parse(text) else {
            return Ok(None);
        };
        let found = self.store.session(&id).await.map_err(|error| unavailable(&error))?;
        Ok(found.map(|held| (id, held)))
    }

    /// The session that a URL names.
    async fn named_session(&self, request: &Request) -> Result<(SessionId, Session), Problem> {
        let text = request.parameter("session");
        let text = text.ok_or(Problem::bad_request("session_missing", "The signup session is missing."))?;
        let (id, held) = self.session(&text).await?.ok_or(Problem::not_found())?;
        Ok((id, held.record))
    }

    /// The portfolio of a customer that already has an account.
    async fn known_portfolio(&self, session: &Session) -> Result<Option<BusinessId>, Problem> {
        let own = self.store.of_customer(&session.customer_ref).await.map_err(|error| unavailable(&error))?;
        let live = own.iter().rev().filter(|onboarding| onboarding.state() != State::Left);
        Ok(live.filter_map(|onboarding| onboarding.waba.as_ref()).map(|waba| waba.owner().clone()).next())
    }

    /// Until when a new customer has to wait because Meta's limit for new customers is reached.
    async fn held_until(&self, session: &Session) -> Result<Option<Timestamp>, Problem> {
        let now = clock::now();
        let customers = self.store.new_customers(now).await.map_err(|error| unavailable(&error))?;
        let Some(until) = self.limit.budget(&customers, now).full_until else { return Ok(None) };
        let known = self.known_portfolio(session).await?.is_some();
        Ok((!known).then_some(until))
    }
}

impl Handler for App {
    async fn handle(&self, request: Request) -> Result<Reply, Problem> {
        if request.method == Method::GET {
            self.reads.count(request.source, clock::now())?;
        }
        match (&request.method, request.segments().as_slice()) {
            (&Method::GET, ["signup"]) => self.page(&request).await,
            (&Method::GET, ["signup", "return"]) => self.returned(&request).await,
            (&Method::GET, ["signup", "embed.js"]) => Ok(embed::script()),
            (&Method::GET, ["signup", "session"]) => self.embedded(&request).await,
            (&Method::GET, ["signup", "status"]) => self.status(&request).await,
            (&Method::POST, ["signup", "launch"]) => self.bind(&request).await,
            (&Method::POST, ["signup", "abandoned"]) => self.abandoned(&request).await,
            _ => Err(Problem::not_found()),
        }
    }
}

fn unavailable(error: &StoreError) -> Problem {
    tracing::error!(error = %error, "table unavailable");
    Problem::unavailable()
}
