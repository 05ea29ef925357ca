//! A stack of a small template with the probe as its only function.

use aws_emulator::NewMessage;
use local::{Answer, Client, Stack, StackError, StackOptions};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const HEAD: &str = "
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31
Parameters:
  MetaAppId: { Type: String, Default: '' }
  MetaConfigId: { Type: String, Default: '' }
  Role: { Type: String, Default: '' }
  MetaBusinessId: { Type: String, Default: '' }
  CreditLineId: { Type: String, Default: '' }
  OnboardingLimit: { Type: String, Default: '' }
  GraphApiBase: { Type: String, Default: '' }
  MetaSdkBase: { Type: String, Default: '' }
  MetaPopupOrigins: { Type: String, Default: '' }
  JwtIssuer: { Type: String, Default: '' }
  JwtAudience: { Type: String, Default: ours }
  ConsoleClientId: { Type: String, Default: '' }
  ConsoleAuthorizationEndpoint: { Type: String, Default: '' }
  ConsoleTokenEndpoint: { Type: String, Default: '' }
  AllowedOrigins: { Type: CommaDelimitedList, Default: '' }
  CallbackOverrideOrigins: { Type: CommaDelimitedList, Default: '' }
  PlatformName: { Type: String, Default: '' }
Resources:
";

/// The stack and a client.
pub(crate) struct Bench {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
}

/// Starts a stack of these resources.
pub(crate) async fn start(resources: &str) -> Result<Stack, StackError> {
    let directory = tempfile::tempdir().unwrap();
    let template = directory.path().join("template.yaml");
    std::fs::write(&template, format!("{HEAD}{resources}")).unwrap();
    let binaries = BTreeMap::from([("probe".to_owned(), PathBuf::from(env!("CARGO_BIN_EXE_probe")))]);
    let options = StackOptions { template, binaries: Some(binaries), capture_logs: true, ..StackOptions::default() };
    Stack::start(options).await
}

impl Bench {
    pub(crate) async fn of(resources: &str) -> Self {
        Self { stack: start(resources).await.unwrap(), client: Client::new().unwrap() }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.get(&format!("{}{path}", self.stack.endpoints().api), &[]).await.unwrap()
    }

    pub(crate) async fn webhook(&self, query: &str) -> Answer {
        self.client.get(&format!("{}{query}", self.stack.endpoints().webhook), &[]).await.unwrap()
    }

    pub(crate) async fn send(&self, queue: &str, body: &str) {
        let url = &self.stack.endpoints().queues[queue];
        self.stack.sqs().send(url, NewMessage::new(body)).await.unwrap();
    }

    /// Messages in a queue, in any state.
    pub(crate) fn depth(&self, queue: &str) -> usize {
        let counts = self.stack.sqs().counts(&self.stack.endpoints().queues[queue]).unwrap();
        counts.visible + counts.in_flight + counts.delayed
    }

    /// Batches the probe has received so far.
    pub(crate) fn batches(&self) -> Vec<String> {
        self.stack.logs().into_iter().map(|line| line.text).filter(|text| text.starts_with("batch")).collect()
    }

    /// Waits until a condition is true.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let started = Instant::now();
        while !holds(self) {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "timed out waiting until {what}: {:?}",
                self.batches()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.stack.stop().await.unwrap();
    }
}

/// The event the probe echoed.
pub(crate) fn echoed(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()["event"].clone()
}
