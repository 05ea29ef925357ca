//! One secret: its versions and their staging labels. There is no clock in here; every method is passed the time.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::error::SecretsError;

pub(super) const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// Maximum bytes of a secret value (Secrets Manager User Guide, "Quotas").
const MAXIMUM_VALUE: usize = 65_536;

/// Value of a version: text or bytes, never both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SecretValue {
    #[serde(rename = "SecretString")]
    pub(super) text: Option<String>,
    #[serde(rename = "SecretBinary", default, with = "crate::blob")]
    pub(super) bytes: Option<Vec<u8>>,
}

impl SecretValue {
    /// The value of a request, if it has one.
    pub(super) fn from_parts(text: Option<String>, bytes: Option<Vec<u8>>) -> Result<Option<Self>, SecretsError> {
        let (member, length) = match (&text, &bytes) {
            (Some(_), Some(_)) => {
                let text = "You can't specify both a binary secret value and a string secret value in the same secret.";
                return Err(SecretsError::InvalidParameter(text.to_owned()));
            }
            (Some(text), None) => ("secretString", text.len()),
            (None, Some(bytes)) => ("secretBinary", bytes.len()),
            (None, None) => return Ok(None),
        };
        match length {
            0 => Err(SecretsError::constraint(member, "Member must have length greater than or equal to 1")),
            1..=MAXIMUM_VALUE => Ok(Some(Self { text, bytes })),
            _ => Err(SecretsError::constraint(member, "Member must have length less than or equal to 65536")),
        }
    }
}

/// A version of a secret. A version without stages is deprecated. Times are milliseconds since the epoch.
#[derive(Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) value: SecretValue,
    pub(super) stages: BTreeSet<String>,
    pub(super) created_at: u64,
    pub(super) accessed_at: Option<u64>,
    /// Order of creation within the secret.
    pub(super) number: usize,
}

/// A scheduled deletion.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub(super) struct Deletion {
    pub(super) requested_at: u64,
    pub(super) due_at: u64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Secret {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) kms_key_id: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created_at: u64,
    pub(super) changed_at: u64,
    pub(super) accessed_at: Option<u64>,
    pub(super) deletion: Option<Deletion>,
    pub(super) versions: BTreeMap<String, Version>,
}

impl Secret {
    pub(super) fn check_active(&self) -> Result<(), SecretsError> {
        if self.deletion.is_some() { Err(SecretsError::marked_for_deletion()) } else { Ok(()) }
    }

    /// Stores a value as a version with the given stages. The same value under the same id is the same version. A stage
    /// that another version had moves here.
    pub(super) fn put(
        &mut self,
        id: &str,
        value: SecretValue,
        stages: &BTreeSet<String>,
        now: u64,
    ) -> Result<(), SecretsError> {
        if let Some(version) = self.versions.get(id) {
            if version.value == value {
                return Ok(());
            }
            let text = format!("You can't modify the value of the existing version {id} of the secret.");
            return Err(SecretsError::ResourceExists(text));
        }
        let number = self.versions.len();
        let version = Version { value, stages: BTreeSet::new(), created_at: now, accessed_at: None, number };
        self.versions.insert(id.to_owned(), version);
        stages.iter().for_each(|stage| self.attach(stage, id));
        self.changed_at = now;
        Ok(())
    }

    /// The version for an id, a stage, or both, which must then agree.
    pub(super) fn find(&self, id: Option<&str>, stage: Option<&str>) -> Result<&str, SecretsError> {
        let Some(id) = id else {
            let stage = stage.unwrap_or(CURRENT);
            return self.holder(stage).ok_or_else(|| SecretsError::no_stage(stage));
        };
        let (id, version) = self.versions.get_key_value(id).ok_or_else(|| SecretsError::no_version(id))?;
        if stage.is_some_and(|stage| !version.stages.contains(stage)) {
            let text = "You provided a VersionStage that is not associated to the provided VersionId.";
            return Err(SecretsError::InvalidRequest(text.to_owned()));
        }
        Ok(id)
    }

    /// Moves a stage to a version, takes it from one, or both.
    pub(super) fn move_stage(
        &mut self,
        stage: &str,
        to: Option<&str>,
        from: Option<&str>,
        now: u64,
    ) -> Result<(), SecretsError> {
        for id in [to, from].into_iter().flatten() {
            self.versions.get(id).ok_or_else(|| SecretsError::no_version(id))?;
        }
        let holder = self.holder(stage).map(str::to_owned);
        if let Some(from) = from.filter(|from| holder.as_deref() != Some(*from)) {
            let text = format!("Staging label {stage} isn't currently attached to version {from}.");
            return Err(SecretsError::InvalidParameter(text));
        }
        match (to, holder) {
            (Some(to), Some(holder)) if holder != to && from.is_none() => {
                return Err(SecretsError::InvalidParameter(format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
                     version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
                )));
            }
            (Some(to), _) => self.attach(stage, to),
            (None, _) if stage == CURRENT => {
                let text = "You can only move staging label AWSCURRENT to a different secret version. \
                            It can't be completely removed.";
                return Err(SecretsError::InvalidParameter(text.to_owned()));
            }
            (None, _) => self.detach(stage),
        }
        self.changed_at = now;
        Ok(())
    }

    /// Stages by version, for versions that have any.
    pub(super) fn stages(&self) -> BTreeMap<&str, &BTreeSet<String>> {
        let staged = self.versions.iter().filter(|(_, version)| !version.stages.is_empty());
        staged.map(|(id, version)| (id.as_str(), &version.stages)).collect()
    }

    fn holder(&self, stage: &str) -> Option<&str> {
        self.versions.iter().find(|(_, version)| version.stages.contains(stage)).map(|(id, _)| id.as_str())
    }

    /// Attaches a stage to a version. The version that loses `AWSCURRENT` becomes `AWSPREVIOUS`.
    fn attach(&mut self, stage: &str, id: &str) {
        let holder = self.holder(stage).map(str::to_owned);
        if holder.as_deref() == Some(id) {
            return;
        }
        self.detach(stage);
        if let Some(version) = self.versions.get_mut(id) {
            version.stages.insert(stage.to_owned());
        }
        if stage == CURRENT
            && let Some(previous) = holder
        {
            self.detach(PREVIOUS);
            if let Some(version) = self.versions.get_mut(&previous) {
                version.stages.insert(PREVIOUS.to_owned());
            }
        }
    }

    fn detach(&mut self, stage: &str) {
        for version in self.versions.values_mut() {
            version.stages.remove(stage);
        }
    }
}
