//! Secrets of the platform: read when they are needed, kept for a while, followed through a rotation.

use super::{VaultError, reduce};
use crate::aws::AwsConfig;
use crate::clock;
use crate::domain::time::Timestamp;
use crate::secret::Secret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a value is used before it is read again.
const FRESH: Duration = Duration::from_secs(300);
/// How often a signature that does not fit may cause another look: anybody can send one.
const SECOND_LOOK: Duration = Duration::from_secs(60);

/// How long the value before the present one counts (Meta repeats a webhook for up to seven days, as it was signed).
const OLDER_COUNTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// Something that was read, and when.
type Cached<T> = Arc<Mutex<Option<(T, Instant)>>>;

/// A secret of the platform, read when first needed and again every five minutes.
#[derive(Debug, Clone)]
pub struct PlatformSecret {
    aws: AwsConfig,
    arn: String,
    value: Cached<Secret>,
    rotated: Cached<Vec<Secret>>,
}

fn known<T: Clone>(cached: &Cached<T>) -> Option<(T, Instant)> {
    cached.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep<T>(cached: &Cached<T>, value: T) {
    *cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((value, Instant::now()));
}

impl PlatformSecret {
    /// The secret behind `arn`.
    #[must_use]
    pub fn new(aws: &AwsConfig, arn: &str) -> Self {
        Self { aws: aws.clone(), arn: arn.to_owned(), value: Arc::default(), rotated: Arc::default() }
    }

    /// Its value. When the vault is down, one that was read before goes on being used: verification never stops, and
    /// never opens.
    ///
    /// # Errors
    /// [`VaultError`] when it was never read and cannot be read now.
    pub async fn value(&self) -> Result<Secret, VaultError> {
        let known = known(&self.value);
        if let Some((value, _)) = known.as_ref().filter(|(_, read_at)| read_at.elapsed() < FRESH) {
            return Ok(value.clone());
        }
        match (self.read("AWSCURRENT").await, known) {
            (Ok(value), _) => {
                keep(&self.value, value.clone());
                Ok(value)
            }
            (Err(VaultError::Unavailable(_)), Some((value, _))) => Ok(value),
            (Err(error), _) => Err(error),
        }
    }

    /// What else may be right while the secret is being rotated: the value as it is now, and for a week the one before it.
    /// Read when [`PlatformSecret::value`] does not fit, at most once a minute; empty when the vault is down.
    pub async fn alternatives(&self) -> Vec<Secret> {
        if let Some((values, _)) = known(&self.rotated).filter(|(_, read_at)| read_at.elapsed() < SECOND_LOOK) {
            return values;
        }
        let mut values = Vec::new();
        if let Ok((current, since)) = self.read_dated("AWSCURRENT").await {
            values.push(current);
            if since.is_none_or(|since| clock::now().since(since) < OLDER_COUNTS) {
                values.extend(self.read("AWSPREVIOUS").await.ok());
            }
        }
        keep(&self.rotated, values.clone());
        values
    }

    async fn read(&self, stage: &str) -> Result<Secret, VaultError> {
        self.read_dated(stage).await.map(|(value, _)| value)
    }

    /// The value, and since when it is the value.
    async fn read_dated(&self, stage: &str) -> Result<(Secret, Option<Timestamp>), VaultError> {
        let request = self.aws.secretsmanager().get_secret_value().secret_id(&self.arn).version_stage(stage);
        let reply = request.send().await.map_err(|error| reduce(&error))?;
        let since = reply.created_date.map(|at| Timestamp::from_seconds(at.secs()));
        let value = reply.secret_string.filter(|text| !text.is_empty()).map(Secret::new).ok_or(VaultError::Missing)?;
        Ok((value, since))
    }
}
