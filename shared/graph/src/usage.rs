//! Meta's usage headers: how much of a budget is used, and for how long there is none.

use http::HeaderMap;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Percent of a budget from which calls that can wait do: Meta cuts off at 100, and people need some of the rest.
const NEARLY_ALL: f64 = 95.0;
/// How long they wait when Meta does not say: its budgets are migration hours.
const REST: u32 = 300;

/// One budget. Meta writes percentages as numbers.
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

/// `X-Business-Use-Case-Usage`: budgets of accounts, by portfolio.
fn of_accounts(headers: &HeaderMap) -> Vec<Usage> {
    let text = headers.get("x-business-use-case-usage").and_then(|value| value.to_str().ok());
    let usage: Option<BTreeMap<String, Vec<Usage>>> = text.and_then(|text| serde_json::from_str(text).ok());
    usage.into_iter().flatten().flat_map(|(_, usage)| usage).collect()
}

/// `X-App-Usage`: the budget of the whole app.
fn of_app(headers: &HeaderMap) -> Option<Usage> {
    let text = headers.get("x-app-usage").and_then(|value| value.to_str().ok())?;
    serde_json::from_str(text).ok()
}

/// The longest `estimated_time_to_regain_access` (minutes), in seconds.
pub(super) fn regain_access(headers: &HeaderMap) -> Option<u32> {
    let minutes = of_accounts(headers).into_iter().filter_map(|usage| usage.estimated_time_to_regain_access).max()?;
    (minutes > 0).then(|| minutes.saturating_mul(60))
}

/// Seconds for which calls that can wait should: 0 unless a budget is nearly used up.
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
    fn a_budget_that_is_nearly_used_up_makes_us_wait_as_long_as_meta_says() {
        let accounts = |json: &str| rest(&headers("x-business-use-case-usage", json));
        assert_eq!(accounts(r#"{"77":[{"call_count":94,"total_time":0}]}"#), 0);
        assert_eq!(accounts(r#"{"77":[{"call_count":95}]}"#), 300);
        assert_eq!(accounts(r#"{"77":[{"call_count":100,"estimated_time_to_regain_access":12}]}"#), 720);
        assert_eq!(rest(&headers("x-app-usage", r#"{"call_count":28,"total_time":96.5,"total_cputime":1}"#)), 300);
    }

    #[test]
    fn odd_headers_say_nothing() {
        for odd in ["", "null", "[]", "{", r#"{"77":7}"#, r#"{"77":[{"call_count":"x"}]}"#] {
            assert_eq!(rest(&headers("x-business-use-case-usage", odd)), 0, "{odd}");
            assert_eq!(rest(&headers("x-app-usage", odd)), 0, "{odd}");
        }
    }
}
