//! Runs the browser tests in this directory against one running stack.

use integration::{Lab, say};
use serde_json::{Value, json};
use shared::domain::language::Language;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;

const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The first of these programs that is installed.
fn program(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().flat_map(|name| directories.iter().map(move |it| it.join(name))).find(|candidate| candidate.is_file())
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// Installs what `package-lock.json` lists, once.
async fn install() {
    let installed = directory().join("node_modules/.package-lock.json");
    let modified = |path: &Path| std::fs::metadata(path).and_then(|it| it.modified()).ok();
    let fresh = modified(&installed) >= modified(&directory().join("package-lock.json"));
    if !fresh || !installed.exists() {
        let installing = Command::new("npm").args(["ci", "--silent"]).current_dir(directory()).status().await;
        assert!(installing.expect("npm").success(), "npm ci in tests/browser");
    }
}

fn languages() -> Value {
    let one = |it: &Language| json!({ "tag": it.tag, "sdk_locale": it.sdk_locale, "direction": it.direction.as_str() });
    Language::all().map(one).collect()
}

/// Lines of the test runner's summary.
fn summary(output: &str) -> impl Iterator<Item = &str> {
    output.lines().filter(|line| ["ℹ tests", "ℹ pass", "ℹ fail"].iter().any(|start| line.starts_with(start)))
}

/// An invalid message, which is received five times and then moves to the dead-letter queue.
async fn something_gives_up(lab: &Lab) {
    lab.put("TemplateQueue", "{}").await;
    let dead = async || {
        lab.stack.shift_time(181);
        (lab.stack.sqs().counts(&lab.queue("TemplateDeadLetters")).ok()?.visible == 1).then_some(())
    };
    lab.eventually("it is a dead letter", dead).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_can_do_everything_by_clicks() {
    let (Some(chromium), Some(node)) = (program(&CHROMIUM), program(&["node"])) else {
        let required = std::env::var("BROWSER_TESTS").is_ok_and(|value| value == "required");
        assert!(!required, "Chromium or Node.js is missing");
        say("browser tests SKIPPED: they need Chromium and Node.js");
        return;
    };
    install().await;
    let lab = Lab::start().await;
    something_gives_up(&lab).await;
    let endpoints = serde_json::to_string(lab.stack.endpoints()).expect("addresses");
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("browser");
    let mut tests = Command::new(node);
    tests.args(["--test", "--test-concurrency=1", "--test-reporter=spec"]).current_dir(directory());
    tests.args(std::env::var("BROWSER_ONLY").map_or_else(
        |_| {
            vec![
                "signup.test.js".into(),
                "binding.test.js".into(),
                "embed.test.js".into(),
                "languages.test.js".into(),
                "console.test.js".into(),
            ]
        },
        |only| vec![only],
    ));
    tests.env("LAB", endpoints).env("CHROMIUM", chromium).env("LANGUAGES", languages().to_string());
    tests.env("PICTURES", std::env::var_os("PICTURES").unwrap_or_else(|| pictures.into_os_string()));
    let ended = tests.stdin(Stdio::null()).output().await.expect("node");
    let output = String::from_utf8_lossy(&ended.stdout);
    summary(&output).for_each(|line| say(&format!("browser {line}")));
    lab.stop().await;
    assert!(ended.status.success(), "{output}{}", String::from_utf8_lossy(&ended.stderr));
}
