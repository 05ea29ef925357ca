//! Creates the template's table, queues and secrets in the embedded services.

use crate::error::StackError;
use crate::options::Meta;
use crate::physical::name;
use crate::template::{Resolver, Template, unknown};
use aws_emulator::{RandomPassword, SecretsManager, Sqs};
use dynoxide::Database;
use dynoxide::actions::create_table::CreateTableRequest;
use dynoxide::actions::update_time_to_live::UpdateTimeToLiveRequest;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Creates the secrets, sets the values for Meta, and registers their ARNs, which have a random suffix.
pub(crate) fn secrets(
    template: &Template,
    resolver: &mut Resolver,
    vault: &SecretsManager,
    meta: &Meta,
) -> Result<BTreeMap<String, String>, StackError> {
    let mut arns = BTreeMap::new();
    for resource in template.of_type("AWS::SecretsManager::Secret") {
        let properties = resolver.evaluate(&resource.id, &resource.properties)?;
        let full_name =
            properties.get("Name").and_then(Value::as_str).map_or_else(|| name(&resource.id), str::to_owned);
        let value = match resource.id.as_str() {
            "AppSecret" => Some(meta.app_secret.clone()),
            "VerifyToken" => Some(meta.verify_token.clone()),
            // A platform without a system token stores none, and the secret has no value.
            "SystemToken" => Some(meta.system_token.clone()).filter(|token| !token.is_empty()),
            _ => generated(&resource.id, &properties, vault)?,
        };
        let arn = match vault.secret_arn(&full_name) {
            Ok(arn) => arn,
            Err(_) => vault
                .create_secret(&full_name, value, None, &BTreeMap::new())
                .map_err(|error| StackError::service(&resource.id, &error))?,
        };
        resolver.references.insert(resource.id.clone(), Value::from(arn.clone()));
        arns.insert(resource.id.clone(), arn);
    }
    Ok(arns)
}

fn generated(id: &str, properties: &Value, vault: &SecretsManager) -> Result<Option<String>, StackError> {
    let Some(options) = properties.get("GenerateSecretString") else {
        return Ok(None);
    };
    let options: RandomPassword =
        serde_json::from_value(options.clone()).map_err(|_| unknown(id, "this GenerateSecretString"))?;
    vault.generate_random_password(&options).map(Some).map_err(|error| StackError::service(id, &error))
}

/// Creates the queues, dead-letter queues first, because the others refer to them.
pub(crate) fn queues(
    template: &Template,
    resolver: &Resolver,
    sqs: &Sqs,
) -> Result<BTreeMap<String, String>, StackError> {
    let mut resources: Vec<_> = template.of_type("AWS::SQS::Queue").collect();
    resources.sort_by_key(|resource| resource.properties.get("RedrivePolicy").is_some());
    let mut urls = BTreeMap::new();
    for resource in resources {
        let properties = resolver.evaluate(&resource.id, &resource.properties)?;
        let mut attributes = BTreeMap::new();
        for (property, value) in crate::template::object(&properties, &resource.id)? {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            attributes.insert(property.clone(), value);
        }
        let url = sqs.create_queue(&name(&resource.id), &attributes, &BTreeMap::new());
        urls.insert(resource.id.clone(), url.map_err(|error| StackError::service(&resource.id, &error))?);
    }
    Ok(urls)
}

/// Creates the table; its CloudFormation properties are a `CreateTable` request except for what AWS sets separately.
pub(crate) fn table(template: &Template, resolver: &Resolver, database: &Database) -> Result<String, StackError> {
    let mut created = String::new();
    for resource in template.of_type("AWS::DynamoDB::Table") {
        let table = name(&resource.id);
        created.clone_from(&table);
        if database.get_table_metadata(&table).is_ok_and(|found| found.is_some()) {
            continue;
        }
        let mut request = resolver.evaluate(&resource.id, &resource.properties)?;
        let mut expiry = None;
        if let Some(properties) = request.as_object_mut() {
            expiry = properties.remove("TimeToLiveSpecification");
            properties.remove("PointInTimeRecoverySpecification");
            properties.remove("SSESpecification");
            properties.insert("TableName".to_owned(), json!(table));
        }
        let request: CreateTableRequest =
            serde_json::from_value(request).map_err(|_| unknown(&resource.id, "these table properties"))?;
        database.create_table(request).map_err(|error| StackError::service(&resource.id, &error))?;
        if let Some(expiry) = expiry {
            let request = json!({ "TableName": table, "TimeToLiveSpecification": expiry });
            let request: UpdateTimeToLiveRequest =
                serde_json::from_value(request).map_err(|_| unknown(&resource.id, "TimeToLiveSpecification"))?;
            database.update_time_to_live(request).map_err(|error| StackError::service(&resource.id, &error))?;
        }
    }
    Ok(created)
}
