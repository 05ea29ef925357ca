//! URLs from outside, parsed once. An accepted URL is in canonical form and contains nothing that parsers are known to
//! disagree about, so that a browser, Meta and every strict parser resolve it to the same host.

use url::Url;

/// What a URL may contain, depending on its purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Maximum length in bytes.
    pub longest: usize,
    /// Whether a port other than the scheme's default is allowed.
    pub port: bool,
    /// Whether a query is allowed.
    pub query: bool,
    /// Whether a fragment is allowed.
    pub fragment: bool,
}

/// A page of the platform to which people are redirected; query and fragment are allowed.
pub const RETURN_ADDRESS: Rules = Rules { longest: 2048, port: true, query: true, fragment: true };

/// A callback URL for webhooks (Meta: at most 200 characters). No query: it would be stored in plain text, and callers
/// tend to put secrets there. Meta authenticates itself with a separate verify token.
pub const CALLBACK_ADDRESS: Rules = Rules { longest: 200, port: false, query: false, fragment: false };

/// Why a URL was rejected. Does not contain the URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AddressFlaw {
    /// Too long, or contains a character that is not allowed in a URL.
    #[error("URL is too long or contains invalid characters")]
    Characters,
    /// Not `https://`, or contains a part that is not allowed here.
    #[error("malformed URL")]
    Form,
    /// Not a public host name.
    #[error("host is not public")]
    Host,
    /// A query parameter whose name suggests a secret.
    #[error("URL contains a secret")]
    Secret,
    /// Differs from the form in which parsers serialise it.
    #[error("URL is not in canonical form")]
    NotCanonical,
}

/// A validated URL: `https://`, a public host name and a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Characters allowed besides letters and digits (RFC 3986). Not `\`, which browsers read as `/`, and none that `url`
/// and `http` percent-encode.
const PUNCTUATION: &[u8] = b"-._~:/?#@!$&'()*+,;=%[]";

/// Domains that are not part of the public DNS (RFC 6761, RFC 6762, RFC 8375, and those that routers and clouds use).
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

/// Names of query parameters that usually carry secrets.
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
    /// Parses a URL. The configured `origins` are accepted like public ones.
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
        // An omitted path becomes `/`. Nothing else may differ.
        let root = if path.is_empty() { "/" } else { "" };
        let canonical = format!("{scheme}://{authority}{root}{after}");
        let url = Url::parse(text).map_err(|_| AddressFlaw::NotCanonical)?;
        if url.as_str() == canonical { Ok(Self(canonical)) } else { Err(AddressFlaw::NotCanonical) }
    }

    /// The URL.
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

/// Whether every `%` is followed by two hexadecimal digits, and none encodes a control character or `\`.
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

/// Whether it is a port other than the scheme's default, without leading zeros.
fn is_port(text: &str) -> bool {
    let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    canonical && text.parse::<u16>().is_ok_and(|port| port != 443)
}

/// Whether it is a lower-case DNS name with at least one dot. The last label must begin with a letter: every top-level
/// domain does, and no notation of an IP address does.
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

/// Names are compared after decoding, so that `%74oken` matches `token`.
fn has_secret(query: Option<&str>) -> bool {
    let names = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    let mut names = names.map(|(name, _)| name.to_ascii_lowercase().replace('-', "_"));
    names.any(|name| SECRET_NAMES.contains(&name.as_str()))
}

#[cfg(test)]
mod tests;
