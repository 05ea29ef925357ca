//! What must survive mistakes: the table and the secrets.

use super::tree::entries;
use super::{Resource, Template};
use crate::repository::{Offence, forbid, paths_below, read, root};
use serde_norway::Value;

const RETAIN: [&str; 2] = ["DeletionPolicy", "UpdateReplacePolicy"];
const SWITCHES: [&[&str]; 3] = [
    &["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"],
    &["SSESpecification", "SSEEnabled"],
    &["TimeToLiveSpecification", "Enabled"],
];
/// Name parts that suggest a secret value among the parameters.
const SECRET_WORDS: [&str; 4] = ["Secret", "Token", "Password", "Pin"];

#[test]
fn the_table_survives_deletion_mistakes_and_theft_of_a_disk() {
    let found = fragile_tables(&Template::of_repository());
    forbid(found, "A table has point-in-time recovery, encryption, TTL, and is retained when the stack is deleted.");
}

#[test]
fn a_secret_is_retained_or_its_loss_is_documented() {
    let pages = if root().join("infra/runbooks").is_dir() { paths_below("infra/runbooks") } else { Vec::new() };
    let readme = root().join("README.md").is_file().then(|| "README.md".to_owned());
    let documents: String = pages.into_iter().chain(readme).map(|path| read(&path)).collect();
    let found = fragile_secrets(&Template::of_repository(), &documents);
    forbid(
        found,
        "Set `DeletionPolicy: Retain`, or name the secret in README.md or a runbook and say how to set it again.",
    );
}

#[test]
fn no_secret_value_passes_through_the_template() {
    let found = values_in_the_open(&Template::of_repository());
    forbid(found, "Let Secrets Manager generate the value, or set it after the deployment; variables carry ARNs.");
}

fn retained(resource: &Resource<'_>, key: &str) -> bool {
    resource.whole(&[key]).and_then(Value::as_str) == Some("Retain")
}

fn fragile_tables(template: &Template) -> Vec<Offence> {
    let mut found = Vec::new();
    for table in template.of_type("AWS::DynamoDB::Table") {
        let off = SWITCHES.iter().filter(|path| table.property(path).and_then(Value::as_bool) != Some(true));
        found.extend(off.map(|path| template.offence(table.id, format!("has no {}", path.join(".")))));
        let lost = RETAIN.iter().filter(|key| !retained(&table, key));
        found.extend(lost.map(|key| template.offence(table.id, format!("has no `{key}: Retain`"))));
    }
    found
}

fn fragile_secrets(template: &Template, documents: &str) -> Vec<Offence> {
    let secrets = template.of_type("AWS::SecretsManager::Secret");
    let lost =
        secrets.filter(|secret| !RETAIN.iter().all(|key| retained(secret, key)) && !documents.contains(secret.id));
    lost.map(|secret| template.offence(secret.id, "is deleted with the stack, and no document says what then"))
        .collect()
}

fn values_in_the_open(template: &Template) -> Vec<Offence> {
    let secrets = template.of_type("AWS::SecretsManager::Secret");
    let written = secrets.filter(|secret| secret.property(&["SecretString"]).is_some());
    let mut found: Vec<Offence> =
        written.map(|secret| template.offence(secret.id, "has its value in the template")).collect();
    let parameters = entries(template.section("Parameters"))
        .filter(|(name, _)| SECRET_WORDS.iter().any(|word| name.ends_with(word)));
    found.extend(parameters.map(|(name, _)| template.offence(name, "is a secret as a parameter")));
    let variables = template.functions().flat_map(|function| {
        entries(function.property(&["Environment", "Variables"])).map(move |it| (function.id, it.0))
    });
    let open = variables.filter(|(_, name)| SECRET_WORDS.iter().any(|word| name.ends_with(&word.to_uppercase())));
    found.extend(open.map(|(id, name)| template.offence(id, format!("has a secret as the variable {name}"))));
    found
}

mod proofs {
    use super::*;

    const GOOD: &str = "
Resources:
  T:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
      SSESpecification: { SSEEnabled: true }
      TimeToLiveSpecification: { AttributeName: x, Enabled: true }
";

    #[test]
    fn a_fragile_table_is_found() {
        assert_eq!(fragile_tables(&Template::parse(GOOD)), []);
        for (old, new) in [
            ("  DeletionPolicy: Retain", "  DeletionPolicy: Delete"),
            ("    UpdateReplacePolicy: Retain\n", ""),
            ("PointInTimeRecoveryEnabled: true", "PointInTimeRecoveryEnabled: false"),
            ("SSEEnabled: true", "SSEEnabled: \"no\""),
            ("x, Enabled: true", "x"),
        ] {
            assert_eq!(fragile_tables(&Template::parse(&GOOD.replace(old, new))).len(), 1, "{old}");
        }
    }

    #[test]
    fn a_secret_lost_silently_is_found() {
        let template = Template::parse("Resources: { AppSecret: { Type: AWS::SecretsManager::Secret } }");
        assert_eq!(fragile_secrets(&template, "Nothing.").len(), 1);
        assert_eq!(fragile_secrets(&template, "AppSecret comes from Meta's app dashboard."), []);
    }

    #[test]
    fn a_secret_value_in_the_template_is_found() {
        for text in [
            "Resources: { S: { Type: AWS::SecretsManager::Secret, Properties: { SecretString: x } } }",
            "Parameters: { SystemToken: { Type: String } }",
            "Resources: { F: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { APP_SECRET: x } } } } }",
        ] {
            assert_eq!(values_in_the_open(&Template::parse(text)).len(), 1, "{text}");
        }
        let arns = "Resources: { F: { Type: AWS::Serverless::Function, Properties: { Environment: { Variables: { APP_SECRET_ARN: x } } } } }";
        assert_eq!(values_in_the_open(&Template::parse(arns)), []);
    }
}
