//! Sends Graph calls. Never retries and never waits: the core decides how to handle failures.

use super::call::{Auth, GraphCall, GraphRequest, UploadSession};
use super::error::{GraphError, Kind, is_not_done, parse};
use super::usage;
use crate::transport::{Content, Incoming, Outgoing, Transport, time_for_a_request};
use hmac::{Hmac, KeyInit, Mac};
use onboarding_core::domain::ids::AppId;
use onboarding_core::secret::Secret;
use sha2::Sha256;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use url::Url;

/// The base URL and version of the Graph API.
#[derive(Debug, Clone)]
pub struct GraphConfig {
    base: Url,
    version: String,
    /// Our app.
    pub app: AppId,
}

impl GraphConfig {
    /// The API at `base` in `version` (`v25.0`), for our app.
    #[must_use]
    pub const fn new(base: Url, version: String, app: AppId) -> Self {
        Self { base, version, app }
    }
}

/// Source of the app secret. It is read before each call, so an implementation caches the value.
pub trait AppSecret: fmt::Debug + Send + Sync {
    /// The current secret.
    fn value(&self) -> Pin<Box<dyn Future<Output = Result<Secret, AppSecretUnavailable>> + Send + '_>>;
}

/// The app secret cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the app secret")]
pub struct AppSecretUnavailable(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// A client that calls Meta as our app.
#[derive(Debug, Clone)]
pub struct GraphClient {
    transport: Transport,
    config: GraphConfig,
    app_secret: Arc<dyn AppSecret>,
    made: Arc<AtomicU32>,
    /// Cooldown in seconds according to Meta's last usage headers; 0 for none.
    rest: Arc<AtomicU32>,
    /// When responses must have arrived; `None` if only the timeout of a single call applies.
    until: Option<Instant>,
}

impl GraphClient {
    /// A client; it reads the app secret when first needed, for the `appsecret_proof` of every call.
    #[must_use]
    pub fn new(transport: Transport, config: GraphConfig, app_secret: impl AppSecret + 'static) -> Self {
        let (made, rest) = (Arc::default(), Arc::default());
        Self { transport, config, app_secret: Arc::new(app_secret), made, rest, until: None }
    }

    /// The same client for work that has to be done by `until`: a call gets the remaining time, and is not made when
    /// too little is left. The counter of calls and the cooldown are shared.
    #[must_use]
    pub fn until(&self, until: Instant) -> Self {
        Self { until: Some(until), ..self.clone() }
    }

    /// Calls made since the process started: the difference of two reads is the number of calls in between.
    #[must_use]
    pub fn calls_made(&self) -> u32 {
        self.made.load(Ordering::Relaxed)
    }

    /// Cooldown in seconds because a rate limit of the account or of the app is nearly reached; 0 for none. Reading it
    /// resets it.
    #[must_use]
    pub fn take_cooldown(&self) -> u32 {
        self.rest.swap(0, Ordering::Relaxed)
    }

    pub(crate) const fn base(&self) -> &Url {
        &self.config.base
    }

    pub(crate) const fn transport(&self) -> &Transport {
        &self.transport
    }

    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.until
    }

    /// Our app's id.
    #[must_use]
    pub fn app(&self) -> &AppId {
        &self.config.app
    }

    /// The app secret, for the one call that contains it.
    ///
    /// # Errors
    /// [`AppSecretUnavailable`] when it cannot be read.
    pub async fn app_secret(&self) -> Result<Secret, AppSecretUnavailable> {
        self.app_secret.value().await
    }

    /// Makes one call.
    ///
    /// # Errors
    /// [`GraphError`] when Meta rejected the call, the response was lost or is not the documented one, or too little
    /// time is left.
    pub async fn call<C: GraphCall + Sync>(&self, call: &C, auth: Auth<'_>) -> Result<C::Reply, GraphError> {
        let error = |kind| GraphError { call: C::NAME, kind };
        let request = call.request();
        // Reading the secret takes time too.
        time_for_a_request(self.until, Instant::now()).map_err(|late| error(Kind::Transport(late)))?;
        let app_secret = self.app_secret.value().await.map_err(|_| error(Kind::NoAppSecret))?;
        let app_token;
        let bearer = match auth {
            Auth::None => None,
            Auth::App => {
                app_token = Secret::new(format!("{}|{}", self.config.app, app_secret.expose()));
                Some(&app_token)
            }
            Auth::Bearer(token) => Some(token),
        };
        let proof = matches!(auth, Auth::Bearer(_)).then_some(bearer).flatten().map(|token| proof(&app_secret, token));
        let url = self.url(&request, proof.as_deref());
        let body = match request.file {
            Some(file) => Content::File(file),
            None => request.json.as_ref().map(ToString::to_string).map_or(Content::None, Content::Json),
        };
        let outgoing = Outgoing { method: request.method, url, token: bearer, body, until: self.until };
        self.made.fetch_add(1, Ordering::Relaxed);
        let incoming = self.transport.send(outgoing).await.map_err(|lost| error(Kind::Transport(lost)));
        if let Ok(incoming) = &incoming {
            self.rest.fetch_max(usage::rest(&incoming.headers), Ordering::Relaxed);
        }
        let reply = incoming.and_then(|incoming| decode(&incoming).map_err(error));
        log(C::NAME, reply.as_ref().err());
        reply
    }

    fn url(&self, request: &GraphRequest, proof: Option<&str>) -> Url {
        let mut url = self.config.base.clone();
        if let Some(session) = &request.upload {
            return self.upload_url(session).unwrap_or(url);
        }
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(&self.config.version).extend(&request.path);
        }
        let mut query = url.query_pairs_mut();
        query.extend_pairs(&request.query);
        query.extend_pairs(request.secret_query.iter().map(|(name, value)| (name, value.expose())));
        query.extend_pairs(proof.map(|proof| ("appsecret_proof", proof)));
        drop(query);
        if url.query() == Some("") {
            url.set_query(None);
        }
        url
    }
}

impl GraphClient {
    /// The session is not encoded: its `?` begins the query.
    fn upload_url(&self, session: &UploadSession) -> Option<Url> {
        let base = self.config.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}/{}/{}", self.config.version, session.as_str())).ok()
    }
}

/// `appsecret_proof`: hex of HMAC-SHA256 of the token under the app secret (Meta: "Secure Graph API calls").
fn proof(app_secret: &Secret, token: &Secret) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(app_secret.expose().as_bytes()) else {
        return String::new();
    };
    mac.update(token.expose().as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn decode<R: serde::de::DeserializeOwned>(incoming: &Incoming) -> Result<R, Kind> {
    let status = incoming.status.as_u16();
    if let Some(refusal) = parse(status, &incoming.body, usage::regain_access(&incoming.headers)) {
        return Err(Kind::Refused(refusal));
    }
    if !incoming.status.is_success() {
        return Err(Kind::Undecodable);
    }
    if is_not_done(&incoming.body) {
        return Err(Kind::NotDone);
    }
    serde_json::from_slice(&incoming.body).map_err(|_| Kind::Undecodable)
}

fn log(call: &'static str, failed: Option<&GraphError>) {
    match failed {
        None => tracing::debug!(graph.call = call, "Meta answered"),
        Some(error) => {
            let refusal = error.refusal();
            tracing::info!(
                graph.call = call,
                graph.code = refusal.map(|refusal| refusal.code),
                graph.subcode = refusal.and_then(|refusal| refusal.subcode),
                graph.trace_id = refusal.and_then(|refusal| refusal.trace.as_deref()),
                error.code = error.failure().code,
                "Graph call failed"
            );
        }
    }
}
