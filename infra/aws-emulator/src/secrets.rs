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

/// AWS Secrets Manager of one account in one region. A handle: clones share the secrets.
#[derive(Clone)]
pub struct SecretsManager {
    shared: Arc<Shared>,
}

struct Shared {
    /// What the ARN of every secret starts with, up to its name.
    arn_prefix: String,
    clock: Arc<dyn Clock>,
    store: Mutex<Store>,
}

impl SecretsManager {
    /// A Secrets Manager without secrets, on the time of the machine.
    #[must_use]
    pub fn new(region: &str, account: &str) -> Self {
        Self::with_clock(region, account, Arc::new(SystemClock))
    }

    /// A Secrets Manager without secrets, on a clock of the caller's.
    #[must_use]
    pub fn with_clock(region: &str, account: &str, clock: Arc<dyn Clock>) -> Self {
        let arn_prefix = format!("arn:aws:secretsmanager:{region}:{account}:secret:");
        Self { shared: Arc::new(Shared { arn_prefix, clock, store: Mutex::default() }) }
    }

    /// The HTTP endpoint: AWS JSON 1.1 on every path.
    pub fn router(&self) -> Router {
        http::router(self.clone())
    }

    /// Creates a secret, with a value or without, and returns its ARN.
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

    /// The ARN of a secret that exists, by name, ARN or partial ARN.
    ///
    /// # Errors
    /// [`SecretsError::ResourceNotFound`].
    pub fn secret_arn(&self, id: &str) -> Result<String, SecretsError> {
        Ok(self.store().get(id)?.arn.clone())
    }

    /// Makes a password, as `GetRandomPassword` and `GenerateSecretString` do.
    ///
    /// # Errors
    /// Options that cannot be met.
    pub fn generate_random_password(&self, options: &RandomPassword) -> Result<String, SecretsError> {
        options.generate()
    }

    /// All secrets with their values, in clear, for [`SecretsManager::restore`].
    #[must_use]
    pub fn snapshot(&self) -> Value {
        // Text keys and plain values only: there is nothing JSON could refuse.
        serde_json::to_value(&*self.store()).unwrap_or_default()
    }

    /// Replaces all secrets with those of a snapshot.
    ///
    /// # Errors
    /// The value is not a snapshot of this service; nothing is changed then.
    pub fn restore(&self, snapshot: Value) -> Result<(), RestoreError> {
        *self.store() = serde_json::from_value(snapshot)?;
        Ok(())
    }

    fn now(&self) -> u64 {
        self.shared.clock.now()
    }

    /// The secrets as of now: those whose deletion is due are gone.
    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic while the lock was held is a defect of its own; it must not spread to every later call.
        let mut store = self.shared.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.expire(self.now());
        store
    }
}

#[cfg(test)]
mod tests;
