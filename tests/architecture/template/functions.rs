//! Every function has a crate, a memory size, a timeout and a log group.

use super::tree::{at, names_in, reference};
use super::{Resource, Template, logical_id};
use crate::repository::{Offence, forbid, root};
use serde_norway::Value;
use std::collections::BTreeSet;

const RUST: &str = "rust-cargolambda";
const RESERVATION: &str = "CodeExchangeReservedConcurrency";

#[test]
fn every_function_crate_is_one_function_and_the_reverse() {
    let entries = std::fs::read_dir(root().join("functions")).unwrap().map(Result::unwrap);
    let crates: BTreeSet<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let crates = crates.into_iter().filter(|name| !name.starts_with('.')).collect();
    forbid(
        unpaired(&Template::of_repository(), &crates),
        "Add what is missing: one directory, one function, named alike.",
    );
}

#[test]
fn every_function_has_memory_a_timeout_and_its_own_log_with_an_end() {
    let found = unbounded(&Template::of_repository());
    forbid(
        found,
        "State `Timeout`, `MemorySize` and `LoggingConfig: { LogGroup: !Ref … }` with a log group of its own.",
    );
}

#[test]
fn the_public_webhook_cannot_take_all_concurrency() {
    let found = unreserved(&Template::of_repository());
    forbid(
        found,
        "A function that is called without a session must have `ReservedConcurrentExecutions`; only the webhook has a URL.",
    );
}

#[test]
fn the_exchange_of_codes_can_have_concurrency_that_nothing_else_takes() {
    let reads = reads_reservation(&Template::of_repository());
    assert!(reads, "A code lives 30 seconds: `CodeExchangeFunction` reserves `{RESERVATION}`, where there is one.");
}

fn reads_reservation(template: &Template) -> bool {
    let function = template.functions().find(|function| function.id == "CodeExchangeFunction");
    let reserved = function.as_ref().and_then(|function| function.property(&["ReservedConcurrentExecutions"]));
    reserved.is_some_and(|reserved| names_in(reserved).contains(&RESERVATION))
}

fn unpaired(template: &Template, crates: &BTreeSet<String>) -> Vec<Offence> {
    let missing = crates.iter().filter(|name| !template.functions().any(|function| function.id == logical_id(name)));
    let mut found: Vec<Offence> =
        missing.map(|name| Offence::new(format!("functions/{name}"), "is not in template.yaml")).collect();
    for function in template.functions() {
        let directory =
            function.text(&["CodeUri"]).and_then(|path| path.strip_prefix("functions/")).unwrap_or_default();
        if !crates.contains(directory) || logical_id(directory) != function.id {
            found.push(template.offence(function.id, format!("is built from `functions/{directory}`")));
        }
        let built = |path: &[&str]| {
            function.whole(&["Metadata"]).and_then(|metadata| at(metadata, path)).and_then(Value::as_str)
        };
        if built(&["BuildMethod"]) != Some(RUST) || built(&["BuildProperties", "Binary"]) != Some(directory) {
            found.push(template.offence(function.id, format!("is not built by {RUST} from the binary `{directory}`")));
        }
    }
    found
}

fn unbounded(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    let mut logs = BTreeSet::new();
    for function in template.functions() {
        let mut report = |what: &str| found.push(template.offence(function.id, what));
        if function.number(&["Timeout"]).is_none() {
            report("has no timeout of its own");
        }
        if function.number(&["MemorySize"]).or_else(|| template.global(&["MemorySize"])?.as_u64()).is_none() {
            report("has no memory size");
        }
        match log_group(template, &function) {
            None => report("has no log group with `RetentionInDays`"),
            Some(group) if !logs.insert(group.id) => report("logs into the group of another function"),
            Some(_) => {}
        }
    }
    found
}

fn log_group<'a>(template: &'a Template, function: &Resource<'a>) -> Option<Resource<'a>> {
    let (id, _) = reference(function.property(&["LoggingConfig", "LogGroup"])?)?;
    template.resource("AWS::Logs::LogGroup", id).filter(|group| group.property(&["RetentionInDays"]).is_some())
}

fn unreserved(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    for function in template.functions() {
        // SAM's `FunctionUrlConfig` supports no condition.
        if function.property(&["FunctionUrlConfig"]).is_some() {
            found.push(template.offence(function.id, "has a `FunctionUrlConfig` beside `AWS::Lambda::Url`"));
        }
    }
    let targets: Vec<&str> = template
        .of_type("AWS::Lambda::Url")
        .filter_map(|url| reference(url.property(&["TargetFunctionArn"])?).map(|(id, _)| id))
        .collect();
    for function in template.functions().filter(|function| targets.contains(&function.id)) {
        if function.property(&["ReservedConcurrentExecutions"]).is_none() {
            found.push(template.offence(function.id, "has a public URL and no reserved concurrency"));
        }
        if function.id != "WebhookFunction" {
            found.push(template.offence(function.id, "has a public URL and is not the webhook"));
        }
    }
    if !targets.contains(&"WebhookFunction") {
        found.push(template.offence("WebhookFunction", "has no URL"));
    }
    found
}

mod proofs {
    use super::*;

    const GOOD: &str = "
Resources:
  Logs: { Type: AWS::Logs::LogGroup, Properties: { RetentionInDays: 30 } }
  WebhookFunction:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: webhook } }
    Properties:
      CodeUri: functions/webhook
      Timeout: 10
      MemorySize: 256
      ReservedConcurrentExecutions: 5
      LoggingConfig: { LogGroup: !Ref Logs }
";
    const URL: &str =
        "  Url: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref WebhookFunction, AuthType: NONE } }\n";

    fn without(text: &str) -> Template {
        assert!(GOOD.contains(text), "{text}");
        Template::parse(&GOOD.replace(text, ""))
    }

    #[test]
    fn an_unpaired_crate_or_function_is_found() {
        let only = |name: &str| BTreeSet::from([name.to_owned()]);
        assert_eq!(unpaired(&Template::parse(GOOD), &only("webhook")), []);
        assert_eq!(unpaired(&Template::parse(GOOD), &only("sweeper")).len(), 2);
        assert_eq!(unpaired(&without("      CodeUri: functions/webhook\n"), &only("webhook")).len(), 2);
        assert_eq!(unpaired(&without("BuildMethod: rust-cargolambda, "), &only("webhook")).len(), 1);
    }

    #[test]
    fn an_unbounded_function_is_found() {
        assert_eq!(unbounded(&Template::parse(GOOD)), []);
        for text in [
            "      Timeout: 10\n",
            "      MemorySize: 256\n",
            "RetentionInDays: 30",
            "      LoggingConfig: { LogGroup: !Ref Logs }\n",
        ] {
            assert_eq!(unbounded(&without(text)).len(), 1, "{text}");
        }
        let (_, function) = GOOD.split_once("  WebhookFunction").unwrap();
        assert_eq!(unbounded(&Template::parse(&format!("{GOOD}  OtherFunction{function}"))).len(), 1);
    }

    #[test]
    fn an_exchange_without_a_reservation_is_found() {
        let function = GOOD.replace("WebhookFunction", "CodeExchangeFunction");
        let reads = |reserved: &str| reads_reservation(&Template::parse(&function.replace("Executions: 5", reserved)));
        assert!(!reads("Executions: 5"));
        assert!(reads("Executions: !If [Reserves, !Ref CodeExchangeReservedConcurrency, !Ref \"AWS::NoValue\"]"));
        assert!(!reads_reservation(&Template::parse(GOOD)));
    }

    #[test]
    fn an_unreserved_or_second_public_url_is_found() {
        let unreserved = |text: &str| unreserved(&Template::parse(text)).len();
        let good = format!("{GOOD}{URL}");
        assert_eq!(unreserved(&good), 0);
        assert_eq!(unreserved(&good.replace("      ReservedConcurrentExecutions: 5\n", "")), 1);
        assert_eq!(unreserved(GOOD), 1);
        assert_eq!(unreserved(&good.replace("WebhookFunction", "OtherFunction")), 2);
        assert_eq!(unreserved(&good.replace("Timeout: 10", "FunctionUrlConfig: { AuthType: NONE }")), 1);
    }
}
