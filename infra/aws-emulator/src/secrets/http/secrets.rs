//! Operations on a secret as a whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{SecretId, day, extend, timestamp, version_id};
use crate::identifier;
use crate::secrets::SecretsManager;
use crate::secrets::error::SecretsError;
use crate::secrets::secret::{CURRENT, Secret, SecretValue};
use crate::secrets::store::NewSecret;

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

fn to_map(tags: Vec<Tag>) -> BTreeMap<String, String> {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Create {
    name: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_string: Option<String>,
    #[serde(default, with = "crate::blob")]
    secret_binary: Option<Vec<u8>>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn create(secrets: &SecretsManager, input: Create) -> Result<Value, SecretsError> {
    let token = version_id(input.client_request_token)?;
    let value = SecretValue::from_parts(input.secret_string, input.secret_binary)?;
    let version = value.is_some().then(|| token.clone());
    let new = NewSecret {
        name: input.name,
        token,
        value,
        description: input.description,
        kms_key_id: input.kms_key_id,
        tags: to_map(input.tags),
    };
    let (mut store, now) = (secrets.store(), secrets.now());
    let secret = store.create(new, &secrets.shared.arn_prefix, now)?;
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    extend(&mut answer, [("VersionId", version.map(Value::from))]);
    Ok(answer)
}

/// Members common to `DescribeSecret` and `ListSecrets`.
pub(super) fn entry(secret: &Secret) -> Value {
    let mut entry = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "CreatedDate": timestamp(secret.created_at),
        "LastChangedDate": timestamp(secret.changed_at),
    });
    let tags = secret.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect::<Vec<_>>();
    extend(
        &mut entry,
        [
            ("Description", secret.description.clone().map(Value::from)),
            ("KmsKeyId", secret.kms_key_id.clone().map(Value::from)),
            ("LastAccessedDate", secret.accessed_at.map(|at| day(at).into())),
            ("Tags", (!tags.is_empty()).then(|| tags.into())),
        ],
    );
    entry
}

pub(super) fn describe(secrets: &SecretsManager, input: &SecretId) -> Result<Value, SecretsError> {
    let store = secrets.store();
    let secret = store.get(&input.id)?;
    let mut answer = entry(secret);
    let stages = secret.stages();
    extend(
        &mut answer,
        [
            ("VersionIdsToStages", (!stages.is_empty()).then(|| json!(stages))),
            ("DeletedDate", secret.deletion.map(|deletion| timestamp(deletion.due_at).into())),
        ],
    );
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Update {
    secret_id: String,
    client_request_token: Option<String>,
    description: Option<String>,
    kms_key_id: Option<String>,
    secret_string: Option<String>,
    #[serde(default, with = "crate::blob")]
    secret_binary: Option<Vec<u8>>,
}

pub(super) fn update(secrets: &SecretsManager, input: Update) -> Result<Value, SecretsError> {
    let token = version_id(input.client_request_token)?;
    let value = SecretValue::from_parts(input.secret_string, input.secret_binary)?;
    let (mut store, now) = (secrets.store(), secrets.now());
    let secret = store.active_mut(&input.secret_id)?;
    let version = value.is_some().then(|| token.clone());
    if let Some(value) = value {
        secret.put(&token, value, &BTreeSet::from([CURRENT.to_owned()]), now)?;
    }
    if input.description.is_some() {
        secret.description = input.description;
    }
    if input.kms_key_id.is_some() {
        secret.kms_key_id = input.kms_key_id;
    }
    secret.changed_at = now;
    let mut answer = json!({"ARN": secret.arn, "Name": secret.name});
    extend(&mut answer, [("VersionId", version.map(Value::from))]);
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Delete {
    secret_id: String,
    recovery_window_in_days: Option<i64>,
    #[serde(default)]
    force_delete_without_recovery: bool,
}

pub(super) fn delete(secrets: &SecretsManager, input: &Delete) -> Result<Value, SecretsError> {
    let (mut store, now) = (secrets.store(), secrets.now());
    let (window, force) = (input.recovery_window_in_days, input.force_delete_without_recovery);
    let (arn, name, gone_at) = match store.delete(&input.secret_id, window, force, now) {
        // Documented: forced deletion of a missing secret is not an error.
        Err(SecretsError::ResourceNotFound(_)) if force => {
            let arn = format!("{}{}-{}", secrets.shared.arn_prefix, input.secret_id, identifier::alphanumeric(6));
            (arn, input.secret_id.clone(), now)
        }
        outcome => outcome?,
    };
    Ok(json!({"ARN": arn, "Name": name, "DeletionDate": timestamp(gone_at)}))
}

pub(super) fn restore(secrets: &SecretsManager, input: &SecretId) -> Result<Value, SecretsError> {
    let mut store = secrets.store();
    let secret = store.get_mut(&input.id)?;
    secret.deletion = None;
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    secret_id: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) fn tag(secrets: &SecretsManager, input: TagResource) -> Result<Value, SecretsError> {
    secrets.store().active_mut(&input.secret_id)?.tags.extend(to_map(input.tags));
    Ok(json!({}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagResource {
    secret_id: String,
    #[serde(default)]
    tag_keys: Vec<String>,
}

pub(super) fn untag(secrets: &SecretsManager, input: &UntagResource) -> Result<Value, SecretsError> {
    secrets.store().active_mut(&input.secret_id)?.tags.retain(|key, _| !input.tag_keys.contains(key));
    Ok(json!({}))
}
