//! `callback_override`: where a platform wants the webhooks of a customer's number instead of here.

use http::StatusCode;
use serde_json::Value;
use shared::config::parse_public;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::secret::Secret;

/// Longest address Meta takes ("Override webhooks").
const LONGEST_URL: usize = 200;
/// Longest token that is taken.
const LONGEST_TOKEN: usize = 256;

/// An override as it was ordered.
pub(crate) struct Ordered {
    pub(crate) url: String,
    pub(crate) verify_token: Secret,
}

/// Reads `{"override_callback_uri": …, "verify_token": …}`, in Meta's own names.
pub(crate) fn read(fields: &Fields) -> Result<Option<Ordered>, Problem> {
    let members = match fields.value("callback_override") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(members)) => members,
        Some(_) => return Err(Problem::bad_request("bad_type", "A field has the wrong type.")),
    };
    if members.keys().any(|name| !["override_callback_uri", "verify_token"].contains(&name.as_str())) {
        return Err(Problem::bad_request("unknown_field", "The callback override has a field that is not known."));
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str).unwrap_or_default();
    let token = text("verify_token");
    if !(1..=LONGEST_TOKEN).contains(&token.len()) || !token.bytes().all(|b| b.is_ascii_graphic()) {
        let title = "The callback override needs a verify_token of up to 256 visible characters.";
        return Err(Problem::bad_request("bad_value", title));
    }
    Ok(Some(Ordered { url: address(text("override_callback_uri"))?, verify_token: Secret::new(token.to_owned()) }))
}

/// Meta calls the address: it has to be a public one. This system never does.
fn address(text: &str) -> Result<String, Problem> {
    let rejected = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "url_rejected",
        "The callback address must be a public HTTPS address of at most 200 characters.",
    );
    let url = parse_public(text).filter(|url| url.as_str().len() <= LONGEST_URL);
    url.map(String::from).ok_or(rejected)
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
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
        let long = format!("https://hooks.acme.com/{}", "x".repeat(200));
        assert!(address(&long).is_err());
        assert_eq!(address("https://hooks.acme.com/wa?tenant=7").unwrap(), "https://hooks.acme.com/wa?tenant=7");
    }
}
