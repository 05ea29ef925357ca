//! Names, ARNs and addresses of the template's resources in the local stack.

use crate::addresses::Addresses;
use crate::template::{Resolver, Resource, Template};
use serde_json::{Value, json};

/// Account id of the local stack.
pub(crate) const ACCOUNT: &str = "000000000000";
/// Region of the local stack.
pub(crate) const REGION: &str = "us-east-1";
/// Stack name of the local stack.
pub(crate) const STACK: &str = "onboarding-local";

/// The physical name of a resource.
pub(crate) fn name(id: &str) -> String {
    format!("{STACK}-{id}")
}

/// The ARN of a function.
pub(crate) fn function_arn(id: &str) -> String {
    format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{}", name(id))
}

/// The ARN of a queue.
pub(crate) fn queue_arn(id: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{}", name(id))
}

/// Registers parameters, pseudo parameters and every resource whose name is known before creation.
pub(crate) fn register(
    template: &Template,
    parameters: impl IntoIterator<Item = (String, Value)>,
    at: &Addresses,
) -> Resolver {
    let mut resolver = Resolver { conditions: template.conditions.clone(), ..Resolver::default() };
    resolver.references.extend(parameters);
    let stack_id =
        format!("arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/00000000-0000-0000-0000-000000000000");
    for (pseudo, value) in [
        ("AWS::AccountId", ACCOUNT),
        ("AWS::Region", REGION),
        ("AWS::Partition", "aws"),
        ("AWS::StackName", STACK),
        ("AWS::StackId", stack_id.as_str()),
        ("AWS::URLSuffix", "amazonaws.com"),
    ] {
        resolver.references.insert(pseudo.to_owned(), Value::from(value));
    }
    template.resources.iter().for_each(|resource| name_resource(&mut resolver, resource, at));
    resolver
}

/// `Ref` and `GetAtt` of one resource. A secret's ARN has a random suffix and is known once the secret exists.
fn name_resource(resolver: &mut Resolver, resource: &Resource, at: &Addresses) {
    let id = resource.id.as_str();
    let (reference, attributes) = match resource.kind.as_str() {
        "AWS::SecretsManager::Secret" => return,
        "AWS::SQS::Queue" => {
            let url = format!("{}/{ACCOUNT}/{}", at.sqs, name(id));
            (url.clone(), vec![("Arn", queue_arn(id)), ("QueueName", name(id)), ("QueueUrl", url)])
        }
        "AWS::DynamoDB::Table" => {
            (name(id), vec![("Arn", format!("arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{}", name(id)))])
        }
        "AWS::Serverless::Function" => (name(id), vec![("Arn", function_arn(id))]),
        "AWS::Lambda::Url" => (name(id), vec![("FunctionUrl", format!("{}/", at.webhook))]),
        _ => (name(id), vec![]),
    };
    resolver.references.insert(id.to_owned(), Value::from(reference));
    for (attribute, value) in attributes {
        resolver.attributes.insert((id.to_owned(), attribute.to_owned()), json!(value));
    }
    if resource.properties.get("FunctionUrlConfig").is_some() {
        let key = (format!("{id}Url"), "FunctionUrl".to_owned());
        resolver.attributes.insert(key, json!(format!("{}/", at.webhook)));
    }
}
