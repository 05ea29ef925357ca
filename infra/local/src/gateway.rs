//! The HTTP API: routes, authorizer, CORS, limits (AWS: "Quotas for configuring and running an HTTP API").

use crate::authorizer::Authorizer;
use crate::cors::Cors;
use crate::error::StackError;
use crate::event::{Endpoint, RequestContext, payload, translate};
use crate::runtime::{Function, InvokeError};
use crate::template::{Resolver, Template, unknown};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_TYPE, HOST, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Response, StatusCode};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Maximum request size (quota: 10 MB).
const LARGEST_BODY: usize = 10 * 1024 * 1024;
/// Maximum size of request line and header values together (quota: 10,240 bytes).
const LARGEST_HEAD: usize = 10_240;
/// Maximum integration timeout (quota: 30 s).
const INTEGRATION: Duration = Duration::from_secs(30);

/// One route.
pub(crate) struct Route {
    method: String,
    path: String,
    segments: Vec<Segment>,
    guard: Guard,
    function: Arc<Function>,
}

/// What a route requires of its callers.
pub(crate) enum Guard {
    /// No token.
    Open,
    /// A token with one of these scopes, or one of the authorizer's if the list is empty.
    Scopes(Vec<String>),
}

#[derive(Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Parameter(String),
}

impl Route {
    /// `None` for unsupported routes: unusual methods and greedy parameters.
    pub(crate) fn new(method: &str, path: &str, guard: Guard, function: Arc<Function>) -> Option<Self> {
        let known = ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method);
        let segments = path.strip_prefix('/')?.split('/').map(|segment| {
            let parameter = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
            match parameter {
                Some(name) if name.ends_with('+') => None,
                Some(name) => Some(Segment::Parameter(name.to_owned())),
                None => Some(Segment::Literal(segment.to_owned())),
            }
        });
        let segments = segments.collect::<Option<Vec<_>>>()?;
        known.then(|| Self { method: method.to_owned(), path: path.to_owned(), segments, guard, function })
    }

    fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The path parameters, if the route matches.
    fn fits(&self, method: &str, path: &str) -> Option<Vec<(String, String)>> {
        let given: Vec<_> = path.strip_prefix('/')?.split('/').collect();
        if self.method != method || given.len() != self.segments.len() {
            return None;
        }
        let mut parameters = Vec::new();
        for (segment, given) in self.segments.iter().zip(given) {
            match segment {
                Segment::Literal(literal) if literal == given => {}
                Segment::Parameter(name) if !given.is_empty() => parameters.push((name.clone(), given.to_owned())),
                _ => return None,
            }
        }
        Some(parameters)
    }
}

/// The API.
pub(crate) struct Gateway {
    routes: Vec<Route>,
    /// Host names of the API, with their ports.
    hosts: Vec<String>,
    authorizer: Option<Authorizer>,
    cors: Option<Cors>,
}

impl Gateway {
    /// An API whose routes need no token and that no page calls.
    pub(crate) fn open() -> Self {
        Self { routes: Vec::new(), hosts: Vec::new(), authorizer: None, cors: None }
    }

    /// Reads the HTTP API of the template; its routes are declared in the functions.
    pub(crate) fn read(template: &Template, resolver: &Resolver) -> Result<Self, StackError> {
        let mut gateway = Self::open();
        for (at, api) in template.of_type("AWS::Serverless::HttpApi").enumerate() {
            if at > 0 {
                return Err(unknown(&api.id, "a second HTTP API").into());
            }
            let properties = resolver.evaluate(&api.id, &api.properties)?;
            let place = format!("{}.CorsConfiguration", api.id);
            gateway.cors = Cors::read(&place, properties.get("CorsConfiguration"))?;
            let place = format!("{}.Auth", api.id);
            gateway.authorizer = Authorizer::default_of(&place, properties.get("Auth").unwrap_or(&Value::Null))?;
        }
        Ok(gateway)
    }

    /// Most specific routes first, as API Gateway selects them.
    pub(crate) fn router(mut self, routes: Vec<Route>, hosts: Vec<String>) -> Router {
        let parameters =
            |route: &Route| route.segments.iter().filter(|segment| matches!(segment, Segment::Parameter(_))).count();
        (self.routes, self.hosts) = (routes, hosts);
        self.routes.sort_by_key(parameters);
        Router::new().fallback(serve).with_state(Arc::new(self))
    }

    /// The host name of a request: API Gateway answers for its own names only.
    fn host(&self, parts: &Parts) -> Option<&str> {
        let mut named = parts.headers.get_all(HOST).iter();
        let named = named.next().filter(|_| named.next().is_none())?.to_str().ok()?;
        let absolute = parts.uri.authority().map_or(named, Authority::as_str);
        let own = self.hosts.iter().find(|host| host.eq_ignore_ascii_case(named))?;
        own.eq_ignore_ascii_case(absolute).then_some(own)
    }

    async fn answer(&self, host: &str, parts: &Parts, body: Body) -> Response<Body> {
        let head: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
        if head + parts.uri.to_string().len() > LARGEST_HEAD {
            return message(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "Request Header Fields Too Large");
        }
        let fitting = |route: &Route| route.fits(parts.method.as_str(), parts.uri.path());
        let Some((route, path_parameters)) = self.routes.iter().find_map(|route| Some((route, fitting(route)?))) else {
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let claims = match (&self.authorizer, &route.guard) {
            (Some(authorizer), Guard::Scopes(scopes)) => match authorizer.claims(&parts.headers).await {
                Some(claims) if authorizer.permits(&claims, scopes) => {
                    Some((claims, authorizer.wanted(scopes).to_vec()))
                }
                Some(_) => return forbidden(authorizer.wanted(scopes)),
                None => return unauthorized(),
            },
            _ => None,
        };
        let Ok(body) = axum::body::to_bytes(body, LARGEST_BODY).await else {
            return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large");
        };
        let (route_key, host) = (route.key(), Some(host.to_owned()));
        let context = RequestContext { endpoint: Endpoint::HttpApi, host, route_key, path_parameters, claims };
        let event = payload(parts, &body, &context);
        // As in AWS, the invocation continues when the client disconnects or the gateway times out.
        let function = Arc::clone(&route.function);
        let running = tokio::spawn(async move { function.invoke(Bytes::from(event.to_string())).await });
        match tokio::time::timeout(INTEGRATION, running).await {
            Ok(Ok(Ok(result))) => translate(&result).unwrap_or_else(internal),
            Ok(Ok(Err(InvokeError::TooLarge))) => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
            Ok(Ok(Err(InvokeError::Throttled))) | Err(_) => {
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
            Ok(Ok(Err(InvokeError::Function(_))) | Err(_)) => internal(),
        }
    }
}

async fn serve(State(gateway): State<Arc<Gateway>>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Some(host) = gateway.host(&parts) else { return message(StatusCode::FORBIDDEN, "Forbidden") };
    if let Some(preflight) = gateway.cors.as_ref().and_then(|cors| cors.preflight(&parts.method, &parts.headers)) {
        return preflight;
    }
    let mut response = gateway.answer(host, &parts, body).await;
    if let Some(cors) = &gateway.cors {
        cors.finish(&parts.headers, &mut response);
    }
    response
}

fn internal() -> Response<Body> {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

fn unauthorized() -> Response<Body> {
    let mut response = message(StatusCode::UNAUTHORIZED, "Unauthorized");
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// Response to an accepted token without any of the route's scopes (RFC 6750, section 3.1).
fn forbidden(scopes: &[String]) -> Response<Body> {
    let mut response = message(StatusCode::FORBIDDEN, "Forbidden");
    let challenge = format!("Bearer scope=\"{}\" error=\"insufficient_scope\"", scopes.join(" "));
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
    }
    response
}

/// A response of API Gateway's own.
pub(crate) fn message(status: StatusCode, text: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": text }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
