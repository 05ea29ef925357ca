//! CORS of an HTTP API (AWS: "Configure CORS for HTTP APIs"): API Gateway answers preflights itself and overwrites the
//! CORS headers of a function.

use crate::template::TemplateError;
use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ORIGIN, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;

/// `CorsConfiguration` as written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Cors {
    #[serde(default)]
    allow_origins: Vec<String>,
    #[serde(default)]
    allow_methods: Vec<String>,
    #[serde(default)]
    allow_headers: Vec<String>,
    #[serde(default)]
    expose_headers: Vec<String>,
    max_age: Option<u64>,
    #[serde(default)]
    allow_credentials: bool,
}

const NAMES: [HeaderName; 6] = [
    ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_HEADERS,
    ACCESS_CONTROL_EXPOSE_HEADERS,
    ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_ALLOW_CREDENTIALS,
];

impl Cors {
    pub(crate) fn read(place: &str, written: Option<&Value>) -> Result<Option<Self>, TemplateError> {
        let read = |value: &Value| serde_json::from_value(value.clone());
        written.map(read).transpose().map_err(|error| TemplateError::at(place, error.to_string()))
    }

    /// The response to a preflight; `None` if the request is not one.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Response<Body>> {
        let asks = method == Method::OPTIONS && headers.contains_key(ORIGIN);
        if !asks || !headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        if self.allows(headers) {
            self.state(ACCESS_CONTROL_ALLOW_METHODS, &self.allow_methods, &mut response);
            self.state(ACCESS_CONTROL_ALLOW_HEADERS, &self.allow_headers, &mut response);
            if let Some(age) = self.max_age {
                response.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, age.into());
            }
            self.own(headers, &mut response);
        }
        Some(response)
    }

    /// Overwrites the CORS headers of an ordinary response.
    pub(crate) fn finish(&self, request: &HeaderMap, response: &mut Response<Body>) {
        for name in NAMES {
            response.headers_mut().remove(name);
        }
        if self.allows(request) {
            self.state(ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose_headers, response);
            self.own(request, response);
        }
    }

    fn allows(&self, request: &HeaderMap) -> bool {
        let origin = request.get(ORIGIN).and_then(|origin| origin.to_str().ok());
        origin.is_some_and(|origin| self.allow_origins.iter().any(|allowed| allowed == "*" || allowed == origin))
    }

    fn own(&self, request: &HeaderMap, response: &mut Response<Body>) {
        if let Some(origin) = request.get(ORIGIN) {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.headers_mut().append(VARY, HeaderValue::from_static("origin"));
        }
        if self.allow_credentials {
            response.headers_mut().insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
    }

    fn state(&self, name: HeaderName, values: &[String], response: &mut Response<Body>) {
        if let (false, Ok(value)) = (values.is_empty(), HeaderValue::from_str(&values.join(","))) {
            response.headers_mut().insert(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cors() -> Cors {
        let written = json!({ "AllowOrigins": ["https://a.example"], "AllowMethods": ["POST"], "MaxAge": 60 });
        Cors::read("Api", Some(&written)).unwrap().unwrap()
    }

    fn from(origin: &str) -> HeaderMap {
        let method = (ACCESS_CONTROL_REQUEST_METHOD, HeaderValue::from_static("POST"));
        HeaderMap::from_iter([(ORIGIN, HeaderValue::from_str(origin).unwrap()), method])
    }

    #[test]
    fn a_preflight_names_what_is_allowed_to_an_allowed_origin_only() {
        let allowed = cors().preflight(&Method::OPTIONS, &from("https://a.example")).unwrap();
        assert_eq!(allowed.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "https://a.example");
        assert_eq!(
            (&allowed.headers()[ACCESS_CONTROL_ALLOW_METHODS], allowed.status()),
            (&HeaderValue::from_static("POST"), StatusCode::NO_CONTENT)
        );
        let refused = cors().preflight(&Method::OPTIONS, &from("https://b.example")).unwrap();
        assert!(!refused.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
        assert!(cors().preflight(&Method::POST, &from("https://a.example")).is_none());
    }

    #[test]
    fn cors_headers_of_a_function_are_overwritten() {
        let mut response = Response::new(Body::empty());
        response.headers_mut().insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        cors().finish(&from("https://b.example"), &mut response);
        assert!(!response.headers().contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}
