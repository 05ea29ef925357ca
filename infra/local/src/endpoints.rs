//! The addresses of a running stack, for other programs.

use crate::options::Meta;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

/// Everything another program needs to use the stack.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoints {
    /// HTTP API: `/signup`, `/v1`.
    pub api: String,
    /// Function URL that Meta calls.
    pub webhook: String,
    /// Graph API the functions call.
    pub graph: String,
    /// AWS services; the AWS CLI and boto3 accept any credentials.
    pub aws: AwsEndpoints,
    /// Region to use with them.
    pub region: String,
    /// Name of the table.
    pub table: String,
    /// Queue URLs by logical id.
    pub queues: BTreeMap<String, String>,
    /// Secret ARNs by logical id.
    pub secrets: BTreeMap<String, String>,
    /// Bearer token for `/v1/*`, valid for 12 hours.
    pub platform_token: String,
    /// The identity at Meta.
    pub meta: Meta,
    /// Control of the stack itself: `/_local/functions`, `/_local/schedules`.
    pub control: String,
}

/// Addresses of the AWS services.
#[derive(Debug, Clone, Serialize)]
pub struct AwsEndpoints {
    /// DynamoDB.
    pub dynamodb: String,
    /// SQS.
    pub sqs: String,
    /// Secrets Manager.
    pub secretsmanager: String,
}

impl Endpoints {
    /// Writes the addresses as JSON, atomically.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(serde_json::to_string_pretty(self)?.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}
