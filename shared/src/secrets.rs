//! Secrets Manager: the platform's own secrets (cached briefly, so that a rotation needs no deployment) and the
//! customers' tokens and PINs, each under a name that can be derived again.

mod platform;

pub use platform::PlatformSecret;

use crate::aws::AwsConfig;
use crate::domain::ids::{AttemptId, OverrideId, PhoneNumberId};
use crate::secret::Secret;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use rand::RngExt;
use sha2::{Digest, Sha256};

/// The vault cannot do what was requested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// There is no such secret, or it has no value yet.
    #[error("secret not found")]
    Missing,
    /// Another value is stored under this name.
    #[error("another value is stored under this name")]
    Taken,
    /// The vault is throttled, unreachable or refuses access; holds only the service's error code.
    #[error("vault unavailable ({0})")]
    Unavailable(String),
}

/// The vault.
#[derive(Debug, Clone)]
pub struct Vault {
    aws: AwsConfig,
    prefix: String,
}

impl Vault {
    /// A vault whose customer secrets are named `<prefix>/…` (the stack's name).
    #[must_use]
    pub fn new(aws: &AwsConfig, prefix: &str) -> Self {
        Self { aws: aws.clone(), prefix: prefix.to_owned() }
    }

    fn client(&self) -> &Client {
        self.aws.secretsmanager()
    }

    fn token_name(&self, attempt: &AttemptId) -> String {
        format!("{}/business-token/{attempt}", self.prefix)
    }

    fn override_name(&self, id: &OverrideId) -> String {
        format!("{}/callback-override/{id}", self.prefix)
    }

    fn pin_name(&self, phone: &PhoneNumberId) -> String {
        format!("{}/pin/{phone}", self.prefix)
    }

    /// Stores the token of an attempt. Storing the same token again succeeds.
    ///
    /// # Errors
    /// [`VaultError::Taken`] when the attempt already has another token.
    pub async fn store_business_token(&self, attempt: &AttemptId, token: &Secret) -> Result<(), VaultError> {
        self.create(&self.token_name(attempt), token).await
    }

    /// The token of an attempt, or `None` when it has none.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`] when the vault cannot be read.
    pub async fn business_token(&self, attempt: &AttemptId) -> Result<Option<Secret>, VaultError> {
        match self.read(&self.token_name(attempt)).await {
            Ok(token) => Ok(Some(token)),
            Err(VaultError::Missing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Stores the verify token of a platform's callback override.
    ///
    /// # Errors
    /// [`VaultError`] when it could not be stored.
    pub async fn store_override_token(&self, id: &OverrideId, token: &Secret) -> Result<(), VaultError> {
        self.create(&self.override_name(id), token).await
    }

    /// The verify token of a platform's callback override.
    ///
    /// # Errors
    /// [`VaultError`] when it cannot be read.
    pub async fn override_token(&self, id: &OverrideId) -> Result<Secret, VaultError> {
        self.read(&self.override_name(id)).await
    }

    /// Deletes the verify token of an override; succeeds if it is already deleted.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`] when the vault does not respond.
    pub async fn destroy_override_token(&self, id: &OverrideId) -> Result<(), VaultError> {
        self.destroy(self.override_name(id)).await
    }

    /// Deletes the token of an attempt immediately; succeeds if it is already deleted.
    ///
    /// # Errors
    /// [`VaultError::Unavailable`] when the vault does not respond.
    pub async fn destroy_business_token(&self, attempt: &AttemptId) -> Result<(), VaultError> {
        self.destroy(self.token_name(attempt)).await
    }

    async fn destroy(&self, name: String) -> Result<(), VaultError> {
        let request = self.client().delete_secret().secret_id(name);
        match request.force_delete_without_recovery(true).send().await.map_err(|error| reduce(&error)) {
            Ok(_) | Err(VaultError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The two-step PIN of a number: the stored one, or a new random one that is stored before it is returned. Losing a
    /// PIN that was used would lock the number for a week.
    ///
    /// # Errors
    /// [`VaultError`] when it can be neither read nor stored; the number must not be registered then.
    pub async fn pin(&self, phone: &PhoneNumberId) -> Result<Secret, VaultError> {
        let name = self.pin_name(phone);
        match self.read(&name).await {
            Err(VaultError::Missing) => {}
            known => return known,
        }
        let pin = Secret::new(format!("{:06}", rand::rng().random_range(0..1_000_000_u32)));
        match self.create(&name, &pin).await {
            Ok(()) => Ok(pin),
            Err(VaultError::Taken) => self.read(&name).await,
            Err(error) => Err(error),
        }
    }

    async fn create(&self, name: &str, value: &Secret) -> Result<(), VaultError> {
        let request = self.client().create_secret().name(name).secret_string(value.expose());
        let sent = request.client_request_token(idempotency_token(name, value)).send().await;
        match sent.map_err(|error| reduce(&error)) {
            Err(VaultError::Taken) => match self.read(name).await? {
                stored if same(&stored, value) => Ok(()),
                _ => Err(VaultError::Taken),
            },
            other => other.map(drop),
        }
    }

    async fn read(&self, id: &str) -> Result<Secret, VaultError> {
        let reply = self.client().get_secret_value().secret_id(id).send().await.map_err(|error| reduce(&error))?;
        reply.secret_string.filter(|text| !text.is_empty()).map(Secret::new).ok_or(VaultError::Missing)
    }
}

/// The same name and value give the same token, so that a create whose answer was lost can be repeated.
fn idempotency_token(name: &str, value: &Secret) -> String {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([0]);
    hash.update(value.expose());
    hex::encode(hash.finalize())
}

fn same(one: &Secret, other: &Secret) -> bool {
    subtle::ConstantTimeEq::ct_eq(one.expose().as_bytes(), other.expose().as_bytes()).into()
}

fn reduce<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> VaultError {
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ResourceNotFoundException") => VaultError::Missing,
        Some("ResourceExistsException") => VaultError::Taken,
        Some(code) => VaultError::Unavailable(code.to_owned()),
        None => VaultError::Unavailable("unreachable".to_owned()),
    }
}
