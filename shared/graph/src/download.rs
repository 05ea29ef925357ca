//! Downloads of files that Meta shows by address, for example the samples of a template.

use crate::client::GraphClient;
use crate::transport::TransportError;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use onboarding_core::domain::composition::MediaType;
use url::Url;

/// Meta's file servers: these hosts and those below them.
const HOSTS: [&str; 3] = ["whatsapp.net", "fbcdn.net", "fbsbx.com"];

/// A downloaded file.
#[derive(Debug)]
pub struct Downloaded {
    /// Its type.
    pub media: MediaType,
    /// Its content.
    pub file: Bytes,
}

/// Why a file was not downloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DownloadError {
    /// The address is not one of Meta's: nothing was requested.
    #[error("the address is not one of Meta's")]
    ForeignHost,
    /// Meta's file server did not answer with the file: the address has expired.
    #[error("the file is not there any more")]
    Gone,
    /// The file is larger than allowed.
    #[error("the file is too large")]
    TooLarge,
    /// It is not of a type that Meta takes as a sample.
    #[error("the file is of another type")]
    OtherType,
    /// The request or its answer was lost.
    #[error(transparent)]
    Transport(TransportError),
}

impl GraphClient {
    /// Whether an address is one of Meta's, so that [`Self::download`] would request it.
    #[must_use]
    pub fn is_metas_address(&self, address: &str) -> bool {
        Url::parse(address).is_ok_and(|url| is_metas(&url, self.base()))
    }

    /// Downloads a file of at most `largest` bytes, without a token: the address itself is signed.
    ///
    /// # Errors
    /// [`DownloadError`]; an address that is not Meta's is never requested.
    pub async fn download(&self, address: &str, largest: usize) -> Result<Downloaded, DownloadError> {
        let url = Url::parse(address).ok().filter(|url| is_metas(url, self.base()));
        let url = url.ok_or(DownloadError::ForeignHost)?;
        let incoming = self.transport().download(url, largest, self.deadline()).await.map_err(|error| match error {
            TransportError::TooLarge => DownloadError::TooLarge,
            other => DownloadError::Transport(other),
        })?;
        if !incoming.status.is_success() || incoming.body.is_empty() {
            return Err(DownloadError::Gone);
        }
        let media = incoming.headers.get(CONTENT_TYPE).and_then(|kind| MediaType::parse(kind.to_str().ok()?));
        Ok(Downloaded { media: media.ok_or(DownloadError::OtherType)?, file: incoming.body })
    }
}

/// Whether an address is at the Graph API itself or at one of Meta's file servers.
fn is_metas(url: &Url, graph: &Url) -> bool {
    if !url.username().is_empty() || url.password().is_some() {
        return false;
    }
    if url.origin() == graph.origin() {
        return true;
    }
    let below = |host: &str| {
        let is = |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        HOSTS.into_iter().any(is)
    };
    url.scheme() == "https" && url.port().is_none() && url.host_str().is_some_and(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_metas_own_servers_are_asked_for_a_file() {
        let graph = Url::parse("https://graph.facebook.com/").unwrap();
        let is = |address: &str| Url::parse(address).is_ok_and(|url| is_metas(&url, &graph));
        for address in [
            "https://scontent.whatsapp.net/v/t61.1/a?oh=1&oe=2",
            "https://scontent-fra3-1.xx.fbcdn.net/a",
            "https://lookaside.fbsbx.com/a",
            "https://graph.facebook.com/a",
        ] {
            assert!(is(address), "{address}");
        }
        for address in [
            "http://scontent.whatsapp.net/a",
            "https://scontent.whatsapp.net:8443/a",
            "https://user@scontent.whatsapp.net/a",
            "https://whatsapp.net.evil.test/a",
            "https://evilwhatsapp.net/a",
            "https://169.254.169.254/latest",
            "http://graph.facebook.com/a",
            "file:///etc/passwd",
        ] {
            assert!(!is(address), "{address}");
        }
    }
}
