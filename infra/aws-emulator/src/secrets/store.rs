//! All secrets of the account: lookup by name or ARN, creation, deletion.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::SecretsError;
use super::secret::{CURRENT, Deletion, Secret, SecretValue};
use crate::identifier;

const DAY: u64 = 86_400_000;

/// Recovery window in days: minimum, maximum, default.
const RECOVERY_WINDOW: (i64, i64, i64) = (7, 30, 30);

/// Maximum length of a name, in characters.
const MAXIMUM_NAME: usize = 512;

/// A secret to create.
pub(super) struct NewSecret {
    pub(super) name: String,
    /// The id of the first version.
    pub(super) token: String,
    pub(super) value: Option<SecretValue>,
    pub(super) description: Option<String>,
    pub(super) kms_key_id: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Store {
    /// By name.
    secrets: BTreeMap<String, Secret>,
}

impl Store {
    /// Drops the secrets whose recovery window has ended. Called before every other access.
    pub(super) fn expire(&mut self, now: u64) {
        self.secrets.retain(|_, secret| secret.deletion.is_none_or(|deletion| deletion.due_at > now));
    }

    pub(super) fn create(&mut self, new: NewSecret, arn_prefix: &str, now: u64) -> Result<&Secret, SecretsError> {
        check_name(&new.name)?;
        if let Some(secret) = self.secrets.get(&new.name) {
            check_repeated(secret, &new)?;
        } else {
            let mut secret = Secret {
                arn: format!("{arn_prefix}{}-{}", new.name, identifier::alphanumeric(6)),
                name: new.name.clone(),
                description: new.description,
                kms_key_id: new.kms_key_id,
                tags: new.tags,
                created_at: now,
                changed_at: now,
                accessed_at: None,
                deletion: None,
                versions: BTreeMap::new(),
            };
            if let Some(value) = new.value {
                secret.put(&new.token, value, &BTreeSet::from([CURRENT.to_owned()]), now)?;
            }
            self.secrets.insert(new.name.clone(), secret);
        }
        self.get(&new.name)
    }

    /// The secret with this name, ARN, or ARN without the hyphen and six characters at its end.
    pub(super) fn get(&self, id: &str) -> Result<&Secret, SecretsError> {
        let matches = |secret: &&Secret| secret.arn == id || partial_arn(&secret.arn) == Some(id);
        let by_arn = || id.starts_with("arn:").then(|| self.secrets.values().find(matches)).flatten();
        self.secrets.get(id).or_else(by_arn).ok_or_else(SecretsError::no_secret)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Result<&mut Secret, SecretsError> {
        let name = self.get(id)?.name.clone();
        self.secrets.get_mut(&name).ok_or_else(SecretsError::no_secret)
    }

    /// The secret, unless it is scheduled for deletion.
    pub(super) fn active_mut(&mut self, id: &str) -> Result<&mut Secret, SecretsError> {
        let secret = self.get_mut(id)?;
        secret.check_active()?;
        Ok(secret)
    }

    /// All secrets by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Secret> {
        self.secrets.values()
    }

    /// Marks a secret for deletion after `window` days, or deletes it now. Returns ARN, name and deletion time.
    pub(super) fn delete(
        &mut self,
        id: &str,
        window: Option<i64>,
        force: bool,
        now: u64,
    ) -> Result<(String, String, u64), SecretsError> {
        let (least, most, default) = RECOVERY_WINDOW;
        if force && window.is_some() {
            let text = "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.";
            return Err(SecretsError::InvalidParameter(text.to_owned()));
        }
        let days = window.unwrap_or(default);
        if !(least..=most).contains(&days) {
            let text = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
            return Err(SecretsError::InvalidParameter(text.to_owned()));
        }
        let secret = self.get_mut(id)?;
        let (arn, name) = (secret.arn.clone(), secret.name.clone());
        if force {
            self.secrets.remove(&name);
            return Ok((arn, name, now));
        }
        if secret.deletion.is_some() {
            let text = "You can't perform this operation on the secret because it was already scheduled for deletion.";
            return Err(SecretsError::InvalidRequest(text.to_owned()));
        }
        let due_at = now.saturating_add(days.unsigned_abs() * DAY);
        secret.deletion = Some(Deletion { requested_at: now, due_at });
        Ok((arn, name, due_at))
    }
}

/// A secret of this name exists: accepted if the request is a repeat of the one that created it.
fn check_repeated(secret: &Secret, new: &NewSecret) -> Result<(), SecretsError> {
    if secret.deletion.is_some() {
        let text = "You can't create this secret because a secret with this name is already scheduled for deletion.";
        return Err(SecretsError::InvalidRequest(text.to_owned()));
    }
    let same = secret.versions.get(&new.token).is_some_and(|version| Some(&version.value) == new.value.as_ref());
    if same {
        return Ok(());
    }
    Err(SecretsError::ResourceExists(format!("The operation failed because the secret {} already exists.", new.name)))
}

fn partial_arn(arn: &str) -> Option<&str> {
    arn.rsplit_once('-').map(|(partial, _)| partial)
}

fn check_name(name: &str) -> Result<(), SecretsError> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"/_+=.@-".contains(&byte);
    if !(1..=MAXIMUM_NAME).contains(&name.len()) {
        return Err(SecretsError::constraint("name", "Member must have length between 1 and 512"));
    }
    if name.bytes().all(known) {
        return Ok(());
    }
    Err(SecretsError::Validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
            .to_owned(),
    ))
}
