//! Permissions of each function: exactly what its code does.

mod grants;
mod used;

use super::tree::{at, list, names_in, reference, substitution, texts};
use super::{Resource, Template, logical_id};
use crate::repository::{Offence, forbid};
use crate::rust::{Source, lines_with, sources};
use grants::{CONSUME, GRANTS, Grant, MOVE};
use serde_norway::Value;
use std::collections::BTreeSet;

#[test]
fn each_function_may_do_exactly_what_its_code_does() {
    forbid(mismatches(&Template::of_repository(), &GRANTS), "Make the policy and `GRANTS` match what the code calls.");
}

#[test]
fn policies_are_inline_and_name_things_exactly() {
    forbid(
        loose(&Template::of_repository()),
        "Write statements with exact actions on exact ARNs; only below the stack's own secrets may `*` end a name.",
    );
}

#[test]
fn every_granted_action_is_a_call_the_code_makes() {
    let sources = sources(&["shared"]);
    let granted = GRANTS.iter().flat_map(|(function, grants)| grants.iter().map(move |grant| (function, grant)));
    let found = granted.flat_map(|(function, grant)| uncalled(function, grant, &sources)).collect();
    forbid(found, "Remove the action: nothing in `shared` calls it.");
}

fn mismatches(template: &Template, grants: &[(&str, &[Grant])]) -> Vec<Offence> {
    let mut found = Vec::new();
    for function in template.functions() {
        let own = grants.iter().find(|(directory, _)| logical_id(directory) == function.id).map(|(_, grants)| *grants);
        let needed: BTreeSet<String> = own.unwrap_or_default().iter().flat_map(pairs).collect();
        let given: BTreeSet<String> = statements(&function).into_iter().flat_map(granted).collect();
        found.extend(
            given.difference(&needed).map(|extra| template.offence(function.id, format!("may {extra} and never does"))),
        );
        found.extend(
            needed
                .difference(&given)
                .map(|missing| template.offence(function.id, format!("may not {missing} and does"))),
        );
    }
    let stale = grants.iter().filter(|(directory, _)| !template.functions().any(|it| it.id == logical_id(directory)));
    found.extend(
        stale.map(|(directory, _)| Offence::new(format!("functions/{directory}"), "has grants and is no function")),
    );
    found
}

/// `service:Action on Resource`, for each action and resource.
fn pairs(grant: &Grant) -> Vec<String> {
    let (service, actions, things) = grant;
    let pair = |action: &str, thing: &str| format!("{service}:{action} on {thing}");
    actions.split(' ').flat_map(|action| things.split(' ').map(move |thing| pair(action, thing))).collect()
}

fn statements<'a>(function: &Resource<'a>) -> Vec<&'a Value> {
    let policies = list(function.property(&["Policies"]));
    policies.into_iter().flat_map(|policy| list(at(policy, &["Statement"]))).collect()
}

/// SAM attaches a managed policy to every function with an SQS event that lets it consume all queues of the account.
/// Each consumer denies itself the other queues.
fn gives_back(statement: &Value) -> Option<String> {
    let denied = at(statement, &["Effect"]).and_then(Value::as_str) == Some("Deny");
    let mut actions: Vec<String> =
        texts(at(statement, &["Action"])).into_iter().map(|it| it.replace("sqs:", "")).collect();
    actions.sort_unstable();
    let all = actions.join(" ") == CONSUME;
    let kept = at(statement, &["NotResource"]).and_then(reference).map(|(id, _)| id.to_owned());
    kept.filter(|_| denied && all)
}

#[test]
fn a_consumer_consumes_its_own_queue_and_no_other() {
    let template = Template::of_repository();
    let mut found = Vec::new();
    for function in template.functions() {
        for (event, properties) in function.events("SQS") {
            let own = at(properties, &["Queue"]).and_then(reference).map(|(id, _)| id.to_owned());
            if !statements(&function).into_iter().any(|statement| gives_back(statement) == own && own.is_some()) {
                found.push(template.offence(function.id, format!("may consume more than the queue of {event}")));
            }
        }
    }
    forbid(found, "Deny the consumer's actions on everything but its own queue: SAM's managed policy allows all.");
}

fn granted(statement: &Value) -> Vec<String> {
    if gives_back(statement).is_some() {
        return Vec::new();
    }
    let actions = texts(at(statement, &["Action"]));
    let things: Vec<String> = list(at(statement, &["Resource"])).into_iter().map(thing).collect();
    actions.into_iter().flat_map(|action| things.iter().map(move |thing| format!("{action} on {thing}"))).collect()
}

/// A resource as text: its logical id, its index, or the path of a customer's secret below the stack's name.
fn thing(resource: &Value) -> String {
    if let Some((id, _)) = reference(resource) {
        return id.to_owned();
    }
    let text = substitution(resource).or_else(|| resource.as_str()).unwrap_or("?");
    let below_stack = text.split_once(":secret:${AWS::StackName}/").map(|(_, rest)| rest.to_owned());
    below_stack.unwrap_or_else(|| text.replace("${", "").replace(".Arn}", ""))
}

fn loose(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    for function in template.functions() {
        let mut report = |what: String| found.push(template.offence(function.id, what));
        if function.property(&["Role"]).is_some() {
            report("shares a role".to_owned());
        }
        let policies = list(function.property(&["Policies"]));
        if policies.is_empty() {
            report("has no policy list".to_owned());
        }
        let named = policies.iter().filter(|policy| at(policy, &["Statement"]).is_none());
        named.for_each(|policy| report(format!("has a managed or template policy: {policy:?}")));
        for statement in statements(&function).into_iter().filter(|statement| gives_back(statement).is_none()) {
            if at(statement, &["Effect"]).and_then(Value::as_str) != Some("Allow")
                || at(statement, &["NotAction"]).is_some()
            {
                report("has a statement that is not a plain `Allow`".to_owned());
            }
            let wide = texts(at(statement, &["Action"]))
                .into_iter()
                .filter(|action| action.contains('*') || !action.contains(':'));
            wide.for_each(|action| report(format!("may `{action}`")));
            let resources = list(at(statement, &["Resource"])).into_iter().filter(|resource| is_wide(resource));
            resources.for_each(|resource| report(format!("may act on {resource:?}")));
        }
    }
    found
}

/// A resource with a `*` anywhere but at the end of a name below the stack's own secrets, or outside the stack.
fn is_wide(resource: &Value) -> bool {
    let text = substitution(resource).or_else(|| resource.as_str()).unwrap_or_default();
    let own = text.contains(":secret:${AWS::StackName}/") && text.ends_with("/*") && text.matches('*').count() == 1;
    names_in(resource).is_empty() || (text.contains('*') && !own)
}

fn uncalled(function: &str, grant: &Grant, sources: &[Source]) -> Vec<Offence> {
    let (service, actions, _) = grant;
    let called = |action: &str| {
        let call = format!(". {} (", snake_case(action));
        sources.iter().any(|source| !lines_with(&source.shipped(), &call).is_empty())
    };
    let idle = actions.split(' ').filter(|_| ![CONSUME, MOVE].contains(actions)).filter(|action| !called(action));
    idle.map(|action| Offence::new(format!("functions/{function}"), format!("is granted {service}:{action}"))).collect()
}

/// The SDK's method of an action: `PutItem` is `put_item`.
fn snake_case(action: &str) -> String {
    let word = |letter: char| {
        if letter.is_uppercase() { format!("_{}", letter.to_lowercase()) } else { letter.to_string() }
    };
    action.chars().map(word).collect::<String>().trim_start_matches('_').to_owned()
}

mod proofs {
    use super::*;

    const GRANT: [(&str, &[Grant]); 1] =
        [("sweeper", &[("sqs", "SendMessage", "Q"), ("dynamodb", "Query", "Table/index/ByDue")])];
    const GOOD: &str = "
Resources:
  SweeperFunction:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - Statement:
            - { Effect: Allow, Action: [sqs:SendMessage], Resource: !GetAtt Q.Arn }
            - { Effect: Allow, Action: [dynamodb:Query], Resource: !Sub \"${Table.Arn}/index/ByDue\" }
";

    fn with(old: &str, new: &str) -> Template {
        assert!(GOOD.contains(old), "{old}");
        Template::parse(&GOOD.replace(old, new))
    }

    #[test]
    fn a_wider_or_narrower_policy_is_found() {
        assert_eq!(mismatches(&Template::parse(GOOD), &GRANT), []);
        assert_eq!(mismatches(&with("[dynamodb:Query]", "[dynamodb:Query, dynamodb:Scan]"), &GRANT).len(), 1);
        assert_eq!(mismatches(&with("!GetAtt Q.Arn", "[!GetAtt Q.Arn, !GetAtt P.Arn]"), &GRANT).len(), 1);
        assert_eq!(mismatches(&with("/index/ByDue", ""), &GRANT).len(), 2);
        assert_eq!(mismatches(&Template::parse(GOOD), &[]).len(), 2);
        assert_eq!(mismatches(&Template::parse("Resources: {}"), &GRANT).len(), 1);
    }

    #[test]
    fn a_loose_policy_is_found() {
        assert_eq!(loose(&Template::parse(GOOD)), []);
        for (old, new) in [
            ("sqs:SendMessage", "sqs:*"),
            ("sqs:SendMessage", "\"*\""),
            ("!GetAtt Q.Arn", "\"*\""),
            ("!GetAtt Q.Arn", "\"arn:aws:sqs:eu-west-1:1:q\""),
            ("${Table.Arn}/index/ByDue", "${Table.Arn}/index/*"),
            ("Effect: Allow, Action: [sqs", "Effect: Allow, NotAction: [x], Action: [sqs"),
            ("        - Statement", "        - AmazonSQSFullAccess\n        - Statement"),
            ("        - Statement", "        - SQSPollerPolicy: { QueueName: q }\n        - Statement"),
            ("      Policies", "      Role: !GetAtt R.Arn\n      Policies"),
        ] {
            assert_eq!(loose(&with(old, new)).len(), 1, "{new}");
        }
        let own = "!Sub \"arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:${AWS::StackName}/pin/*\"";
        assert_eq!(loose(&with("!GetAtt Q.Arn", own)), []);
    }

    #[test]
    fn an_idle_action_is_found() {
        let sources = [Source::new("shared/src/queue.rs", "fn f() { client.send_message().send(); }")];
        assert_eq!(uncalled("sweeper", &("sqs", "SendMessage", "Q"), &sources), []);
        assert_eq!(uncalled("sweeper", &("sqs", "SendMessage PurgeQueue", "Q"), &sources).len(), 1);
    }
}
