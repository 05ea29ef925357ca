//! Binds a signup link to one browser, and defines what the browser has to send along with Meta's code.

use super::{Session, SessionState};
use crate::domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// 256 random bits known to one browser only: its cookie, a launch value, or a `state`. Only the digest is stored.
#[derive(Clone)]
pub struct BrowserValue(String);

impl BrowserValue {
    /// A new value.
    #[must_use]
    pub fn from_random(bits: [u8; 32]) -> Self {
        Self(hex::encode(bits))
    }

    /// Parses a value sent back; `None` when it is malformed.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.to_owned()))
    }

    /// The plain value, for its browser.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// SHA-256 of it, in hex.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(Sha256::digest(&self.0))
    }
}

/// A browser that wants to use a link.
pub enum Browser<'a> {
    /// On our own page: identified by its cookie.
    OwnPage(&'a BrowserValue),
    /// On a page of the platform, where our cookies do not work: identified by the launch value it received before.
    PlatformPage(Option<&'a BrowserValue>),
}

/// The browser bound to a link, identified by digests of values that only this browser knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Digest of its cookie; `None` on a page of the platform.
    pub browser: Option<String>,
    /// Digest of the launch value that the callback has to send.
    pub launch: String,
    /// Digest of the `state` returned by Meta's full-page flow; `None` on a page of the platform.
    pub state: Option<String>,
    /// The language it was launched in, as a BCP 47 tag.
    pub language: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether a code was submitted with these values; they are valid once.
    pub used: bool,
}

impl Binding {
    /// Whether it belongs to this browser.
    #[must_use]
    pub fn is_of(&self, browser: &Browser<'_>) -> bool {
        match (browser, &self.browser) {
            (Browser::OwnPage(cookie), Some(known)) => cookie.digest() == *known,
            (Browser::PlatformPage(Some(launch)), None) => launch.digest() == self.launch,
            _ => false,
        }
    }
}

/// What a callback sends to prove that it comes from the browser that launched the signup.
pub struct Proof<'a> {
    /// The launch value; in the full-page flow, the returned `state`.
    pub launch: Option<&'a BrowserValue>,
    /// The browser's cookie.
    pub cookie: Option<&'a BrowserValue>,
    /// Whether it is the full-page flow, in which Meta redirects to our own URL.
    pub whole_page: bool,
    /// Whether a page sent it rather than a server.
    pub from_page: bool,
}

/// Why a callback is rejected. Its code is not used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// The launch value is missing.
    Missing,
    /// The launch value does not belong to the link, or no longer does.
    Unknown,
    /// The launch value belongs to the link, but the browser does not.
    OtherBrowser,
    /// The launch value was used with another code.
    Used,
}

impl Session {
    /// Checks that a callback with the code `code_hash` comes from the browser that launched the signup. Before any
    /// launch, a server may submit the code, because there is no browser to bind.
    ///
    /// # Errors
    /// [`Unproven`].
    pub fn prove(&self, proof: &Proof<'_>, code_hash: &str) -> Result<(), Unproven> {
        let Some(binding) = &self.binding else {
            return match proof.launch {
                None if proof.from_page => Err(Unproven::Missing),
                None => Ok(()),
                Some(_) => Err(Unproven::Unknown),
            };
        };
        let launch = proof.launch.ok_or(Unproven::Missing)?.digest();
        let expected = if proof.whole_page { binding.state.as_ref() } else { Some(&binding.launch) };
        if expected != Some(&launch) {
            return Err(Unproven::Unknown);
        }
        let cookie = proof.cookie.map(BrowserValue::digest);
        if binding.browser.is_some() && binding.browser != cookie {
            return Err(Unproven::OtherBrowser);
        }
        let repeats = matches!(&self.state, SessionState::Claimed { code_hash: held, .. } if held == code_hash);
        if binding.used && !repeats { Err(Unproven::Used) } else { Ok(()) }
    }

    /// Whether the link is bound to another browser.
    #[must_use]
    pub fn is_elsewhere(&self, browser: &Browser<'_>) -> bool {
        self.binding.as_ref().is_some_and(|binding| !binding.is_of(browser))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::tests::session;

    fn value(byte: u8) -> BrowserValue {
        BrowserValue::from_random([byte; 32])
    }

    fn bound(browser: Option<&BrowserValue>, used: bool) -> Session {
        let binding = Binding {
            browser: browser.map(BrowserValue::digest),
            launch: value(1).digest(),
            state: browser.map(|_| value(2).digest()),
            language: "en-US".into(),
            since: Timestamp::from_seconds(0),
            used,
        };
        Session { binding: Some(binding), ..session(SessionState::Open) }
    }

    fn proof<'a>(launch: Option<&'a BrowserValue>, cookie: Option<&'a BrowserValue>) -> Proof<'a> {
        Proof { launch, cookie, whole_page: false, from_page: true }
    }

    #[test]
    fn a_page_has_to_send_the_launch_value_and_the_cookie_it_was_launched_with() {
        let (launch, cookie, other) = (value(1), value(3), value(4));
        let session = bound(Some(&cookie), false);
        assert_eq!(session.prove(&proof(Some(&launch), Some(&cookie)), "a"), Ok(()));
        assert_eq!(session.prove(&proof(None, Some(&cookie)), "a"), Err(Unproven::Missing));
        assert_eq!(session.prove(&proof(Some(&other), Some(&cookie)), "a"), Err(Unproven::Unknown));
        assert_eq!(session.prove(&proof(Some(&launch), Some(&other)), "a"), Err(Unproven::OtherBrowser));
        assert_eq!(session.prove(&proof(Some(&launch), None), "a"), Err(Unproven::OtherBrowser));
        let used = bound(Some(&cookie), true);
        assert_eq!(used.prove(&proof(Some(&launch), Some(&cookie)), "a"), Err(Unproven::Used));
    }

    #[test]
    fn the_full_page_flow_accepts_its_state_only() {
        let (launch, state, cookie) = (value(1), value(2), value(3));
        let session = bound(Some(&cookie), false);
        let whole = |launch| Proof { whole_page: true, ..proof(Some(launch), Some(&cookie)) };
        assert_eq!(session.prove(&whole(&state), "a"), Ok(()));
        assert_eq!(session.prove(&whole(&launch), "a"), Err(Unproven::Unknown));
        assert_eq!(session.prove(&proof(Some(&state), Some(&cookie)), "a"), Err(Unproven::Unknown));
        let platform = bound(None, false);
        assert_eq!(platform.prove(&whole(&state), "a"), Err(Unproven::Unknown), "a platform's page has no state");
        assert_eq!(
            platform.prove(&proof(Some(&launch), None), "a"),
            Ok(()),
            "it is identified by its launch value alone"
        );
    }

    #[test]
    fn a_server_may_submit_a_code_only_while_no_browser_has_launched() {
        let server = Proof { from_page: false, ..proof(None, None) };
        let open = session(SessionState::Open);
        assert_eq!(open.prove(&server, "a"), Ok(()));
        assert_eq!(open.prove(&proof(None, None), "a"), Err(Unproven::Missing));
        assert_eq!(open.prove(&proof(Some(&value(1)), None), "a"), Err(Unproven::Unknown));
        assert_eq!(bound(None, false).prove(&server, "a"), Err(Unproven::Missing));
    }

    #[test]
    fn a_browser_is_identified_by_its_cookie_or_by_the_value_it_was_given() {
        let (launch, cookie, other) = (value(1), value(3), value(4));
        let own = bound(Some(&cookie), false);
        assert!(!own.is_elsewhere(&Browser::OwnPage(&cookie)) && own.is_elsewhere(&Browser::OwnPage(&other)));
        assert!(own.is_elsewhere(&Browser::PlatformPage(Some(&launch))));
        let platform = bound(None, true);
        assert!(!platform.is_elsewhere(&Browser::PlatformPage(Some(&launch))));
        assert!(
            platform.is_elsewhere(&Browser::PlatformPage(None)) && platform.is_elsewhere(&Browser::OwnPage(&cookie))
        );
        assert!(!session(SessionState::Open).is_elsewhere(&Browser::PlatformPage(None)));
    }

    #[test]
    fn malformed_values_are_rejected() {
        assert!(BrowserValue::parse(value(9).as_str()).is_some());
        for bad in ["", "a", &"g".repeat(64), &"A".repeat(64), &"a".repeat(65), "ses_0"] {
            assert!(BrowserValue::parse(bad).is_none(), "{bad}");
        }
    }
}
