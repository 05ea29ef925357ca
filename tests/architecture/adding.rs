//! `shared/adding.md` is true: its files and names exist, and what it says is found by a test here is found.

use crate::readme::rows_after;
use crate::repository::{Offence, forbid, paths_below, read, root};
use shared::domain::language::TAGS;
use shared::domain::steps::Step;
use std::collections::BTreeSet;

const PAGE: &str = "shared/adding.md";
const SECTIONS: [&str; 7] =
    ["A webhook field", "A step", "A Graph call", "An HTTP route", "A console view", "A language", "A function"];
const NUMBERS: [&str; 16] = [
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen",
];

#[test]
fn the_page_has_a_section_for_each_task() {
    let page = read(PAGE);
    let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(headings, SECTIONS);
}

#[test]
fn what_the_page_names_exists() {
    let page = read(PAGE);
    let (paths, names) = (paths(&page).len(), names(&page).len());
    assert!(paths > 40 && names > 40, "{paths} paths and {names} names are found");
    forbid(absent(&page), "Correct the page: it is what people follow.");
}

#[test]
fn the_readme_names_every_step() {
    let readme = read("README.md");
    let table = rows_after(&readme, "## How it works").concat();
    let missing: Vec<Step> = Step::ALL.into_iter().filter(|step| !table.contains(&format!("`{step}`"))).collect();
    assert_eq!(missing, [], "not in the README's table of steps");
}

#[test]
fn every_view_in_the_navigation_has_an_icon() {
    let (directory, icons) = ("functions/platform-api/console", read("functions/platform-api/console/icons.js"));
    let views: String =
        paths_below(directory).iter().filter(|path| path.ends_with(".js")).map(|path| read(path)).collect();
    let places: Vec<&str> =
        views.split(", place: \"").skip(1).filter_map(|rest| rest.split_once('"')).map(|(place, _)| place).collect();
    assert!(places.len() > 4, "views are found: {places:?}");
    let bare: Vec<_> = places.iter().filter(|place| !icons.contains(&format!("\n  {place}: \""))).collect();
    assert!(bare.is_empty(), "no icon in icons.js: {bare:?}");
}

#[test]
fn every_catalogue_is_a_language() {
    let paths = paths_below("shared/languages");
    let catalogues: BTreeSet<&str> =
        paths.iter().filter_map(|path| path.rsplit('/').next()?.strip_suffix(".json")).collect();
    assert_eq!(catalogues, TAGS.iter().copied().collect(), "shared/core/src/domain/language.rs lists the catalogues");
}

#[test]
fn the_readme_counts_functions_and_languages() {
    let readme = read("README.md");
    let crates = paths_below("functions").iter().filter(|path| path.ends_with("/Cargo.toml")).count();
    let counts = [format!("{} languages", TAGS.len()), format!("{} AWS Lambda functions", NUMBERS[crates])];
    let wrong: Vec<_> = counts.iter().filter(|count| !readme.contains(count.as_str())).collect();
    assert!(wrong.is_empty(), "the README does not say {wrong:?}");
}

/// Paths that do not exist, and names that are not in their file.
fn absent(page: &str) -> Vec<Offence> {
    let gone = paths(page).into_iter().filter(|path| !root().join(path).exists());
    let gone = gone.map(|path| Offence::new(PAGE, format!("names `{path}`, which does not exist")));
    let unknown =
        names(page).into_iter().filter(|(path, name)| !root().join(path).is_file() || !holds(&read(path), name));
    let unknown = unknown.map(|(path, name)| Offence::new(PAGE, format!("says that `{path}` contains `{name}`")));
    gone.chain(unknown).collect()
}

/// What stands in backquotes, and what stands between.
fn parts(page: &str) -> Vec<&str> {
    page.split('`').collect()
}

/// Whether a text in backquotes is a path of the repository: a directory, or a file with an ending that is used here.
fn is_path(text: &str) -> bool {
    let endings = [".rs", ".md", ".json", ".js", ".css", ".yaml", ".toml", ".txt", ".py"];
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"/._-".contains(&b));
    let relative = ["src/", "/"].iter().all(|start| !text.starts_with(start));
    plain && relative && (text.contains('/') || endings.iter().any(|ending| text.ends_with(ending)))
}

/// Every path that the page names.
fn paths(page: &str) -> Vec<&str> {
    parts(page).into_iter().skip(1).step_by(2).filter(|text| is_path(text)).collect()
}

/// Every name that the page says stands in a file: `path` : `name`, or `path` : `name` and `name`.
fn names(page: &str) -> Vec<(&str, &str)> {
    let (mut found, mut path, mut follows) = (Vec::new(), None, false);
    for pair in parts(page).chunks_exact(2) {
        let [between, text] = [0, 1].map(|at| pair.get(at).copied().unwrap_or_default());
        let named = (between.starts_with(' ') && between.trim() == ":") || (follows && between.trim() == "and");
        follows = named && !is_path(text);
        match path.filter(|_| follows) {
            Some(path) => found.push((path, text)),
            None => path = is_path(text).then_some(text),
        }
    }
    found
}

/// Whether a text has a name as a whole word.
fn holds(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

mod proofs {
    use super::*;

    const WRITTEN: &str = "`a/b.rs` : `Ab`, `GET /v1/x`, `/v1/y`, `c.md`: `not` in `d/` :\n  `e`, `step.<name>`, \
                           `App::new` : `x`, `f.js` : `g` and\n `h`";

    #[test]
    fn paths_and_names_are_found_and_nothing_else_is() {
        assert_eq!(paths(WRITTEN), ["a/b.rs", "c.md", "d/", "f.js"]);
        assert_eq!(names(WRITTEN), [("a/b.rs", "Ab"), ("d/", "e"), ("f.js", "g"), ("f.js", "h")]);
    }

    #[test]
    fn a_missing_file_and_a_missing_name_are_found() {
        assert_eq!(absent("`shared/adding.md`, `shared/languages/`, `template.yaml` : `HttpApi`"), []);
        let found = absent("`shared/added.md`, `shared/tongues/`, `template.yaml` : `HttpApis` and `Http`");
        assert_eq!(found.len(), 4, "{found:?}");
        assert_eq!(absent("`template.json` : `HttpApi`").len(), 2);
        assert!(holds("pub(super) fn spec(step: Step)", "spec") && !holds("fn specs() {}", "spec"));
    }
}
