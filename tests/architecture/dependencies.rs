//! Dependencies: direction, what is linked into functions, and pinning. cargo-deny checks licences and advisories.

mod graph;
mod pinned;

use crate::repository::{Offence, forbid};
use graph::{Graph, Package};
use std::collections::{BTreeMap, BTreeSet};

const FUNCTIONS: &str = "functions/";
const SHARED: &str = "shared/";
/// The crates below `shared` in order: each may depend on the ones before it.
const BELOW: [&str; 2] = ["shared/core/", "shared/graph/"];
/// Crates that would give the pure core time, randomness or I/O.
const IMPURE: [&str; 9] =
    ["tokio", "reqwest", "hyper", "tracing", "rand", "lambda_runtime", "lambda_http", "aws-*", "getrandom"];
/// Crates that would tie the Graph client to its runtime environment.
const CLOUD: [&str; 3] = ["lambda_runtime", "lambda_http", "aws-*"];

/// A second TLS stack, or one that slows down cold starts.
const OTHER_TLS: [&str; 9] = [
    "openssl",
    "openssl-sys",
    "openssl-src",
    "native-tls",
    "aws-lc-rs",
    "aws-lc-sys",
    "aws-lc-fips-sys",
    "boring",
    "s2n-tls",
];
const ONCE: [&str; 4] = ["rustls", "hyper", "http", "ring"];

#[test]
fn functions_depend_on_shared_and_shared_on_nothing_of_ours() {
    forbid(
        crossings(&Graph::of_workspace()),
        "Move shared code into `shared`; tools and tests depend on product code, never the reverse.",
    );
}

#[test]
fn one_tls_stack_ships() {
    let found = graph::shipped().iter().filter_map(|(name, version)| other_tls(name, version)).collect();
    forbid(found, "Find its dependents with `cargo tree -i NAME -e normal` and disable their default features.");
}

#[test]
fn the_http_stack_ships_once() {
    forbid(repeated(&graph::shipped()), "Bring all its dependents (`cargo tree -i NAME`) to one version.");
}

fn crossings(graph: &Graph) -> Vec<Offence> {
    let ours = |package: &&Package| package.directory.is_some();
    let mut found = Vec::new();
    for package in graph.packages.values().filter(ours) {
        let directory = package.directory.as_deref().unwrap_or_default();
        let of_ours = package.dependencies.iter().filter_map(|id| graph.packages.get(id)).filter(ours);
        for dependency in of_ours {
            let target = dependency.directory.as_deref().unwrap_or_default();
            let allowed = match directory {
                function if function.starts_with(FUNCTIONS) => target == SHARED,
                SHARED => BELOW.contains(&target),
                below if BELOW.contains(&below) => {
                    BELOW.iter().take_while(|crate_| **crate_ != below).any(|crate_| *crate_ == target)
                }
                _ => !target.starts_with(FUNCTIONS) || directory.starts_with("tests/"),
            };
            if !allowed {
                found.push(Offence::new(format!("{directory}Cargo.toml"), format!("depends on `{}`", dependency.name)));
            }
        }
    }
    found
}

#[test]
fn the_pure_core_and_the_graph_client_link_nothing_beyond_their_task() {
    let graph = Graph::of_workspace();
    let found = linked(&graph, "shared/core/", &IMPURE).into_iter().chain(linked(&graph, "shared/graph/", &CLOUD));
    forbid(found.collect(), "Take the value as an argument, and do the rest in `shared`.");
}

/// Where one of our crates depends, directly or indirectly, on a crate that it must not link.
fn linked(graph: &Graph, directory: &str, banned: &[&str]) -> Vec<Offence> {
    let ours = |(_, package): &(&String, &Package)| package.directory.as_deref() == Some(directory);
    let mut open: Vec<&String> = graph.packages.iter().filter(ours).map(|(id, _)| id).collect();
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(id) = open.pop() {
        let Some(package) = graph.packages.get(id).filter(|_| seen.insert(id)) else { continue };
        open.extend(&package.linked);
        let hit = |name: &&&str| {
            name.strip_suffix('*').map_or(package.name == **name, |start| package.name.starts_with(start))
        };
        if banned.iter().any(|name| hit(&name)) {
            found.push(Offence::new(format!("{directory}Cargo.toml"), format!("links `{}`", package.name)));
        }
    }
    found
}

fn other_tls(name: &str, version: &str) -> Option<Offence> {
    OTHER_TLS.contains(&name).then(|| Offence::new("Cargo.lock", format!("a function links {name} {version}")))
}

fn repeated(shipped: &[(String, String)]) -> Vec<Offence> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, version) in shipped.iter().filter(|(name, _)| ONCE.contains(&name.as_str())) {
        versions.entry(name).or_default().push(version);
    }
    let repeated = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    repeated
        .map(|(name, versions)| Offence::new("Cargo.lock", format!("functions link {name} {}", versions.join(" and "))))
        .collect()
}

mod proofs {
    use super::*;

    fn package(name: &str, directory: &str, dependencies: &[&str]) -> (String, Package) {
        let package = Package {
            name: name.to_owned(),
            directory: Some(directory.to_owned()),
            dependencies: dependencies.iter().map(|&id| id.to_owned()).collect(),
            linked: dependencies.iter().map(|&id| id.to_owned()).collect(),
        };
        (name.to_owned(), package)
    }

    #[test]
    fn crossed_boundaries_are_found() {
        let packages = [
            package("webhook", "functions/webhook/", &["shared", "sweeper"]),
            package("sweeper", "functions/sweeper/", &["local"]),
            package("shared", "shared/", &["meta-simulator"]),
            package("meta-simulator", "infra/meta-simulator/", &["shared"]),
            package("local", "infra/local/", &["webhook", "meta-simulator"]),
        ];
        let found = crossings(&Graph { packages: packages.into() });
        let places: Vec<&str> = found.iter().map(|offence| offence.place.as_str()).collect();
        let expected = [
            "infra/local/Cargo.toml",
            "shared/Cargo.toml",
            "functions/sweeper/Cargo.toml",
            "functions/webhook/Cargo.toml",
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn a_crate_that_links_too_much_is_found() {
        let packages = [
            package("onboarding-core", "shared/core/", &["serde", "middle"]),
            package("middle", "middle/", &["tokio", "aws-types"]),
            package("tokio", "tokio/", &[]),
            package("aws-types", "aws-types/", &[]),
            package("serde", "serde/", &[]),
        ];
        let found = linked(&Graph { packages: packages.into() }, "shared/core/", &IMPURE);
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_second_stack_or_version_is_found() {
        assert!(other_tls("aws-lc-rs", "1").is_some() && other_tls("ring", "0.17").is_none());
        let of = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let shipped = [of("hyper", "0.14.0"), of("hyper", "1.0.0"), of("base64", "0.21.0"), of("base64", "0.22.0")];
        assert_eq!(repeated(&shipped).len(), 1);
    }
}
