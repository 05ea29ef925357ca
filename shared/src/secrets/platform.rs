//! The platform's secrets: read when needed, cached briefly, and valid through a rotation.

use super::{VaultError, reduce, same};
use crate::aws::AwsConfig;
use crate::clock;
use crate::domain::time::Timestamp;
use crate::secret::Secret;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a value is used before it is read again, which is how long a rotation takes to reach every process.
const FRESH: Duration = Duration::from_secs(60);
/// How long a cached value is used after a failed refresh, before the next one: a call waits up to
/// [`crate::aws::OPERATION`] for a vault that is down, and at most one should within this time.
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often an invalid signature may cause another read: anybody can send one.
const REREAD_PAUSE: Duration = Duration::from_secs(60);
/// How long a value other than the current one is accepted before its stage is read again. Only its holder can cause
/// that read.
const OTHERS_FRESH: Duration = Duration::from_secs(5);

/// How long the previous value is accepted (Meta retries a webhook for up to seven days, with its original signature).
const OLDER_COUNTS: Duration = Duration::from_secs(7 * 24 * 3600);

/// A cached value, and when it was read.
type Cached<T> = Arc<Mutex<Option<(T, Instant)>>>;

/// A secret of the platform, read when first needed and again every minute.
#[derive(Debug, Clone)]
pub struct PlatformSecret {
    aws: AwsConfig,
    arn: String,
    value: Cached<Secret>,
    /// When the vault last failed to return a value that is cached.
    failed: Cached<()>,
    rotation: Cached<Vec<Secret>>,
}

fn known<T: Clone>(cached: &Cached<T>) -> Option<(T, Instant)> {
    cached.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn cache<T>(cached: &Cached<T>, value: T) {
    *cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((value, Instant::now()));
}

impl PlatformSecret {
    /// The secret with this ARN.
    #[must_use]
    pub fn new(aws: &AwsConfig, arn: &str) -> Self {
        Self {
            aws: aws.clone(),
            arn: arn.to_owned(),
            value: Arc::default(),
            failed: Arc::default(),
            rotation: Arc::default(),
        }
    }

    /// Its value. When the vault is down, the cached value is used: verification neither stops nor is bypassed.
    ///
    /// # Errors
    /// [`VaultError`] when it was never read and cannot be read now.
    pub async fn value(&self) -> Result<Secret, VaultError> {
        let known = known(&self.value);
        let failed_lately = self.failed_lately();
        if let Some((value, _)) = known.as_ref().filter(|(_, read_at)| failed_lately || read_at.elapsed() < FRESH) {
            return Ok(value.clone());
        }
        match (self.read("AWSCURRENT").await, known) {
            (Ok(value), _) => {
                cache(&self.value, value.clone());
                Ok(value)
            }
            (Err(VaultError::Unavailable(_)), Some((value, _))) => {
                cache(&self.failed, ());
                Ok(value)
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Whether the vault failed so recently that the cached value is used without another read.
    fn failed_lately(&self) -> bool {
        known(&self.failed).is_some_and(|((), at)| at.elapsed() < AFTER_FAILURE)
    }

    /// Whether `fits` accepts a valid value: the current one, or for a week the previous one, unless an operator
    /// removed its stage `AWSPREVIOUS`. `fits` may be expensive: it is called once per valid value.
    ///
    /// # Errors
    /// [`VaultError`] when the value was never read and cannot be read now.
    pub async fn is_accepted(&self, fits: impl Fn(&Secret) -> bool) -> Result<bool, VaultError> {
        let tried = self.value().await?;
        if fits(&tried) {
            return Ok(true);
        }
        let (values, read_at) = self.rotation(REREAD_PAUSE).await;
        let found = values.into_iter().find(|value| !same(value, &tried) && fits(value));
        match found {
            Some(found) if read_at.elapsed() >= OTHERS_FRESH => {
                let (values, _) = self.rotation(OTHERS_FRESH).await;
                Ok(values.iter().any(|value| same(value, &found)))
            }
            found => Ok(found.is_some()),
        }
    }

    /// The valid values, read again when they are older than `fresh`; none when the vault is down.
    async fn rotation(&self, fresh: Duration) -> (Vec<Secret>, Instant) {
        if let Some(known) = known(&self.rotation).filter(|(_, read_at)| read_at.elapsed() < fresh) {
            return known;
        }
        let mut values = Vec::new();
        if let Ok((current, since)) = self.read_dated("AWSCURRENT").await {
            // After a rotation the previous value is no longer accepted without a check of its stage.
            cache(&self.value, current.clone());
            values.push(current);
            if since.is_none_or(|since| clock::now().since(since) < OLDER_COUNTS) {
                values.extend(self.read("AWSPREVIOUS").await.ok());
            }
        }
        cache(&self.rotation, values.clone());
        (values, Instant::now())
    }

    async fn read(&self, stage: &str) -> Result<Secret, VaultError> {
        self.read_dated(stage).await.map(|(value, _)| value)
    }

    /// The value, and since when it has been current.
    async fn read_dated(&self, stage: &str) -> Result<(Secret, Option<Timestamp>), VaultError> {
        let request = self.aws.secretsmanager().get_secret_value().secret_id(&self.arn).version_stage(stage);
        let reply = request.send().await.map_err(|error| reduce(&error))?;
        let since = reply.created_date.map(|at| Timestamp::from_seconds(at.secs()));
        let value = reply.secret_string.filter(|text| !text.is_empty()).map(Secret::new).ok_or(VaultError::Missing)?;
        Ok((value, since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Problems;
    use crate::tls::Tls;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::net::TcpListener;

    /// A vault that accepts connections and closes them, and the number of connections.
    async fn broken() -> (AwsConfig, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let lookup = |name: &str| match name {
            name if name.starts_with("AWS_ENDPOINT_URL") => Some(address.clone()),
            _ => Some("x".to_owned()),
        };
        (AwsConfig::from_lookup(&lookup, &mut Problems::default(), &Tls::new().unwrap()), taken)
    }

    #[tokio::test]
    async fn in_an_outage_a_known_value_is_waited_for_once_in_half_a_minute() {
        let (aws, taken) = broken().await;
        let secret = PlatformSecret::new(&aws, "arn");
        let old = Instant::now().checked_sub(FRESH).unwrap();
        *secret.value.lock().unwrap() = Some((Secret::new("v".to_owned()), old));
        assert_eq!(secret.value().await.unwrap().expose(), "v");
        let asked = taken.load(Ordering::Relaxed);
        assert!(asked > 0);
        for _ in 0..3 {
            assert_eq!(secret.value().await.unwrap().expose(), "v");
        }
        assert_eq!(taken.load(Ordering::Relaxed), asked, "the vault is not asked again");
        *secret.failed.lock().unwrap() = Some(((), Instant::now().checked_sub(AFTER_FAILURE).unwrap()));
        assert_eq!(secret.value().await.unwrap().expose(), "v");
        assert!(taken.load(Ordering::Relaxed) > asked, "after half a minute it is");
    }

    #[tokio::test]
    async fn without_a_known_value_every_call_asks() {
        let (aws, taken) = broken().await;
        let secret = PlatformSecret::new(&aws, "arn");
        assert!(secret.value().await.is_err());
        let asked = taken.load(Ordering::Relaxed);
        assert!(secret.value().await.is_err());
        assert!(taken.load(Ordering::Relaxed) > asked);
    }
}
