//! Operations on the versions of a secret and their values.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{day, extend, timestamp, version_id};
use crate::blob;
use crate::secrets::SecretsManager;
use crate::secrets::error::SecretsError;
use crate::secrets::secret::{CURRENT, SecretValue};

/// Maximum secrets per `BatchGetSecretValue`.
const MAXIMUM_BATCH: usize = 20;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Get {
    secret_id: String,
    version_id: Option<String>,
    version_stage: Option<String>,
}

pub(super) fn get(secrets: &SecretsManager, input: &Get) -> Result<Value, SecretsError> {
    let now = secrets.now();
    let mut store = secrets.store();
    let secret = store.active_mut(&input.secret_id)?;
    let id = secret.find(input.version_id.as_deref(), input.version_stage.as_deref())?.to_owned();
    secret.accessed_at = Some(now);
    let version = secret.versions.get_mut(&id).ok_or_else(|| SecretsError::no_version(&id))?;
    version.accessed_at = Some(now);
    let mut answer = json!({
        "ARN": secret.arn,
        "Name": secret.name,
        "VersionId": id,
        "VersionStages": version.stages,
        "CreatedDate": timestamp(version.created_at),
    });
    extend(
        &mut answer,
        [
            ("SecretString", version.value.text.clone().map(Value::from)),
            ("SecretBinary", version.value.bytes.as_deref().map(|bytes| blob::encode(bytes).into())),
        ],
    );
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetBatch {
    #[serde(default)]
    secret_id_list: Vec<String>,
}

pub(super) fn get_batch(secrets: &SecretsManager, input: &GetBatch) -> Result<Value, SecretsError> {
    if !(1..=MAXIMUM_BATCH).contains(&input.secret_id_list.len()) {
        let text = "SecretIdList must name between 1 and 20 secrets; Filters are not emulated.";
        return Err(SecretsError::InvalidParameter(text.to_owned()));
    }
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for id in &input.secret_id_list {
        match get(secrets, &Get { secret_id: id.clone(), version_id: None, version_stage: None }) {
            Ok(value) => values.push(value),
            Err(error) => {
                errors.push(json!({"SecretId": id, "ErrorCode": error.code(), "Message": error.to_string()}));
            }
        }
    }
    Ok(json!({"SecretValues": values, "Errors": errors}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Put {
    secret_id: String,
    client_request_token: Option<String>,
    secret_string: Option<String>,
    #[serde(default, with = "crate::blob")]
    secret_binary: Option<Vec<u8>>,
    version_stages: Option<BTreeSet<String>>,
}

pub(super) fn put(secrets: &SecretsManager, input: Put) -> Result<Value, SecretsError> {
    let token = version_id(input.client_request_token)?;
    let value = SecretValue::from_parts(input.secret_string, input.secret_binary)?.ok_or_else(|| {
        SecretsError::InvalidRequest("You must provide either SecretString or SecretBinary.".to_owned())
    })?;
    let stages = input.version_stages.unwrap_or_else(|| BTreeSet::from([CURRENT.to_owned()]));
    let (mut store, now) = (secrets.store(), secrets.now());
    let secret = store.active_mut(&input.secret_id)?;
    secret.put(&token, value, &stages, now)?;
    let attached = secret.versions.get(&token).map(|version| &version.stages);
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "VersionId": token, "VersionStages": attached}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct MoveStage {
    secret_id: String,
    version_stage: String,
    move_to_version_id: Option<String>,
    remove_from_version_id: Option<String>,
}

pub(super) fn move_stage(secrets: &SecretsManager, input: &MoveStage) -> Result<Value, SecretsError> {
    let (mut store, now) = (secrets.store(), secrets.now());
    let secret = store.active_mut(&input.secret_id)?;
    let (to, from) = (input.move_to_version_id.as_deref(), input.remove_from_version_id.as_deref());
    secret.move_stage(&input.version_stage, to, from, now)?;
    Ok(json!({"ARN": secret.arn, "Name": secret.name}))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct List {
    secret_id: String,
    #[serde(default)]
    include_deprecated: bool,
}

pub(super) fn list(secrets: &SecretsManager, input: &List) -> Result<Value, SecretsError> {
    let store = secrets.store();
    let secret = store.get(&input.secret_id)?;
    let shown = |stages: &BTreeSet<String>| input.include_deprecated || !stages.is_empty();
    let mut versions: Vec<_> = secret.versions.iter().filter(|(_, version)| shown(&version.stages)).collect();
    versions.sort_by_key(|(_, version)| version.number);
    let entries = versions.into_iter().map(|(id, version)| {
        let mut entry = json!({
            "VersionId": id,
            "CreatedDate": timestamp(version.created_at),
            "KmsKeyIds": [secret.kms_key_id.as_deref().unwrap_or("DefaultEncryptionKey")],
        });
        extend(
            &mut entry,
            [
                ("VersionStages", (!version.stages.is_empty()).then(|| json!(version.stages))),
                ("LastAccessedDate", version.accessed_at.map(|at| day(at).into())),
            ],
        );
        entry
    });
    Ok(json!({"ARN": secret.arn, "Name": secret.name, "Versions": entries.collect::<Vec<_>>()}))
}
