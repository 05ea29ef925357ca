use super::*;
use proptest::prelude::*;

fn back(text: &str) -> Result<PublicUrl, AddressFlaw> {
    PublicUrl::parse(text, RETURN_ADDRESS, &[])
}

fn callback(text: &str) -> Result<PublicUrl, AddressFlaw> {
    PublicUrl::parse(text, CALLBACK_ADDRESS, &[])
}

/// Checks that two independent parsers read the same host, port and path.
fn agree(text: &str) {
    let (url, uri): (Url, http::Uri) = (Url::parse(text).unwrap(), text.parse().unwrap());
    assert_eq!(url.host_str(), uri.host(), "{text}");
    assert_eq!(url.port(), uri.port_u16(), "{text}");
    assert_eq!((url.path(), url.query()), (uri.path(), uri.query()), "{text}");
    assert_eq!((url.scheme(), url.as_str()), (uri.scheme_str().unwrap(), text), "the text is the canonical one");
    assert!(url.username().is_empty() && url.password().is_none(), "{text}");
    assert_eq!(uri.authority().unwrap().as_str().split(':').next(), uri.host(), "no user information: {text}");
    let host = url.host_str().unwrap();
    assert!(host.contains('.') && host.parse::<std::net::IpAddr>().is_err(), "{text}");
}

/// Known tricks to make a URL point to another host or to an internal one.
const HOSTILE: &[&str] = &[
    "",
    "/",
    "//",
    "///",
    "acme.com",
    "//acme.com/x",
    "///acme.com",
    "https:",
    "https:/",
    "https://",
    "https:///acme.com",
    "https:acme.com",
    "https:/acme.com",
    "HTTPS://acme.com/",
    "Https://acme.com/",
    "http://acme.com/",
    "ftp://acme.com/",
    "javascript:alert(1)",
    "javascript://acme.com/%0aalert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "blob:https://acme.com/x",
    "https://acme.com\\@evil.com/",
    "https://evil.com\\.acme.com/",
    "https:\\\\acme.com/",
    "https:/\\acme.com/",
    "https://acme.com\\x",
    "https://acme.com/a\\b",
    "https://acme.com/%5cevil.com",
    "https://acme.com/?next=\\\\evil.com",
    "https://acme.com/#\\evil.com",
    "https://user@acme.com/",
    "https://user:pass@acme.com/",
    "https://@acme.com/",
    "https://:@acme.com/",
    "https://acme.com@evil.com/",
    "https://acme.com:443@evil.com/",
    "https://acme.com%40evil.com/",
    "https://acme.com%2fevil.com/",
    "https://acme.com%00.evil.com/",
    "https://acme.com%23.evil.com/",
    "https://acme.com/%00",
    "https://acme.com/%0d%0aset-cookie:a=b",
    "https://acme.com/%7f",
    "https://acme.com/%",
    "https://acme.com/%2",
    "https://acme.com/%zz",
    " https://acme.com/",
    "https://acme.com/ ",
    "https://acme.com/a b",
    "https://acme\t.com/",
    "https://ac\nme.com/",
    "https://acme.com/\r",
    "\u{feff}https://acme.com/",
    "https://acme.com/\u{0}",
    "https://acme.com/\u{7f}",
    "https://acme.com/\u{202e}moc",
    "https://acme\u{3002}com/",
    "https://acme\u{ff0e}com/",
    "https://acme\u{ff61}com/",
    "https://\u{ff41}cme.com/",
    "https://аcme.com/",
    "https://bücher.example.com/",
    "https://acme\u{ad}.com/",
    "https://acme\u{200b}.com/",
    "https://xn--a.com/",
    "https://xn--.com/",
    "https://xn--acme-.com/",
    "https://ACME.com/",
    "https://acme.com./",
    "https://.acme.com/",
    "https://acme..com/",
    "https://-acme.com/",
    "https://acme-.com/",
    "https://ac_me.com/",
    "https://acme/",
    "https://localhost/",
    "https://a.localhost/",
    "https://localhost./",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.home.arpa/",
    "https://nas.lan/",
    "https://x.corp/",
    "https://x.onion/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://a.0x7f/",
    "https://1.2.3.4.5/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[fd00::1]/",
    "https://[fe80::1%25eth0]/",
    "https://acme.com:/",
    "https://acme.com:443/",
    "https://acme.com:0443/",
    "https://acme.com:0/",
    "https://acme.com:65536/",
    "https://acme.com:8443:1/",
    "https://acme.com:+80/",
    "https://acme.com//evil.com",
    "https://acme.com/../x",
    "https://acme.com/%2e%2e/x",
    "https://acme.com/#a#b",
];

#[test]
fn no_hostile_spelling_passes() {
    for text in HOSTILE {
        assert!(back(text).is_err() && callback(text).is_err(), "{text:?}");
    }
}

#[test]
fn valid_urls_pass_and_are_parsed_alike() {
    for text in [
        "https://acme.com/",
        "https://app.acme.com:8443/done?id=7&of=a@b.com",
        "https://xn--bcher-kva.example/x",
        "https://a-b.co.uk/%C3%A4/x;y=1,2(3)",
        "https://acme.com/?",
        "https://10.acme.com/",
    ] {
        agree(back(text).unwrap().as_str());
    }
    assert_eq!(back("https://acme.com/#/done").unwrap().as_str(), "https://acme.com/#/done");
    assert_eq!(back("https://acme.com").unwrap().as_str(), "https://acme.com/", "an omitted path is the root");
    assert_eq!(back("https://acme.com?a=1").unwrap().as_str(), "https://acme.com/?a=1");
}

#[test]
fn a_callback_has_neither_query_nor_fragment_nor_port_and_at_most_200_characters() {
    agree(callback("https://hooks.acme.com/wa/7").unwrap().as_str());
    for bad in ["https://hooks.acme.com/?tenant=7", "https://hooks.acme.com/#x", "https://hooks.acme.com:8443/"] {
        assert_eq!(callback(bad), Err(AddressFlaw::Form), "{bad}");
    }
    let of = |length: usize| format!("https://hooks.acme.com/{}", "x".repeat(length - 23));
    assert!(callback(&of(200)).is_ok());
    assert_eq!(callback(&of(201)), Err(AddressFlaw::Characters));
    assert_eq!(back(&of(2049)), Err(AddressFlaw::Characters));
}

#[test]
fn parameters_named_like_a_secret_are_refused() {
    for bad in [
        "https://acme.com/?token=1",
        "https://acme.com/?a=1&Access-Token=2",
        "https://acme.com/?%74oken=1",
        "https://acme.com/#access_token=1",
    ] {
        assert_eq!(back(bad), Err(AddressFlaw::Secret), "{bad}");
    }
    assert!(back("https://acme.com/?tokens_left=3").is_ok());
}

#[test]
fn a_configured_origin_is_matched_as_a_whole_and_no_other_passes() {
    let chosen = ["http://app.test:8080".to_owned()];
    let parse = |text| PublicUrl::parse(text, RETURN_ADDRESS, &chosen);
    for good in ["http://app.test:8080/done?id=7", "http://app.test:8080"] {
        assert!(parse(good).is_ok(), "{good}");
    }
    for bad in [
        "http://app.test:80801/",
        "http://app.test/",
        "http://app.test:8080@evil.com/",
        "http://app.test:8080.evil.com/",
        "http://app.test:8080\\@evil.com/",
        "https://app.test:8080/",
        "http://user@app.test:8080/",
        "http://app.test:8080/a//b",
        "http://APP.test:8080/",
    ] {
        assert!(parse(bad).is_err(), "{bad}");
    }
}

/// Fragments from which URLs, and attacks with them, are assembled.
const PIECES: &[&str] = &[
    "https://",
    "http://",
    "//",
    "/",
    "\\",
    "@",
    ":",
    "?",
    "#",
    "%",
    "%2f",
    "%5c",
    "%00",
    ".",
    "..",
    "%2e",
    "a",
    "acme.com",
    "evil.com",
    "xn--",
    "127.0.0.1",
    "0x7f",
    "localhost",
    "[::1]",
    ":443",
    ":8443",
    "=",
    "&",
    ";",
    "'",
    "\"",
    "|",
    "{",
    "^",
    " ",
    "\t",
    "ä",
    "\u{3002}",
    "-",
    "_",
    "token=",
    "~",
    "!",
    "*",
];

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(PIECES).prop_map(str::to_owned), 1 => "[ -~]{0,4}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_taken_is_read_alike(pieces in prop::collection::vec(piece(), 0..7), honest in any::<bool>()) {
        let text = format!("{}{}", if honest { "https://acme.com" } else { "" }, pieces.concat());
        for taken in [back(&text), callback(&text)].into_iter().flatten() {
            let without_fragment = taken.as_str().split('#').next().unwrap_or_default();
            agree(without_fragment);
            prop_assert_eq!(back(taken.as_str()), Ok(taken.clone()), "parsing is idempotent");
        }
    }
}
