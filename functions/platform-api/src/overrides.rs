//! `callback_override`: the platform's own URL for the webhooks of a customer's number.

use http::StatusCode;
use serde_json::Value;
use shared::config::parse_origins;
use shared::domain::address::{CALLBACK_ADDRESS, PublicUrl};
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::secret::Secret;
use shared::wiring::Wiring;

/// Longest accepted token.
const LONGEST_TOKEN: usize = 256;

/// A requested override.
pub(crate) struct Ordered {
    pub(crate) url: String,
    pub(crate) verify_token: Secret,
}

/// Parses `{"override_callback_uri": …, "verify_token": …}`, Meta's own member names.
pub(crate) fn read(fields: &Fields, origins: &[String]) -> Result<Option<Ordered>, Problem> {
    let members = match fields.value("callback_override") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(Problem::bad_request("bad_type", "A field has the wrong type.")),
    };
    if members.keys().any(|name| !["override_callback_uri", "verify_token"].contains(&name.as_str())) {
        return Err(Problem::bad_request("unknown_field", "The callback override contains an unknown field."));
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let token = text("verify_token");
    if !(1..=LONGEST_TOKEN).contains(&token.len()) || !token.bytes().all(|b| b.is_ascii_graphic()) {
        let title = "The callback override needs a verify_token of up to 256 visible characters.";
        return Err(Problem::bad_request("bad_value", title));
    }
    Ok(Some(Ordered {
        url: address(text("override_callback_uri"), origins)?,
        verify_token: Secret::new(token.to_owned()),
    }))
}

/// Reads `CALLBACK_OVERRIDE_ORIGINS`: origins that are accepted besides public addresses; usually none.
pub(crate) fn read_origins(wiring: &mut Wiring<'_>) -> Option<Vec<String>> {
    wiring.optional_or("CALLBACK_OVERRIDE_ORIGINS", Vec::new(), parse_origins)
}

/// Meta calls this URL, so it must be public. This system never calls it.
fn address(text: &str, origins: &[String]) -> Result<String, Problem> {
    let rejected = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "url_rejected",
        "The callback address must be a public HTTPS address of at most 200 characters, without a query.",
    );
    PublicUrl::parse(text, CALLBACK_ADDRESS, origins).map(String::from).map_err(|_| rejected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_addresses_are_taken() {
        for bad in [
            "",
            "http://hooks.acme.com/x",
            "https://hooks.acme.com:8443/x",
            "https://user:pass@hooks.acme.com/",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://[::1]/x",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/x",
            "https://a.localhost/x",
            "https://printer.local/x",
            "https://metadata.google.internal/x",
            "https://intranet/x",
            "https://hooks.acme.com/x#fragment",
            "ftp://hooks.acme.com/x",
            "javascript:alert(1)",
            "https://hooks.acme.com/wa?tenant=7",
            "https://hooks.acme.com\\@evil.com/",
        ] {
            assert!(address(bad, &[]).is_err(), "{bad}");
        }
        let long = format!("https://hooks.acme.com/{}", "x".repeat(200));
        assert!(address(&long, &[]).is_err());
        assert_eq!(address("https://hooks.acme.com/wa/7", &[]).unwrap(), "https://hooks.acme.com/wa/7");
        let own = ["https://hooks.acme:8443".to_owned()];
        assert_eq!(address("https://hooks.acme:8443/wa", &own).unwrap(), "https://hooks.acme:8443/wa");
    }
}
