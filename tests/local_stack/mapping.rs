//! The event source mapping.

use crate::bench::Bench;
use std::time::Instant;

fn resources(mapping: &str, delay: u32, visibility: u32) -> String {
    format!(
        "
  Dead: {{ Type: AWS::SQS::Queue }}
  Work:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: {visibility}
      DelaySeconds: {delay}
      RedrivePolicy: {{ deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 }}
  Probe:
    Type: AWS::Serverless::Function
    Metadata: {{ BuildMethod: rust-cargolambda, BuildProperties: {{ Binary: probe }} }}
    Properties:
      CodeUri: .
      Events:
        Jobs: {{ Type: SQS, Properties: {{ Queue: !GetAtt Work.Arn, {mapping} }} }}
"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_reported_as_failed_comes_again_alone_and_then_to_the_dead_letters() {
    let bench = Bench::of(&resources("BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]", 0, 1)).await;
    for body in ["one", "fail", "two"] {
        bench.send("Work", body).await;
    }
    bench.until("the failing message is a dead letter", |bench| bench.depth("Dead") == 1).await;
    assert_eq!(bench.depth("Work"), 0);
    let seen = bench.batches().join(" ");
    assert_eq!(["one", "two", "fail"].map(|body| seen.matches(body).count()), [1, 1, 2]);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_partial_responses_an_answer_is_success() {
    let bench = Bench::of(&resources("BatchSize: 1", 0, 1)).await;
    bench.send("Work", "fail").await;
    bench.until("the queue is empty", |bench| bench.depth("Work") == 0).await;
    assert_eq!((bench.batches().len(), bench.depth("Dead")), (1, 0));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_gathers_a_batch_and_respects_its_size() {
    let mapping = "BatchSize: 3, MaximumBatchingWindowInSeconds: 2, ScalingConfig: { MaximumConcurrency: 2 }";
    let bench = Bench::of(&resources(mapping, 0, 30)).await;
    bench.stack.set_mapping("Work", false);
    for body in ["a", "b", "c", "d"] {
        bench.send("Work", body).await;
    }
    bench.stack.set_mapping("Work", true);
    let sizes =
        |bench: &Bench| -> Vec<usize> { bench.batches().iter().map(|batch| batch.matches('"').count() / 2).collect() };
    bench.until("everything is delivered", |bench| sizes(bench).iter().sum::<usize>() == 4).await;
    let sizes = sizes(&bench);
    assert!(sizes.len() <= 3 && sizes.iter().all(|size| *size <= 3), "{sizes:?}");
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delayed_message_is_not_delivered_early() {
    let bench = Bench::of(&resources("BatchSize: 1", 1, 1)).await;
    let sent = Instant::now();
    bench.send("Work", "later").await;
    bench.until("it is delivered", |bench| !bench.batches().is_empty()).await;
    assert!(sent.elapsed().as_secs_f64() >= 1.0);
    bench.stop().await;
}
