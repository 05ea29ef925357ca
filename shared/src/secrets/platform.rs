//! Secrets of the platform: read when they are needed, kept for a while, followed through a rotation.

use super::{VaultError, reduce};
use crate::aws::AwsConfig;
use crate::secret::Secret;
use aws_sdk_secretsmanager::Client;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a value is used before it is read again.
const FRESH: Duration = Duration::from_secs(300);
/// How often a signature that does not fit may cause another look: anybody can send one.
const SECOND_LOOK: Duration = Duration::from_secs(60);

/// Something that was read, and when.
type Cached<T> = Arc<Mutex<Option<(T, Instant)>>>;

/// A secret of the platform, read when first needed and again every five minutes.
#[derive(Debug, Clone)]
pub struct PlatformSecret {
    client: Client,
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
        let client = aws.secretsmanager();
        Self { client, arn: arn.to_owned(), value: Arc::default(), rotated: Arc::default() }
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

    /// What else may be right while the secret is being rotated: the value as it is now, and the one before it. Read
    /// when [`PlatformSecret::value`] does not fit, at most once a minute; empty when the vault is down.
    pub async fn alternatives(&self) -> Vec<Secret> {
        if let Some((values, _)) = known(&self.rotated).filter(|(_, read_at)| read_at.elapsed() < SECOND_LOOK) {
            return values;
        }
        let mut values = Vec::new();
        for stage in ["AWSCURRENT", "AWSPREVIOUS"] {
            values.extend(self.read(stage).await.ok());
        }
        keep(&self.rotated, values.clone());
        values
    }

    async fn read(&self, stage: &str) -> Result<Secret, VaultError> {
        let request = self.client.get_secret_value().secret_id(&self.arn).version_stage(stage);
        let reply = request.send().await.map_err(|error| reduce(&error))?;
        reply.secret_string.filter(|text| !text.is_empty()).map(Secret::new).ok_or(VaultError::Missing)
    }
}
