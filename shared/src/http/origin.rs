//! Which pages may call the browser routes: our own, and the platform's from an exact list.

use super::Request;
use super::problem::Problem;
use http::StatusCode;

/// Rejects requests from pages that are not on the list. A request without `Origin` does not come from a page: browsers
/// send the header with every POST.
///
/// # Errors
/// 403 `origin_denied`.
pub fn check(request: &Request, allowed: &[String]) -> Result<(), Problem> {
    let Some(origin) = request.headers.get("origin") else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    if origin == request.base_url() || allowed.iter().any(|known| known == origin) {
        Ok(())
    } else {
        Err(Problem::new(StatusCode::FORBIDDEN, "origin_denied", "This page is not allowed to start a signup."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue, Method};

    fn from(origin: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_static(origin));
        let request = Request {
            method: Method::POST,
            path: "/".into(),
            query: String::new(),
            headers,
            body: bytes::Bytes::new(),
            request_id: "r".into(),
            host: "api.example.com".into(),
            source: crate::http::source::SourceAddress::default(),
            caller: None,
            deadline: crate::deadline::Deadline::after(std::time::Duration::from_secs(15)),
        };
        check(&request, &["https://app.example.com".to_owned()]).is_ok()
    }

    #[test]
    fn origins_are_compared_whole() {
        assert!(from("https://app.example.com") && from("https://api.example.com"));
        for bad in [
            "null",
            "",
            "http://app.example.com",
            "https://app.example.com.evil.io",
            "https://evil-app.example.com",
            "https://app.example.com:8443",
            "https://APP.example.com",
            "https://app.example.com, https://evil.io",
        ] {
            assert!(!from(bad), "{bad}");
        }
    }
}
