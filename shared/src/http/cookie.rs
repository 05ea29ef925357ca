//! The signup page's cookies. Browsers accept a name with the prefix `__Host-` only from this exact host, with `Secure`
//! and without a domain, so that no sibling domain can set it. They also accept it on localhost during development.

use super::{Reply, Request};
use http::{HeaderValue, header};
use std::time::Duration;

/// A random value that identifies a browser.
pub const BROWSER: &str = "__Host-signup-browser";

/// The session that this browser launched last: Meta's full-page redirect returns without it.
pub const SESSION: &str = "__Host-signup-session";

/// The value of a cookie; `None` when it is absent or repeated.
#[must_use]
pub fn read<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let pairs = request.header("cookie").unwrap_or_default().split(';').filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// Sets a cookie that scripts cannot read and that cross-site requests do not send, except for top-level navigations
/// such as Meta's redirect back to us.
pub fn set(reply: &mut Reply, name: &str, value: &str, life: Duration) {
    let seconds = life.as_secs();
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax");
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        reply.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, Method};

    #[test]
    fn a_cookie_that_is_doubled_is_none() {
        let read = |cookies: &'static str| {
            let headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(cookies))]);
            let (path, query, request_id, host) = ("/".into(), String::new(), "r".into(), "h".into());
            let request = Request {
                method: Method::GET,
                path,
                query,
                headers,
                body: bytes::Bytes::new(),
                request_id,
                host,
                source: crate::http::source::SourceAddress::default(),
                caller: None,
                deadline: crate::deadline::Deadline::after(Duration::from_secs(15)),
            };
            read(&request, "a").map(str::to_owned)
        };
        assert_eq!((read("a=1; b=2"), read("b=2; a=1")), (Some("1".into()), Some("1".into())));
        assert_eq!((read("a=1; a=1"), read("b=2"), read("aa=1; a"), read("")), (None, None, None, None));
    }
}
