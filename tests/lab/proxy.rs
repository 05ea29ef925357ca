//! A proxy between the functions and everything they call: counts every call and injects faults.

mod uses;

pub use uses::Use;

use bytes::Bytes;
use local::{Answer, Client, Endpoints};
use meta_simulator::connection::{Cuttable, Scissors};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::net::TcpListener;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::Response;

/// A fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The connection ends before anything is done.
    LostBefore,
    /// The call is executed and the connection ends without a response.
    LostAfter,
    /// Answered with an internal error; nothing was done.
    Refused,
    /// Executed twice, as when a network repeats a request.
    Twice,
    /// Every function crashes before the call is executed.
    KilledBefore,
    /// Every function crashes after the call is executed.
    KilledAfter,
    /// All entries of a batch but the last are executed; the last is refused.
    PartlyRefused,
}

impl Effect {
    /// The faults that apply to any call.
    pub const ALL: [Self; 6] =
        [Self::LostBefore, Self::LostAfter, Self::Refused, Self::Twice, Self::KilledBefore, Self::KilledAfter];
}

/// Which call gets a fault, and which.
#[derive(Debug, Clone)]
pub struct Injection {
    /// As [`Proxy::calls`] names it.
    pub call: String,
    /// Occurrence of that call to start with.
    pub nth: usize,
    /// How many in a row: the AWS SDKs retry a call on their own.
    pub times: usize,
    /// The fault.
    pub effect: Effect,
}

#[derive(Debug, Default)]
struct Script {
    seen: BTreeMap<String, usize>,
    injections: Vec<Injection>,
    struck: usize,
}

/// The proxy; its addresses replace those of the services.
#[derive(Clone)]
pub struct Proxy(Arc<Shared>);

struct Shared {
    addresses: BTreeMap<&'static str, String>,
    endpoints: OnceLock<Endpoints>,
    script: Mutex<Script>,
    used: Mutex<BTreeSet<Use>>,
    client: Client,
}

/// Services behind the proxy.
const SERVICES: [&str; 4] = ["dynamodb", "sqs", "secretsmanager", "graph"];

#[derive(Clone)]
struct Proxied {
    proxy: Proxy,
    service: &'static str,
}

impl Proxy {
    /// Listens on a free port for each service.
    pub async fn start() -> Self {
        let mut listeners = Vec::new();
        let mut addresses = BTreeMap::new();
        for service in SERVICES {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
            let port = listener.local_addr().expect("an address").port();
            addresses.insert(service, format!("http://localhost:{port}"));
            listeners.push((service, listener));
        }
        let client = Client::new().expect("a client");
        let proxy = Self(Arc::new(Shared {
            addresses,
            endpoints: OnceLock::new(),
            script: Mutex::default(),
            used: Mutex::default(),
            client,
        }));
        for (service, listener) in listeners {
            let proxied = Proxied { proxy: proxy.clone(), service };
            let router = axum::Router::new().fallback(forward).with_state(proxied);
            let service = router.into_make_service_with_connect_info::<Scissors>();
            tokio::spawn(axum::serve(Cuttable(listener), service).into_future());
        }
        proxy
    }

    /// The proxy's address for a service.
    pub fn address(&self, service: &str) -> &str {
        self.0.addresses.get(service).map_or("", String::as_str)
    }

    /// The real addresses.
    pub fn connect(&self, endpoints: &Endpoints) {
        self.0.endpoints.set(endpoints.clone()).expect("connected once");
    }

    /// Clears the counts and sets the calls to inject faults into.
    pub fn script(&self, injections: &[Injection]) {
        *self.state() = Script { injections: injections.to_vec(), ..Script::default() };
    }

    /// Calls and their counts since the last [`Proxy::script`].
    pub fn calls(&self) -> BTreeMap<String, usize> {
        self.state().seen.clone()
    }

    /// How many faults were injected.
    pub fn struck(&self) -> usize {
        self.state().struck
    }

    /// Everything the functions did at AWS since the proxy started.
    pub fn used(&self) -> BTreeSet<Use> {
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note_use(&self, service: &str, parts: &axum::http::request::Parts, body: &[u8]) {
        let Some(endpoints) = self.0.endpoints.get().filter(|_| service != "graph") else { return };
        let uses = uses::uses(endpoints, service, parts, body);
        self.0.used.lock().unwrap_or_else(PoisonError::into_inner).extend(uses);
    }

    fn state(&self) -> MutexGuard<'_, Script> {
        self.0.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call and returns its fault, if any.
    fn note(&self, call: &str) -> Option<Effect> {
        let mut script = self.state();
        let seen = script.seen.entry(call.to_owned()).or_default();
        *seen += 1;
        let seen = *seen;
        let hits = |injection: &&Injection| {
            injection.call == call && (injection.nth..injection.nth + injection.times).contains(&seen)
        };
        let effect = script.injections.iter().find(hits)?.effect;
        script.struck += 1;
        Some(effect)
    }

    /// Kills every function, as Lambda may at any moment.
    pub async fn kill(&self) {
        let control = self.0.endpoints.get().map(|endpoints| endpoints.control.clone()).unwrap_or_default();
        let known = self.0.client.get(&format!("{control}/_local/functions"), &[]).await.map(|answer| answer.json());
        for function in known.ok().as_ref().and_then(|known| known.as_object()).into_iter().flatten() {
            let url = format!("{control}/_local/functions/{}/kill", function.0);
            drop(self.0.client.post(&url, &[], &json!({})).await);
        }
    }

    fn target(&self, service: &str) -> String {
        let endpoints = self.0.endpoints.get();
        let target = endpoints.map(|endpoints| match service {
            "dynamodb" => &endpoints.aws.dynamodb,
            "sqs" => &endpoints.aws.sqs,
            "secretsmanager" => &endpoints.aws.secretsmanager,
            _ => &endpoints.graph,
        });
        target.cloned().unwrap_or_default()
    }
}

/// `dynamodb PutItem`, `graph POST /#/register`: all ids are replaced by `#`.
fn name(service: &str, parts: &axum::http::request::Parts) -> String {
    let target = parts.headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match target.and_then(|target| target.rsplit('.').next()) {
        Some(operation) => format!("{service} {operation}"),
        None => {
            let segments = parts.uri.path().split('/').skip(2);
            let plain =
                segments.map(|segment| if segment.bytes().all(|byte| byte.is_ascii_digit()) { "#" } else { segment });
            format!("{service} {} /{}", parts.method, plain.collect::<Vec<_>>().join("/"))
        }
    }
}

async fn forward(
    State(proxied): State<Proxied>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let (proxy, service) = (&proxied.proxy, proxied.service);
    proxy.note_use(service, &parts, &body);
    let effect = proxy.note(&name(service, &parts));
    match effect {
        Some(Effect::LostBefore) => {
            scissors.cut();
            return Response::default();
        }
        Some(Effect::Refused) => return refused(service),
        Some(Effect::KilledBefore) => {
            proxy.kill().await;
            return Response::default();
        }
        Some(Effect::Twice) => drop(pass_on(proxy, service, &parts, body.clone()).await),
        Some(Effect::PartlyRefused) => return partly(proxy, service, &parts, &body).await,
        Some(Effect::LostAfter | Effect::KilledAfter) | None => {}
    }
    let answer = pass_on(proxy, service, &parts, body).await;
    match effect {
        Some(Effect::LostAfter) => scissors.cut(),
        Some(Effect::KilledAfter) => proxy.kill().await,
        _ => {}
    }
    answer.map_or_else(|| refused(service), response)
}

/// A batch of messages without its last entry, which is reported as failed.
async fn partly(proxy: &Proxy, service: &str, parts: &axum::http::request::Parts, body: &[u8]) -> Response<Body> {
    let mut batch: Value = serde_json::from_slice(body).unwrap_or_default();
    let left_out = batch.get_mut("Entries").and_then(Value::as_array_mut).and_then(Vec::pop).unwrap_or_default();
    let failed = json!({ "Id": left_out.get("Id"), "Code": "InternalError", "SenderFault": false });
    let empty = batch.get("Entries").and_then(Value::as_array).is_none_or(Vec::is_empty);
    let mut reply = json!({ "Successful": [] });
    if !empty {
        let Some(answer) = pass_on(proxy, service, parts, Bytes::from(batch.to_string())).await else {
            return refused(service);
        };
        reply = answer.json();
    }
    if let Some(reply) = reply.as_object_mut() {
        reply.insert("Failed".to_owned(), json!([failed]));
    }
    Response::new(Body::from(reply.to_string()))
}

async fn pass_on(proxy: &Proxy, service: &str, parts: &axum::http::request::Parts, body: Bytes) -> Option<Answer> {
    let path = parts.uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
    let headers: Vec<(&str, &str)> = parts
        .headers
        .iter()
        .filter(|(name, _)| !["host", "content-length", "connection"].contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let url = format!("{}{path}", proxy.target(service));
    proxy.0.client.send(parts.method.as_str(), &url, &headers, body).await.ok()
}

fn response(answer: Answer) -> Response<Body> {
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = axum::http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let kept = answer.headers.into_iter().filter_map(|(name, value)| Some((name?, value)));
    let kept = kept.filter(|(name, _)| !["content-length", "transfer-encoding", "connection"].contains(&name.as_str()));
    response.headers_mut().extend(kept);
    response
}

fn refused(service: &str) -> Response<Body> {
    let body = match service {
        "graph" => {
            json!({ "error": { "code": 2, "message": "Service temporarily unavailable", "is_transient": true } })
        }
        _ => json!({ "__type": "InternalServerError", "message": "scripted" }),
    };
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
    response
}
