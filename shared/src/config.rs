//! A function's environment variables, read once at start. All problems are reported together, and an empty value
//! counts as missing. Nothing reads the environment later.

use crate::tls::TlsUnusable;
use std::fmt;
use std::time::Duration;

/// Where variables come from: the process environment, or a test's map.
pub type Lookup<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// The process environment.
#[must_use]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Problems with the configuration; holds names only, never values.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// The value of a required variable. A missing one yields an empty string and is reported by [`Self::finish`].
    pub fn required(&mut self, lookup: &Lookup<'_>, name: &str) -> String {
        let value = lookup(name).filter(|value| !value.is_empty());
        if value.is_none() {
            self.0.push(format!("{name} is missing"));
        }
        value.unwrap_or_default()
    }

    /// The value of a variable, parsed.
    pub fn parsed<T>(&mut self, lookup: &Lookup<'_>, name: &str, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        let value = self.required(lookup, name);
        let parsed = if value.is_empty() { return None } else { parse(&value) };
        if parsed.is_none() {
            self.0.push(format!("{name} is invalid"));
        }
        parsed
    }

    /// Reports a violated rule between variables.
    pub fn add(&mut self, problem: &str) {
        self.0.push(problem.to_owned());
    }

    /// `value`, if there are no problems.
    ///
    /// # Errors
    /// [`ConfigError`] that lists every problem.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(ConfigError(self.0)),
        }
    }
}

/// The configuration is unusable; the process must not start.
#[derive(Debug)]
pub struct ConfigError(Vec<String>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid configuration: {}", self.0.join(", "))
    }
}

impl std::error::Error for ConfigError {}

/// A function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A variable is missing or invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// TLS is unusable.
    #[error(transparent)]
    Tls(#[from] TlsUnusable),
}

/// Reads the delay before a second attempt: 1 second to 15 minutes, the longest delay of SQS.
#[must_use]
pub fn parse_retry_delay(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|seconds| (1..=900).contains(seconds)).map(Duration::from_secs)
}

/// Parses a comma-separated list of exact web origins (`https://app.example.com`). Plain `http` is allowed on loopback
/// only.
#[must_use]
pub fn parse_origins(text: &str) -> Option<Vec<String>> {
    text.split(',').map(|item| parse_origin(item.trim())).collect()
}

fn parse_origin(text: &str) -> Option<String> {
    let url = parse_base(text)?;
    (url.origin().ascii_serialization() == text).then(|| text.to_owned())
}

/// Parses a base URL: `https`, or `http` on loopback.
#[must_use]
pub fn parse_base(text: &str) -> Option<url::Url> {
    let url = url::Url::parse(text).ok()?;
    let loopback = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    let plain =
        url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    (plain && (url.scheme() == "https" || (url.scheme() == "http" && loopback))).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_is_reported_at_once_without_values() {
        let lookup = |name: &str| match name {
            "EMPTY" => Some(String::new()),
            "BAD" => Some("CANARY".to_owned()),
            _ => None,
        };
        let mut problems = Problems::default();
        problems.required(&lookup, "EMPTY");
        problems.parsed(&lookup, "BAD", |text| text.parse::<u8>().ok());
        problems.required(&lookup, "ABSENT");
        let error = problems.finish(Some(())).unwrap_err().to_string();
        assert_eq!(error, "invalid configuration: EMPTY is missing, BAD is invalid, ABSENT is missing");
    }

    #[test]
    fn origins_are_exact() {
        for bad in [
            "*",
            "https://a.example/",
            "https://a.example/x",
            "http://a.example",
            "",
            "https://a.example,*",
            "a.example",
        ] {
            assert_eq!(parse_origins(bad), None, "{bad}");
        }
        let good = parse_origins("https://a.example, http://localhost:8080").unwrap();
        assert_eq!(good, ["https://a.example", "http://localhost:8080"]);
    }

    #[test]
    fn plain_http_is_for_loopback_only() {
        assert!(parse_base("http://127.0.0.1:3002").is_some() && parse_base("https://graph.facebook.com").is_some());
        assert!(
            parse_base("http://graph.facebook.com").is_none() && parse_base("https://u:p@graph.facebook.com").is_none()
        );
    }
}
