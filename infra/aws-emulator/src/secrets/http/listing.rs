//! `ListSecrets`: filters, order, pages.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{extend, secrets, timestamp};
use crate::secrets::SecretsManager;
use crate::secrets::error::SecretsError;
use crate::secrets::secret::Secret;

/// Maximum secrets per page.
const MAXIMUM_PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    key: String,
    #[serde(default)]
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct List {
    #[serde(default)]
    include_planned_deletion: bool,
    max_results: Option<usize>,
    next_token: Option<String>,
    #[serde(default)]
    filters: Vec<Filter>,
    sort_order: Option<String>,
}

pub(super) fn list(secrets: &SecretsManager, input: &List) -> Result<Value, SecretsError> {
    let start = input.next_token.as_deref().map_or(Ok(0), |token| {
        token.parse().map_err(|_| SecretsError::InvalidNextToken("Invalid next token.".to_owned()))
    })?;
    let max = input.max_results.unwrap_or(MAXIMUM_PAGE);
    if !(1..=MAXIMUM_PAGE).contains(&max) {
        return Err(SecretsError::InvalidParameter("MaxResults must be between 1 and 100.".to_owned()));
    }
    let store = secrets.store();
    let mut found = Vec::new();
    for secret in store.iter().filter(|secret| input.include_planned_deletion || secret.deletion.is_none()) {
        if input.filters.iter().map(|filter| filter.selects(secret)).collect::<Result<Vec<_>, _>>()?.iter().all(|m| *m)
        {
            found.push(secret);
        }
    }
    found.sort_by_key(|secret| secret.created_at);
    if input.sort_order.as_deref() != Some("asc") {
        found.reverse();
    }
    let shown: Vec<_> = found.iter().skip(start).take(max).map(|secret| entry(secret)).collect();
    let next = (start + shown.len() < found.len()).then(|| (start + shown.len()).to_string());
    let mut answer = json!({"SecretList": shown});
    extend(&mut answer, [("NextToken", next.map(Value::from))]);
    Ok(answer)
}

fn entry(secret: &Secret) -> Value {
    let mut entry = secrets::entry(secret);
    let stages = secret.stages();
    extend(
        &mut entry,
        [
            ("SecretVersionsToStages", (!stages.is_empty()).then(|| json!(stages))),
            ("DeletedDate", secret.deletion.map(|deletion| timestamp(deletion.requested_at).into())),
        ],
    );
    entry
}

impl Filter {
    /// Whether one of the values matches. A value that starts with `!` matches if the remainder does not.
    fn selects(&self, secret: &Secret) -> Result<bool, SecretsError> {
        for value in &self.values {
            let fits = match value.strip_prefix('!') {
                Some(value) => !self.fits(secret, value)?,
                None => self.fits(secret, value)?,
            };
            if fits {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn fits(&self, secret: &Secret, value: &str) -> Result<bool, SecretsError> {
        let lower = value.to_lowercase();
        let description = secret.description.as_deref().unwrap_or_default();
        Ok(match self.key.as_str() {
            "name" => secret.name.starts_with(value),
            "description" => description.to_lowercase().starts_with(&lower),
            "tag-key" => secret.tags.keys().any(|key| key.starts_with(value)),
            "tag-value" => secret.tags.values().any(|tag| tag.starts_with(value)),
            "all" => {
                let tags = secret.tags.iter().flat_map(|(key, tag)| [key.as_str(), tag.as_str()]);
                let texts: Vec<_> = tags.chain([secret.name.as_str(), description]).map(str::to_lowercase).collect();
                lower.split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
            }
            key => {
                return Err(SecretsError::InvalidParameter(format!("Filter key {key} is not emulated.")));
            }
        })
    }
}
