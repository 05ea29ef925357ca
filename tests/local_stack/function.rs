//! Processes: timeouts, concurrency, crashes, a clean end.

use crate::bench::Bench;

const FUNCTION: &str = "
  Api: { Type: AWS::Serverless::HttpApi, Properties: {} }
  Probe:
    Type: AWS::Serverless::Function
    Metadata: { BuildMethod: rust-cargolambda, BuildProperties: { Binary: probe } }
    Properties:
      CodeUri: .
      Timeout: 2
      ReservedConcurrentExecutions: 2
      FunctionUrlConfig: { AuthType: NONE }
      Environment: { Variables: { COLOUR: blue } }
      Events:
        Get: { Type: HttpApi, Properties: { ApiId: !Ref Api, Method: GET, Path: /probe, Auth: { Authorizer: NONE } } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_runs_out_of_time_is_ended_and_the_next_call_works() {
    let bench = Bench::of(FUNCTION).await;
    assert_eq!(bench.get("/probe?sleep=5000").await.status, 500);
    assert_eq!(bench.webhook("?sleep=5000").await.status, 502);
    assert_eq!(bench.get("/probe").await.status, 200);
    let counts = bench.stack.counts();
    assert_eq!((counts["Probe"].errors, counts["Probe"].starts), (2, 3));
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_keeps_running_and_one_that_crashes_is_restarted() {
    let bench = Bench::of(FUNCTION).await;
    assert_eq!(bench.get("/probe?fail=1").await.status, 500);
    assert_eq!(bench.stack.counts()["Probe"].starts, 1);
    assert_eq!(bench.get("/probe?die=1").await.status, 500);
    assert_eq!(bench.get("/probe").await.status, 200);
    assert_eq!(bench.stack.counts()["Probe"].starts, 2);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_run_at_once_than_are_reserved() {
    let bench = Bench::of(FUNCTION).await;
    let call = || bench.get("/probe?sleep=1000");
    let (one, two, three) = tokio::join!(call(), call(), call());
    let mut statuses = [one.status, two.status, three.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 503]);
    assert_eq!(bench.stack.counts()["Probe"].throttles, 1);
    bench.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_process_is_used_again() {
    let bench = Bench::of(FUNCTION).await;
    let pid = bench.get("/probe").await.json()["pid"].clone();
    assert_eq!(bench.get("/probe").await.json()["pid"], pid);
    assert_eq!(bench.stack.counts()["Probe"].starts, 1);
    bench.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_running_at_the_end() {
    let bench = Bench::of(FUNCTION).await;
    let pid = bench.get("/probe").await.json()["pid"].as_u64().unwrap();
    let process = std::path::PathBuf::from(format!("/proc/{pid}"));
    assert!(process.exists());
    bench.stop().await;
    assert!(!process.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn invocations_beyond_the_local_limit_wait_if_nothing_is_reserved() {
    let bench = Bench::of(&FUNCTION.replace("      ReservedConcurrentExecutions: 2\n", "")).await;
    let call = async || bench.get("/probe?sleep=200").await.status;
    let four = async || tokio::join!(call(), call(), call(), call());
    let answers = tokio::join!(four(), four(), four());
    let all = (200, 200, 200, 200);
    assert_eq!(answers, (all, all, all));
    let counts = bench.stack.counts();
    assert_eq!((counts["Probe"].throttles, counts["Probe"].running), (0, 0));
    assert!(counts["Probe"].starts <= 10, "{}", counts["Probe"].starts);
    bench.stop().await;
}
