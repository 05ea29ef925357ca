//! SDK clients over one connector, configured by hand from Lambda's environment: the SDK's own provider chain would add
//! a second TLS stack and account for most of a cold start.

use crate::config::{Lookup, Problems};
use crate::tls::Tls;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::SharedAsyncSleep;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

mod connector;

pub use connector::Connector;

/// Timeout of one attempt of an AWS call; the SDK sets none by default.
const ATTEMPT: Duration = Duration::from_millis(2500);
/// Timeout of an AWS call, including its one retry; reserves for saving are multiples of it.
pub const OPERATION: Duration = Duration::from_secs(5);

/// Region, credentials and endpoints of AWS. Cheap to clone. Each client is built on first use: the SDK parses its
/// partition table for every service, a tenth of a cold start, which an invocation that does not call the service
/// should not pay for.
#[derive(Debug, Clone)]
pub struct AwsConfig(Arc<Services>);

#[derive(Debug)]
struct Services {
    sdk: SdkConfig,
    dynamodb: Service<aws_sdk_dynamodb::Client>,
    sqs: Service<aws_sdk_sqs::Client>,
    secretsmanager: Service<aws_sdk_secretsmanager::Client>,
}

/// A service's endpoint override, if set, and its shared client.
#[derive(Debug)]
struct Service<C> {
    address: Option<String>,
    client: OnceLock<C>,
}

impl AwsConfig {
    /// Reads region, credentials and endpoint variables under the SDK's own names.
    pub fn from_lookup(lookup: &Lookup<'_>, problems: &mut Problems, tls: &Tls) -> Self {
        let region = problems.required(lookup, "AWS_REGION");
        let key = problems.required(lookup, "AWS_ACCESS_KEY_ID");
        let secret = problems.required(lookup, "AWS_SECRET_ACCESS_KEY");
        let token = lookup("AWS_SESSION_TOKEN").filter(|token| !token.is_empty());
        let credentials = Credentials::new(key, secret, token, None, "environment");
        let sdk = SdkConfig::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::v2026_01_12())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(Connector::new(tls))
            .sleep_impl(SharedAsyncSleep::new(aws_smithy_async::rt::sleep::TokioSleep::new()))
            // The attempt timeout covers reading the whole response, so it also bounds a stalled stream.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(
                TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(OPERATION).build(),
            )
            .build();
        let common = lookup("AWS_ENDPOINT_URL");
        let address = |name: &str| lookup(name).or_else(|| common.clone()).filter(|url| !url.is_empty());
        Self(Arc::new(Services {
            sdk,
            dynamodb: Service::at(address("AWS_ENDPOINT_URL_DYNAMODB")),
            sqs: Service::at(address("AWS_ENDPOINT_URL_SQS")),
            secretsmanager: Service::at(address("AWS_ENDPOINT_URL_SECRETS_MANAGER")),
        }))
    }

    pub(crate) fn dynamodb(&self) -> &aws_sdk_dynamodb::Client {
        self.0.dynamodb.client(|address| {
            let mut config = aws_sdk_dynamodb::config::Builder::from(&self.0.sdk);
            config.set_endpoint_url(address);
            aws_sdk_dynamodb::Client::from_conf(config.build())
        })
    }

    pub(crate) fn sqs(&self) -> &aws_sdk_sqs::Client {
        self.0.sqs.client(|address| {
            let mut config = aws_sdk_sqs::config::Builder::from(&self.0.sdk);
            config.set_endpoint_url(address);
            aws_sdk_sqs::Client::from_conf(config.build())
        })
    }

    pub(crate) fn secretsmanager(&self) -> &aws_sdk_secretsmanager::Client {
        self.0.secretsmanager.client(|address| {
            let mut config = aws_sdk_secretsmanager::config::Builder::from(&self.0.sdk);
            config.set_endpoint_url(address);
            aws_sdk_secretsmanager::Client::from_conf(config.build())
        })
    }
}

impl<C> Service<C> {
    const fn at(address: Option<String>) -> Self {
        Self { address, client: OnceLock::new() }
    }

    fn client(&self, build: impl FnOnce(Option<String>) -> C) -> &C {
        self.client.get_or_init(|| build(self.address.clone()))
    }
}
