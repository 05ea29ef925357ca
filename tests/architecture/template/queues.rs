//! Every queue has a dead-letter queue, an alarm on it, a runbook for the alarm, and a sufficient visibility timeout.

use super::tree::{at, list, reference, texts};
use super::{Resource, Template};
use crate::repository::{Offence, forbid, paths_below, read, root};
use serde_norway::Value;
use std::collections::BTreeSet;

const QUEUE: &str = "AWS::SQS::Queue";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const FILTER: &str = "AWS::Logs::MetricFilter";
const RUNBOOKS: &str = "infra/runbooks/";

#[test]
fn every_queue_has_its_own_dead_letters_with_an_alarm() {
    let found = without_dead_letters(&Template::of_repository());
    forbid(found, "Give it a `RedrivePolicy` to a queue of its own, and that queue an alarm on its visible messages.");
}

#[test]
fn every_alarm_has_its_page() {
    let exists = |path: &str| root().join(path).is_file();
    let found = without_page(&Template::of_repository(), &exists);
    forbid(found, "Write the runbook (meaning, checks, remedy) and name it in `AlarmDescription`.");
}

#[test]
fn every_counted_line_is_written_somewhere() {
    let code: Vec<String> = ["functions", "shared"]
        .iter()
        .flat_map(|directory| paths_below(directory))
        .filter(|path| path.ends_with(".rs"))
        .map(|path| read(&path))
        .collect();
    let found =
        uncounted(&Template::of_repository(), &|line| code.iter().any(|text| text.contains(&format!("\"{line}\""))));
    forbid(
        found,
        "Let the filter name the message of a line that the functions write; a filter without matches never alarms.",
    );
}

#[test]
fn a_message_is_hidden_six_times_as_long_as_its_function_may_take() {
    forbid(
        impatient(&Template::of_repository()),
        "Raise `VisibilityTimeout` to 6 × `Timeout` + `MaximumBatchingWindowInSeconds`.",
    );
}

#[test]
fn every_queue_consumer_reports_failures_one_by_one() {
    let found = all_or_nothing(&Template::of_repository());
    forbid(found, "Add `FunctionResponseTypes: [ReportBatchItemFailures]`: one bad message must not repeat its batch.");
}

/// A function, the queue it consumes, and how.
struct Consumption<'a> {
    function: Resource<'a>,
    event: &'a str,
    properties: &'a Value,
    queue: Option<Resource<'a>>,
}

fn consumptions(template: &Template) -> Vec<Consumption<'_>> {
    let mut found = Vec::new();
    for function in template.functions() {
        for (event, properties) in function.events("SQS") {
            let id = at(properties, &["Queue"]).and_then(reference).map(|(id, _)| id);
            let queue = id.and_then(|id| template.resource(QUEUE, id));
            found.push(Consumption { function, event, properties, queue });
        }
    }
    found
}

fn without_dead_letters(template: &Template) -> Vec<Offence> {
    let target = |queue: &Resource<'_>| {
        queue.property(&["RedrivePolicy", "deadLetterTargetArn"]).and_then(reference).map(|(id, _)| id.to_owned())
    };
    let dead: BTreeSet<String> = template.of_type(QUEUE).filter_map(|queue| target(&queue)).collect();
    let alarmed: Vec<&str> = template.of_type(ALARM).filter_map(|alarm| watched(&alarm)).collect();
    let mut found = Vec::new();
    let mut taken = BTreeSet::new();
    for queue in template.of_type(QUEUE).filter(|queue| !dead.contains(queue.id)) {
        match target(&queue).filter(|id| template.resource(QUEUE, id).is_some()) {
            None => found.push(template.offence(queue.id, "has no dead-letter queue")),
            Some(id) if !taken.insert(id.clone()) => {
                found.push(template.offence(queue.id, format!("shares {id} with another queue")));
            }
            Some(_) if queue.number(&["RedrivePolicy", "maxReceiveCount"]).is_none() => {
                found.push(template.offence(queue.id, "has no `maxReceiveCount`"));
            }
            Some(_) => {}
        }
    }
    let quiet = dead.iter().filter(|id| !alarmed.contains(&id.as_str()));
    found.extend(quiet.map(|id| template.offence(id, "has no alarm on its visible messages")));
    let consumed = consumptions(template).into_iter().filter_map(|it| it.queue).filter(|queue| dead.contains(queue.id));
    found.extend(consumed.map(|queue| template.offence(queue.id, "holds dead letters and is consumed")));
    found
}

/// The queue whose visible messages an alarm counts.
fn watched<'a>(alarm: &Resource<'a>) -> Option<&'a str> {
    let counts =
        alarm.text(&["MetricName"])? == "ApproximateNumberOfMessagesVisible" && alarm.number(&["Threshold"])? == 0;
    let dimension = list(alarm.property(&["Dimensions"])).into_iter().next()?;
    let (id, attribute) = reference(at(dimension, &["Value"])?)?;
    (counts && attribute == "QueueName").then_some(id)
}

fn uncounted(template: &Template, is_written: &dyn Fn(&str) -> bool) -> Vec<Offence> {
    let check = |filter: Resource<'_>| {
        let pattern = filter.text(&["FilterPattern"]).unwrap_or_default();
        let lines: Vec<&str> = pattern.split('"').skip(1).step_by(2).collect();
        let silent = lines.iter().find(|line| !is_written(line)).copied();
        let silent = silent.or(lines.is_empty().then_some("no message"))?;
        Some(template.offence(filter.id, format!("counts lines with `{silent}`, which no function logs")))
    };
    template.of_type(FILTER).filter_map(check).collect()
}

fn without_page(template: &Template, exists: &dyn Fn(&str) -> bool) -> Vec<Offence> {
    let check = |alarm: Resource<'_>| {
        let page = alarm.text(&["AlarmDescription"]).unwrap_or_default();
        let what = match page {
            page if !(page.starts_with(RUNBOOKS) && page.ends_with(".md")) => format!("names no page of {RUNBOOKS}"),
            page if !exists(page) => format!("names {page}, which does not exist"),
            _ => return None,
        };
        Some(template.offence(alarm.id, what))
    };
    template.of_type(ALARM).filter_map(check).collect()
}

fn impatient(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    for it in consumptions(template) {
        let window = at(it.properties, &["MaximumBatchingWindowInSeconds"]).and_then(Value::as_u64).unwrap_or_default();
        let needed = it.function.number(&["Timeout"]).map_or(u64::MAX, |timeout| timeout * 6 + window);
        let Some(queue) = it.queue else {
            found.push(
                template
                    .offence(it.function.id, format!("consumes through {} what is no queue of the template", it.event)),
            );
            continue;
        };
        let hidden = queue.number(&["VisibilityTimeout"]).unwrap_or(30);
        if hidden < needed {
            found.push(
                template
                    .offence(queue.id, format!("hides messages for {hidden} s; {} needs {needed} s", it.function.id)),
            );
        }
    }
    found
}

fn all_or_nothing(template: &Template) -> Vec<Offence> {
    let reports =
        |it: &Consumption<'_>| texts(at(it.properties, &["FunctionResponseTypes"])) == ["ReportBatchItemFailures"];
    let silent = consumptions(template).into_iter().filter(|it| !reports(it));
    silent.map(|it| template.offence(it.function.id, format!("fails whole batches of {}", it.event))).collect()
}

mod proofs {
    use super::*;

    const GOOD: &str = "
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 30
      Events:
        Jobs:
          Type: SQS
          Properties: { Queue: !GetAtt Q.Arn, MaximumBatchingWindowInSeconds: 5, FunctionResponseTypes: [ReportBatchItemFailures] }
  Q:
    Type: AWS::SQS::Queue
    Properties: { VisibilityTimeout: 185, RedrivePolicy: { deadLetterTargetArn: !GetAtt D.Arn, maxReceiveCount: 5 } }
  D: { Type: AWS::SQS::Queue }
  A:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmDescription: infra/runbooks/dead-letters.md
      MetricName: ApproximateNumberOfMessagesVisible
      Threshold: 0
      Dimensions: [{ Name: QueueName, Value: !GetAtt D.QueueName }]
";

    fn with(old: &str, new: &str) -> Template {
        assert!(GOOD.contains(old), "{old}");
        Template::parse(&GOOD.replace(old, new))
    }

    #[test]
    fn missing_dead_letters_and_alarms_are_found() {
        assert_eq!(without_dead_letters(&Template::parse(GOOD)), []);
        for (old, new) in [
            ("RedrivePolicy", "Other"),
            (", maxReceiveCount: 5", ""),
            ("Value: !GetAtt D", "Value: !GetAtt Q"),
            ("Threshold: 0", "Threshold: 100"),
            (
                "  D: {",
                "  R: { Type: AWS::SQS::Queue, Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt D.Arn } } }\n  D: {",
            ),
            ("Queue: !GetAtt Q.Arn", "Queue: !GetAtt D.Arn"),
        ] {
            assert!(!without_dead_letters(&with(old, new)).is_empty(), "{new}");
        }
    }

    #[test]
    fn an_alarm_without_a_page_is_found() {
        assert_eq!(without_page(&Template::parse(GOOD), &|_| true), []);
        assert_eq!(without_page(&Template::parse(GOOD), &|_| false).len(), 1);
        assert_eq!(without_page(&with("infra/runbooks/dead-letters.md", "Dead letters"), &|_| true).len(), 1);
    }

    #[test]
    fn a_filter_that_counts_nothing_is_found() {
        let filter = |pattern: &str| {
            Template::parse(&format!(
                "Resources:\n  F:\n    Type: {FILTER}\n    Properties: {{ FilterPattern: '{pattern}' }}\n"
            ))
        };
        let written = |line: &str| line == "a proof failed";
        assert_eq!(uncounted(&filter("{ $.message = \"a proof failed\" }"), &written), []);
        for pattern in ["{ $.message = \"a poof failed\" }", "{ $.level = 7 }"] {
            assert_eq!(uncounted(&filter(pattern), &written).len(), 1, "{pattern}");
        }
    }

    #[test]
    fn a_visibility_timeout_that_is_too_short_is_found() {
        assert_eq!(impatient(&Template::parse(GOOD)), []);
        for (old, new) in [
            ("185", "184"),
            ("VisibilityTimeout: 185, ", ""),
            ("Timeout: 30", "Timeout: 31"),
            ("!GetAtt Q.Arn", "arn:aws:sqs"),
        ] {
            assert_eq!(impatient(&with(old, new)).len(), 1, "{new}");
        }
    }

    #[test]
    fn a_consumer_that_fails_whole_batches_is_found() {
        assert_eq!(all_or_nothing(&Template::parse(GOOD)), []);
        assert_eq!(all_or_nothing(&with(", FunctionResponseTypes: [ReportBatchItemFailures]", "")).len(), 1);
    }
}
