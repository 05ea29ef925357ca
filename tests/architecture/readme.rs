//! The README's commands, links and names exist.

use crate::repository::root;
use crate::rust::sources;
use std::path::Path;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

/// Packages that `cargo run -p NAME` and `cargo test -p NAME` name.
fn packages(text: &str) -> Vec<&str> {
    text.split("-p ").skip(1).filter_map(|rest| rest.split([' ', '`', '\n', ')']).next()).collect()
}

/// Targets of Markdown links into the repository.
fn links(text: &str) -> Vec<&str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.filter(|target| !target.starts_with("http") && !target.starts_with('#')).collect()
}

/// The first cell of each row of a Markdown table after a heading.
pub(crate) fn rows_after<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let section = text.split(heading).nth(1).unwrap_or_default().split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.filter_map(|line| line.split('|').nth(1)).collect()
}

#[test]
fn the_readmes_commands_name_packages_that_exist() {
    let readme = read("README.md");
    let named = packages(&readme);
    assert!(named.contains(&"local"), "the README begins with the main command");
    let arguments = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(root()).output().unwrap();
    let known: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let known: Vec<&str> = known["packages"].as_array().unwrap().iter().filter_map(|p| p["name"].as_str()).collect();
    let unknown: Vec<_> = named.iter().filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "no such package: {unknown:?}");
}

#[test]
fn the_test_command_of_the_readme_is_the_one_that_ci_runs() {
    let command = "cargo test --workspace --locked";
    assert!(read("README.md").contains(command) && read(".ci/run").contains(command));
}

#[test]
fn the_simulators_page_names_each_way_to_script_it() {
    let (page, code) = (read("infra/meta-simulator/README.md"), read("infra/meta-simulator/src/control.rs"));
    let routes: Vec<&str> = code.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(routes.len() > 10, "{routes:?}");
    let unnamed: Vec<_> = routes
        .iter()
        .filter(|route| !page.contains(&format!("{route}`")) && !page.contains(&format!("{route} ")))
        .collect();
    assert!(unnamed.is_empty(), "not named: {unnamed:?}");
    let beyond: Vec<&str> = page
        .split("/_sim/")
        .skip(1)
        .filter_map(|rest| rest.split(['`', ' ']).next())
        .filter(|named| !routes.iter().any(|route| route.strip_prefix("/_sim/") == Some(named)))
        .collect();
    assert!(beyond.is_empty(), "there is no {beyond:?}");
}

#[test]
fn links_lead_somewhere() {
    for page in
        ["README.md", "shared/README.md", "shared/adding.md", "tests/README.md", "infra/meta-simulator/README.md"]
    {
        let text = read(page);
        let directory = root().join(page);
        let directory = directory.parent().unwrap_or(Path::new("."));
        let dead: Vec<_> = links(&text).into_iter().filter(|target| !directory.join(target).exists()).collect();
        assert!(dead.is_empty(), "{page}: {dead:?}");
    }
}

#[test]
fn every_parameter_of_the_template_is_explained() {
    let (readme, template) = (read("README.md"), read("template.yaml"));
    let explained = rows_after(&readme, "## Configuration").join(" ");
    let section = template.split("\nParameters:\n").nth(1).unwrap_or_default();
    let section = section.split("\nConditions:").next().unwrap_or_default();
    let declared = section.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let declared: Vec<&str> = declared.filter_map(|line| line.trim().split(':').next()).collect();
    assert!(declared.len() > 10, "parameters are found");
    let missing: Vec<_> = declared.into_iter().filter(|name| !explained.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in the README's table: {missing:?}");
}

#[test]
fn every_event_that_is_sent_is_in_the_readme() {
    let readme = read("README.md");
    let progress = ["access", "announce", "connection", "disconnection", "exit", "facts", "watch"];
    let progress = progress.map(|file| read(&format!("shared/core/src/domain/progress/{file}.rs"))).concat();
    let sources = read("shared/src/events.rs")
        + &read("shared/src/events/render.rs")
        + &read("shared/core/src/domain/operation.rs")
        + &progress;
    let sent: Vec<&str> = sources.split("\"whatsapp.").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(sent.len() >= 3, "events are found");
    let fixed = sent.iter().filter(|kind| !kind.contains('{'));
    let missing: Vec<_> = fixed.filter(|kind| !readme.contains(&format!("`whatsapp.{kind}`"))).collect();
    assert!(missing.is_empty(), "not in the README: {missing:?}");
}

/// Names of tests in backquotes, as `file::sentence`.
fn named_tests(text: &str) -> Vec<(&str, &str)> {
    text.split('`').filter_map(|quoted| quoted.split_once("::")).filter(|(_, name)| name.len() > 10).collect()
}

#[test]
fn every_test_named_for_a_case_exists_in_its_file() {
    let page = read("tests/README.md") + &read("README.md");
    let named = named_tests(&page);
    assert!(named.len() > 30, "tests are named");
    let sources = sources(&["tests", "shared", "functions", "infra"]);
    let exists = |(file, name): &(&str, &str)| {
        let places = [format!("/{file}.rs"), format!("/{file}/tests.rs")];
        sources
            .iter()
            .filter(|source| places.iter().any(|place| source.path.ends_with(place)))
            .any(|source| source.tokens().windows(2).any(|pair| pair[0].text == "fn" && pair[1].text == *name))
    };
    let missing: Vec<_> = named.into_iter().filter(|test| !exists(test)).collect();
    assert!(missing.is_empty(), "no such test: {missing:?}");
}

/// Browser tests in quotation marks, as `[…](browser/x.test.js): "sentence"`.
fn browser_tests(text: &str) -> Vec<(&str, &str)> {
    let named = text.split("](browser/").skip(1).filter_map(|rest| rest.split_once("): \""));
    named.filter_map(|(file, rest)| Some((file, rest.split_once('"')?.0))).collect()
}

#[test]
fn every_browser_test_named_for_a_case_exists_in_its_file() {
    let page = read("tests/README.md") + &read("README.md").replace("](tests/browser/", "](browser/");
    let named = browser_tests(&page);
    assert!(named.len() >= 4, "browser tests are named");
    for (file, sentence) in named {
        let source = read(&format!("tests/browser/{file}"));
        assert!(source.contains(&format!("test(\"{sentence}\"")), "no such test in {file}: {sentence}");
    }
}

#[test]
fn missing_names_are_found() {
    assert_eq!(browser_tests("x [`a`](browser/a.test.js): \"b c\" |"), [("a.test.js", "b c")]);
    assert_eq!(named_tests("a `x::a_long_sentence` b `y::z`"), [("x", "a_long_sentence")]);
    assert_eq!(packages("`cargo run -p local -- demo` and cargo test -p x\n"), ["local", "x"]);
    assert_eq!(links("[a](b/c) [d](https://e) [f](#g)"), ["b/c"]);
    assert_eq!(rows_after("## T\n\n| a | b |\n| - | - |\n| `x` | y |\n\n## U\n| z |", "## T"), [" `x` "]);
}
