//! Meta's usage headers: how much of a rate limit is used, and how long until calls are allowed again.

use http::HeaderMap;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Percentage of a limit from which deferrable calls wait: Meta blocks at 100, and the remainder is reserved for
/// people.
const NEARLY_ALL: f64 = 95.0;
/// Cooldown in seconds when Meta does not report one: its limits apply to moving hours.
const REST: u32 = 300;

/// The usage of one limit, as percentages.
#[derive(Deserialize)]
struct Usage {
    #[serde(default)]
    call_count: f64,
    #[serde(default)]
    total_time: f64,
    #[serde(default)]
    total_cputime: f64,
    estimated_time_to_regain_access: Option<u32>,
}

impl Usage {
    fn is_nearly_used_up(&self) -> bool {
        [self.call_count, self.total_time, self.total_cputime].iter().any(|percent| *percent >= NEARLY_ALL)
    }
}

/// `X-Business-Use-Case-Usage`: limits of accounts, by portfolio.
fn of_accounts(headers: &HeaderMap) -> Vec<Usage> {
    let text = headers.get("x-business-use-case-usage").and_then(|value| value.to_str().ok());
    let usage: Option<BTreeMap<String, Vec<Usage>>> = text.and_then(|text| serde_json::from_str(text).ok());
    usage.into_iter().flatten().flat_map(|(_, usage)| usage).collect()
}

/// `X-App-Usage`: the limit of the whole app.
fn of_app(headers: &HeaderMap) -> Option<Usage> {
    let text = headers.get("x-app-usage").and_then(|value| value.to_str().ok())?;
    serde_json::from_str(text).ok()
}

/// The longest `estimated_time_to_regain_access` (minutes), in seconds.
pub(super) fn regain_access(headers: &HeaderMap) -> Option<u32> {
    let minutes = of_accounts(headers).into_iter().filter_map(|usage| usage.estimated_time_to_regain_access).max()?;
    (minutes > 0).then(|| minutes.saturating_mul(60))
}

/// Cooldown in seconds for deferrable calls: 0 unless a limit is nearly reached.
pub(super) fn rest(headers: &HeaderMap) -> u32 {
    let nearly = of_accounts(headers).into_iter().chain(of_app(headers)).any(|usage| usage.is_nearly_used_up());
    if nearly { regain_access(headers).unwrap_or(REST) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderName, HeaderValue};

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn a_nearly_reached_limit_causes_a_cooldown_as_long_as_meta_says() {
        let accounts = |json: &str| rest(&headers("x-business-use-case-usage", json));
        assert_eq!(accounts(r#"{"77":[{"call_count":94,"total_time":0}]}"#), 0);
        assert_eq!(accounts(r#"{"77":[{"call_count":95}]}"#), 300);
        assert_eq!(accounts(r#"{"77":[{"call_count":100,"estimated_time_to_regain_access":12}]}"#), 720);
        assert_eq!(rest(&headers("x-app-usage", r#"{"call_count":28,"total_time":96.5,"total_cputime":1}"#)), 300);
    }

    #[test]
    fn malformed_headers_are_ignored() {
        for odd in ["", "null", "[]", "{", r#"{"77":7}"#, r#"{"77":[{"call_count":"x"}]}"#] {
            assert_eq!(rest(&headers("x-business-use-case-usage", odd)), 0, "{odd}");
            assert_eq!(rest(&headers("x-app-usage", odd)), 0, "{odd}");
        }
    }
}
