//! EventBridge Scheduler: functions that run on a schedule.

use crate::physical::{ACCOUNT, REGION, STACK};
use crate::runtime::Function;
use crate::template::{TemplateError, unknown};
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, interval_at, sleep};
use tokio_util::sync::CancellationToken;

/// Lambda waits one minute before the first retry of a failed asynchronous invocation, and two before the second.
const BETWEEN_ATTEMPTS: Duration = Duration::from_secs(60);

/// A schedule and its target.
#[derive(Clone)]
pub(crate) struct Schedule {
    pub(crate) name: String,
    pub(crate) every: Duration,
    pub(crate) retries: u32,
    pub(crate) function: Arc<Function>,
}

/// Parses `rate(2 hours)`. The template uses no `cron(…)`, so it is not supported.
pub(crate) fn rate(place: &str, expression: &str) -> Result<Duration, TemplateError> {
    let understood = || {
        let (number, unit) = expression.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
        let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
        let seconds = match unit.trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3600,
            "day" => 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(number * seconds))
    };
    understood().ok_or_else(|| unknown(place, format!("the schedule {expression}")))
}

impl Schedule {
    /// Fires until the stack stops, first after one full period.
    pub(crate) async fn run(self, ended: CancellationToken) {
        let mut ticks = interval_at(Instant::now() + self.every, self.every);
        loop {
            tokio::select! {
                () = ended.cancelled() => return,
                _ = ticks.tick() => drop(tokio::spawn(self.clone().attempt(ended.clone()))),
            }
        }
    }

    async fn attempt(self, ended: CancellationToken) {
        for attempt in 0..=self.retries {
            if self.fire().await.is_ok() {
                return;
            }
            tokio::select! {
                () = ended.cancelled() => return,
                () = sleep(BETWEEN_ATTEMPTS * (attempt + 1)) => {}
            }
        }
    }

    /// Fires once, now.
    pub(crate) async fn fire(&self) -> Result<Bytes, crate::runtime::InvokeError> {
        self.function.invoke(Bytes::from(event(&self.name).to_string())).await
    }
}

/// The event EventBridge Scheduler sends if the schedule has no input of its own.
fn event(name: &str) -> Value {
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "region": REGION,
        "resources": [format!("arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{STACK}-{name}")],
        "detail": "{}",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_understood_and_anything_else_is_refused() {
        assert_eq!(rate("x", "rate(2 hours)").unwrap(), Duration::from_secs(7200));
        assert_eq!(rate("x", "rate(1 minute)").unwrap(), Duration::from_secs(60));
        for bad in ["cron(0 * * * ? *)", "rate(0 minutes)", "rate(2 weeks)", "2 hours"] {
            assert!(rate("F.Poll", bad).unwrap_err().to_string().contains("F.Poll"), "{bad}");
        }
    }
}
