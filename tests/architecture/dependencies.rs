//! What depends on what, what ships, and whether it is pinned. Licences and advisories are cargo-deny's (`.deny.toml`).

mod graph;
mod pinned;

use crate::repository::{Offence, forbid};
use graph::{Graph, Package};
use std::collections::BTreeMap;

const FUNCTIONS: &str = "functions/";
const SHARED: &str = "shared/";

/// A second TLS stack, or one that costs a cold start.
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
        "Move what both need into `shared`; tools and tests depend on code, never the reverse.",
    );
}

#[test]
fn one_tls_stack_ships() {
    let found = graph::shipped().iter().filter_map(|(name, version)| other_tls(name, version)).collect();
    forbid(found, "Find who asks for it with `cargo tree -i NAME -e normal` and switch its default features off.");
}

#[test]
fn the_http_stack_ships_once() {
    forbid(repeated(&graph::shipped()), "Bring all who ask for it (`cargo tree -i NAME`) to one version.");
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
                SHARED => false,
                _ => !target.starts_with(FUNCTIONS) || directory.starts_with("tests/"),
            };
            if !allowed {
                found.push(Offence::new(format!("{directory}Cargo.toml"), format!("depends on `{}`", dependency.name)));
            }
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
        };
        (name.to_owned(), package)
    }

    #[test]
    fn crossed_boundaries_are_found() {
        let packages = [
            package("webhook", "functions/webhook/", &["shared", "sweeper"]),
            package("sweeper", "functions/sweeper/", &["local"]),
            package("shared", "shared/", &["graph-simulator"]),
            package("graph-simulator", "tests/graph-simulator/", &["shared"]),
            package("local", "infra/local/", &["webhook", "graph-simulator"]),
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
    fn a_second_stack_or_version_is_found() {
        assert!(other_tls("aws-lc-rs", "1").is_some() && other_tls("ring", "0.17").is_none());
        let of = |name: &str, version: &str| (name.to_owned(), version.to_owned());
        let shipped = [of("hyper", "0.14.0"), of("hyper", "1.0.0"), of("base64", "0.21.0"), of("base64", "0.22.0")];
        assert_eq!(repeated(&shipped).len(), 1);
    }
}
