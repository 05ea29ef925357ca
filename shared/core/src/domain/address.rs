//! Addresses that come from outside, parsed once. What is accepted is written in its canonical form and holds nothing that
//! parsers are known to disagree about, so a browser, Meta, and every strict parser reach the same host by it.

use url::Url;

/// What an address may be, by what it is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Most bytes.
    pub longest: usize,
    /// Whether it may name a port other than its scheme's.
    pub port: bool,
    /// Whether it may have a query.
    pub query: bool,
    /// Whether it may have a fragment.
    pub fragment: bool,
}

/// Where people are sent: a page of the platform's, which may be told apart by its query or fragment.
pub const RETURN_ADDRESS: Rules = Rules { longest: 2048, port: true, query: true, fragment: true };

/// Where Meta is to send webhooks (Meta: at most 200 characters). Without a query: it would be stored readable and is where
/// secrets are put; Meta proves itself by a token of its own.
pub const CALLBACK_ADDRESS: Rules = Rules { longest: 200, port: false, query: false, fragment: false };

/// An address is not taken. Does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFlaw {
    /// Too long, or a character that has no place in an address.
    #[error("read the characters of an address")]
    Characters,
    /// Not `https://`, or a part that is not allowed here.
    #[error("read the form of an address")]
    Form,
    /// Not a public name.
    #[error("take a host that is not public")]
    Host,
    /// A query parameter that is named like a secret.
    #[error("take a secret in an address")]
    Secret,
    /// Written in another way than parsers write it.
    #[error("take an address that is not written canonically")]
    NotCanonical,
}

/// `https://`, a public name, and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Beside letters and digits (RFC 3986). Not `\`, which browsers read as `/`, and nothing that `url` and `http` encode.
const PUNCTUATION: &[u8] = b"-._~:/?#@!$&'()*+,;=%[]";

/// Endings of names that are of no public network (RFC 6761, RFC 6762, RFC 8375, and what routers and clouds use).
const PRIVATE_NAMES: [&str; 14] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "test",
    "invalid",
    "onion",
    "alt",
];

/// Names of query parameters that carry what nobody else may read.
const SECRET_NAMES: [&str; 14] = [
    "access_token",
    "api_key",
    "apikey",
    "authorization",
    "client_secret",
    "id_token",
    "jwt",
    "password",
    "passwd",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "token",
];

impl PublicUrl {
    /// Parses an address. One of `origins`, which whoever deployed this chose, is as good as a public one.
    ///
    /// # Errors
    /// The first flaw.
    pub fn parse(text: &str, rules: Rules, origins: &[String]) -> Result<Self, AddressFlaw> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || PUNCTUATION.contains(&byte);
        if text.len() > rules.longest || !text.bytes().all(plain) || !is_well_encoded(text) {
            return Err(AddressFlaw::Characters);
        }
        let (scheme, rest) = text.split_once("://").ok_or(AddressFlaw::Form)?;
        let (authority, after) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let chosen = origins.iter().any(|origin| *origin == format!("{scheme}://{authority}"));
        if !chosen {
            check_public(scheme, authority, rules)?;
        }
        let (rest, fragment) = split(after, '#');
        let (path, query) = split(rest, '?');
        if (query.is_some() && !rules.query) || (fragment.is_some() && !rules.fragment) {
            return Err(AddressFlaw::Form);
        }
        if has_secret(query) || has_secret(fragment) {
            return Err(AddressFlaw::Secret);
        }
        let is_path = path.is_empty() || path.starts_with('/');
        if !is_path
            || path.contains(['@', '[', ']'])
            || path.contains("//")
            || fragment.is_some_and(|it| it.contains('#'))
        {
            return Err(AddressFlaw::Form);
        }
        // A path that is left out is `/`. Nothing else may differ.
        let root = if path.is_empty() { "/" } else { "" };
        let canonical = format!("{scheme}://{authority}{root}{after}");
        let url = Url::parse(text).map_err(|_| AddressFlaw::NotCanonical)?;
        if url.as_str() == canonical { Ok(Self(canonical)) } else { Err(AddressFlaw::NotCanonical) }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<PublicUrl> for String {
    fn from(url: PublicUrl) -> Self {
        url.0
    }
}

fn split(text: &str, at: char) -> (&str, Option<&str>) {
    text.split_once(at).map_or((text, None), |(before, after)| (before, Some(after)))
}

/// Every `%` begins two digits, and none stands for a control character or for `\`.
fn is_well_encoded(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let byte = rest.get(..2).filter(|pair| pair.bytes().all(|it| it.is_ascii_hexdigit()));
        let byte = byte.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        byte.is_some_and(|byte| !byte.is_ascii_control() && byte != b'\\')
    })
}

fn check_public(scheme: &str, authority: &str, rules: Rules) -> Result<(), AddressFlaw> {
    let (host, port) = split(authority, ':');
    if scheme != "https" || authority.contains(['@', '%']) || (port.is_some() && !rules.port) {
        return Err(AddressFlaw::Form);
    }
    if port.is_some_and(|port| !is_port(port)) {
        return Err(AddressFlaw::Form);
    }
    if is_public_name(host) { Ok(()) } else { Err(AddressFlaw::Host) }
}

/// Another than the scheme's own, without leading zeros.
fn is_port(text: &str) -> bool {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    canonical && text.parse::<u16>().is_ok_and(|port| port != 443)
}

/// A DNS name in lower case with at least one dot. Its last label begins with a letter, as every top-level domain does and no
/// spelling of an IP address.
fn is_public_name(host: &str) -> bool {
    let label = |label: &str| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=63).contains(&label.len()) && label.bytes().all(plain) && !label.starts_with('-') && !label.ends_with('-')
    };
    let is_private = |end: &str| host.strip_suffix(end).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    host.len() <= 253
        && host.rsplit_once('.').is_some_and(|(_, last)| last.starts_with(|first: char| first.is_ascii_lowercase()))
        && host.split('.').all(label)
        && !PRIVATE_NAMES.into_iter().any(is_private)
}

/// Names are compared decoded, so that `%74oken` is `token` too.
fn has_secret(query: Option<&str>) -> bool {
    let names = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut names = names.map(|(name, _)| name.to_ascii_lowercase().replace('-', "_"));
    names.any(|name| SECRET_NAMES.contains(&name.as_str()))
}

#[cfg(test)]
mod tests;
