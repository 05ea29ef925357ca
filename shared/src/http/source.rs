//! The client address of a request, as the gateway saw it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A client's address: personal data, so it can be neither printed nor stored; only its network is used, in a keyed
/// hash.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct SourceAddress(Option<IpAddr>);

impl SourceAddress {
    /// Reads `requestContext.http.sourceIp`, which API Gateway sets itself; clients control `X-Forwarded-For`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self(text.parse().ok())
    }

    /// The network that counts as one client: an IPv4 address, or the /64 of an IPv6 address, within which a client can
    /// choose freely. All requests without an address count as one client.
    #[must_use]
    pub fn network(self) -> [u8; 16] {
        let address = match self.0.map(|address| address.to_canonical()) {
            None => return [0; 16],
            Some(IpAddr::V4(address)) => return address.to_ipv6_mapped().octets(),
            Some(IpAddr::V6(address)) => address,
        };
        let [a, b, c, d, ..] = address.segments();
        Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).octets()
    }
}

impl fmt::Debug for SourceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SourceAddress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> [u8; 16] {
        SourceAddress::parse(text).network()
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_a_64_of_ipv6() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::7"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network("::ffff:203.0.113.7"), network("203.0.113.7"));
        assert_eq!(network("unknown"), network(""));
    }

    #[test]
    fn an_address_does_not_show_itself() {
        assert_eq!(format!("{:?}", SourceAddress::parse("203.0.113.7")), "SourceAddress");
    }
}
