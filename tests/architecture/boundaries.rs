//! Module boundaries: which modules, crates and capabilities code may name.

use crate::repository::{Offence, forbid};
use crate::rust::{Source, Token, lines_with, sources};

/// A module and the modules of `shared` it may name.
struct Room {
    path: &'static str,
    may_name: &'static [&'static str],
}

const ROOMS: [Room; 3] = [
    Room { path: "shared/core/src/domain", may_name: &["domain"] },
    Room { path: "shared/core/src/webhook", may_name: &["webhook", "domain", "secret"] },
    Room { path: "shared/src/store", may_name: &["store", "domain", "aws"] },
];

/// The crate whose manifest excludes other crates; its use of the standard library is checked here.
const PURE: &str = "shared/core/src";
const IMPURE: [&str; 8] =
    ["async", "await", "SystemTime", "Instant", "now ( )", "std :: env", "std :: fs", "std :: net"];

/// A capability, and the only place that may use it.
struct Power {
    names: &'static str,
    place: &'static [&'static str],
}

/// How long a value has been cached, and how much of an invocation is left.
const MEASURE_TIME: [&str; 4] = [
    "shared/src/deadline.rs",
    "shared/src/secrets/platform.rs",
    "shared/graph/src/client.rs",
    "shared/graph/src/transport.rs",
];

const SHARED: &str = "shared/src/";
const POWERS: [Power; 15] = [
    Power { names: "std :: env", place: &["shared/src/config.rs"] },
    Power { names: "env :: var*", place: &["shared/src/config.rs"] },
    Power { names: "reqwest", place: &["shared/graph/src/transport.rs"] },
    Power { names: "rustls", place: &["shared/graph/src/tls.rs"] },
    Power { names: "hyper_*", place: &["shared/src/aws/connector.rs"] },
    Power { names: "http_body_util", place: &["shared/src/aws/connector.rs"] },
    Power { names: "aws_config", place: &[] },
    Power { names: "aws_*", place: &[SHARED] },
    Power { names: "aws_sdk_dynamodb", place: &["shared/src/aws.rs", "shared/src/store"] },
    Power { names: "aws_sdk_secretsmanager", place: &["shared/src/aws.rs", "shared/src/secrets"] },
    Power { names: "SystemTime :: now", place: &["shared/src/clock.rs"] },
    Power { names: "Instant :: now", place: &MEASURE_TIME },
    Power { names: "sleep (", place: &["shared/src/store/update.rs"] },
    Power { names: "std :: fs", place: &[] },
    Power { names: "static mut", place: &[] },
];

/// Strings that indicate code which checks where it runs. `config.rs` names the loopback address to refuse plain HTTP
/// elsewhere, `address.rs` names private networks to refuse them.
const PLACES: [&str; 4] = ["local", "localhost", "127.0.0.1", "simulator"];
const KNOW_LOOPBACK: [&str; 2] = ["shared/src/config.rs", "shared/core/src/domain/address.rs"];

#[test]
fn the_pure_core_names_no_clock_no_randomness_and_no_io() {
    let found = sources(&["shared"]).iter().flat_map(impure).collect();
    forbid(
        found,
        "Decisions return data: take time and randomness as arguments; the shell (run.rs, perform/) does the rest.",
    );
}

#[test]
fn modules_name_only_the_modules_below_them() {
    let found =
        sources(&["shared"]).iter().flat_map(|source| ROOMS.iter().flat_map(|room| strangers(source, room))).collect();
    forbid(found, "Pass the value in, or move the code to a module that may name both (perform/, run.rs).");
}

#[test]
fn each_capability_is_used_in_one_place() {
    let found = sources(&["functions", "shared"]).iter().flat_map(misplaced).collect();
    forbid(found, "Use what the named place offers; functions do I/O through `shared` only.");
}

#[test]
fn no_code_that_ships_asks_whether_it_runs_locally() {
    let found = sources(&["functions", "shared"]).iter().flat_map(local_branches).collect();
    forbid(found, "The same code runs locally and in AWS: configure a variable or an endpoint instead.");
}

#[test]
fn every_place_named_here_exists() {
    let sources = sources(&["shared"]);
    let rooms = ROOMS.iter().map(|room| room.path);
    let empty = rooms.filter(|room| !sources.iter().any(|source| in_room(source, room)));
    let places = POWERS.iter().flat_map(|power| power.place).chain(&KNOW_LOOPBACK).chain([&PURE]).copied();
    let gone = places.filter(|place| !sources.iter().any(|source| source.path.starts_with(place)));
    let found = empty.chain(gone).map(|place| Offence::new(place, "does not exist")).collect();
    forbid(found, "Its rule would check nothing: name its new place in boundaries.rs.");
}

fn in_room(source: &Source, room: &str) -> bool {
    source.path.strip_prefix(room).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

fn impure(source: &Source) -> Vec<Offence> {
    if !source.path.starts_with(PURE) {
        return Vec::new();
    }
    let tokens = source.shipped();
    let named = |name: &&str| source.offences(&tokens, name, &format!("the pure core names `{name}`"));
    IMPURE.iter().flat_map(named).collect()
}

fn strangers(source: &Source, room: &Room) -> Vec<Offence> {
    if !in_room(source, room.path) {
        return Vec::new();
    }
    let tokens = source.shipped();
    let stranger = |window: &[Token]| match window {
        [root, colons, name]
            if root.text == "crate" && colons.text == "::" && !room.may_name.contains(&name.text.as_str()) =>
        {
            Some(Offence::new(format!("{}:{}", source.path, name.line), format!("names `crate::{}`", name.text)))
        }
        _ => None,
    };
    tokens.windows(3).filter_map(stranger).collect()
}

fn misplaced(source: &Source) -> Vec<Offence> {
    let tokens = source.shipped();
    let elsewhere = |power: &&Power| !power.place.iter().any(|place| source.path.starts_with(place));
    let offences = |power: &Power| {
        let place = if power.place.is_empty() { "nowhere".to_owned() } else { power.place.join(", ") };
        source.offences(&tokens, power.names, &format!("names `{}`, whose place is {place}", power.names))
    };
    POWERS.iter().filter(elsewhere).flat_map(offences).collect()
}

fn local_branches(source: &Source) -> Vec<Offence> {
    if KNOW_LOOPBACK.contains(&source.path.as_str()) {
        return Vec::new();
    }
    let tokens = source.shipped();
    let literal = |place: &&str| lines_with(&tokens, &format!("\"{place}\""));
    let feature = lines_with(&tokens, "feature =").into_iter();
    let lines = PLACES.iter().flat_map(literal).chain(feature);
    lines.map(|line| Offence::new(format!("{}:{line}", source.path), "a branch on where the code runs")).collect()
}

mod proofs {
    use super::*;

    fn core(code: &str) -> Source {
        Source::new("shared/core/src/domain/steps.rs", code)
    }

    #[test]
    fn every_impure_name_is_found() {
        for code in [
            "async fn f() {}",
            "fn f() { g().await; }",
            "use std::time::Instant;",
            "use std::time::SystemTime;",
            "fn f() { clock::now(); }",
            "use std::env;",
            "use std::net::TcpStream;",
        ] {
            assert!(!impure(&core(code)).is_empty(), "{code}");
        }
        assert_eq!(impure(&core("//! No clock: `now()`.\nfn f(now: u64) -> u64 { now }")), []);
        assert_eq!(impure(&Source::new("shared/src/run.rs", "async fn f() {}")), []);
        assert_eq!(impure(&core("#[cfg(test)]\nmod tests {\n async fn f() {}\n}")), []);
    }

    #[test]
    fn a_name_from_a_higher_module_is_found() {
        let [domain, ..] = &ROOMS;
        assert_eq!(strangers(&core("use crate::store::Store;"), domain).len(), 1);
        assert_eq!(strangers(&core("fn f() { crate::graph::call(); }"), domain).len(), 1);
        assert_eq!(strangers(&core("use crate::domain::ids::WabaId;"), domain), []);
    }

    #[test]
    fn a_capability_in_the_wrong_place_is_found() {
        let function = |code: &str| misplaced(&Source::new("functions/webhook/src/lib.rs", code));
        for code in [
            "fn f() { std::env::var(\"X\"); }",
            "use std::env;",
            "use reqwest::Client;",
            "use aws_sdk_sqs::Client;",
            "use aws_config::load;",
            "async fn f() { sleep(x).await }",
        ] {
            assert!(!function(code).is_empty(), "{code}");
        }
        assert_eq!(misplaced(&Source::new("shared/src/config.rs", "fn f() { std::env::var(\"X\"); }")), []);
        assert_eq!(misplaced(&Source::new("shared/src/perform.rs", "use aws_sdk_dynamodb::Client;")).len(), 1);
    }

    #[test]
    fn a_branch_on_where_the_code_runs_is_found() {
        let found = |code: &str| local_branches(&Source::new("shared/src/queue.rs", code)).len();
        assert_eq!(found("fn f(s: &str) -> bool { s == \"localhost\" }"), 1);
        assert_eq!(found("fn f(s: &str) -> bool { s == \"local\" }"), 1);
        assert_eq!(found("#[cfg(feature = \"simulator\")]\nfn f() {}"), 2);
        assert_eq!(found("fn f(s: &str) -> bool { s == \"locale\" }"), 0);
    }
}
