//! AWS Secrets Manager: secrets, versions, stages, deletion with recovery.

mod error;
mod http;
mod password;
mod secret;
mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use serde_json::Value;

pub use error::SecretsError;
pub use password::RandomPassword;

use crate::clock::{Clock, SystemClock};
use crate::{RestoreError, identifier};
use secret::SecretValue;
use store::{NewSecret, Store};

/// AWS Secrets Manager of one account in one Region. A handle: clones share the secrets.
#[derive(Clone)]
pub struct SecretsManager {
    shared: Arc<Shared>,
}

struct Shared {
    /// ARN prefix of every secret, up to its name.
    arn_prefix: String,
    clock: Arc<dyn Clock>,
    store: Mutex<Store>,
}

impl SecretsManager {
    /// An empty Secrets Manager on the machine's clock.
    #[must_use]
    pub fn new(region: &str, account: &str) -> Self {
        Self::with_clock(region, account, Arc::new(SystemClock))
    }

    /// An empty Secrets Manager on the caller's clock.
    #[must_use]
    pub fn with_clock(region: &str, account: &str, clock: Arc<dyn Clock>) -> Self {
        let arn_prefix = format!("arn:aws:secretsmanager:{region}:{account}:secret:");
        Self { shared: Arc::new(Shared { arn_prefix, clock, store: Mutex::default() }) }
    }

    /// The HTTP endpoint: AWS JSON 1.1 on every path.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Creates a secret, with or without a value, and returns its ARN.
    ///
    /// # Errors
    /// A name or a value that Secrets Manager refuses; the name is taken.
    pub fn create_secret(
        &self,
        name: &str,
        secret_string: Option<String>,
        description: Option<String>,
        tags: &BTreeMap<String, String>,
    ) -> Result<String, SecretsError> {
        let new = NewSecret {
            name: name.to_owned(),
            token: identifier::uuid(),
            value: SecretValue::from_parts(secret_string, None)?,
            description,
            kms_key_id: None,
            tags: tags.clone(),
        };
        let now = self.now();
        Ok(self.store().create(new, &self.shared.arn_prefix, now)?.arn.clone())
    }

    /// The ARN of an existing secret, by name, ARN or partial ARN.
    ///
    /// # Errors
    /// [`SecretsError::ResourceNotFound`].
    pub fn secret_arn(&self, id: &str) -> Result<String, SecretsError> {
        Ok(self.store().get(id)?.arn.clone())
    }

    /// Generates a password, as `GetRandomPassword` and `GenerateSecretString` do.
    ///
    /// # Errors
    /// Options that cannot be met.
    pub fn generate_random_password(&self, options: &RandomPassword) -> Result<String, SecretsError> {
        options.generate()
    }

    /// All secrets with their values, in plain text, for [`SecretsManager::restore`].
    #[must_use]
    pub fn snapshot(&self) -> Value {
        // Text keys and plain values only, so serialisation cannot fail.
        serde_json::to_value(&*self.store()).unwrap_or_default()
    }

    /// Replaces all secrets by those of a snapshot.
    ///
    /// # Errors
    /// The value is not a snapshot of this service; nothing is changed in that case.
    pub fn restore(&self, snapshot: Value) -> Result<(), RestoreError> {
        *self.store() = serde_json::from_value(snapshot)?;
        Ok(())
    }

    fn now(&self) -> u64 {
        self.shared.clock.now()
    }

    /// The secrets as of now, without those whose deletion is due.
    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic while the lock was held is a defect of its own and must not spread to every later call.
        let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.expire(self.now());
        store
    }
}

#[cfg(test)]
mod tests;
