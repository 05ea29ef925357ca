//! The endpoint under test and its known deviations.

use std::future::Future;

use aws_credential_types::Credentials;
use aws_emulator::{SecretsManager, Sqs};
use aws_sdk_secretsmanager::config::{BehaviorVersion, Region, retry::RetryConfig};
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::connector::PlainHttp;

/// Checks that ministack 1.5.33 fails, and what it does instead. A check in this list must fail there: one that passes
/// is reported, so that the list shrinks as ministack improves.
const MINISTACK_DEVIATIONS: &[(&str, &str)] = &[
    ("a_delay_of_901_seconds_is_refused", "DelaySeconds 901 accepted"),
    ("a_deleted_message_has_no_visibility_to_change", "ReceiptHandleIsInvalid instead of InvalidParameterValue"),
    ("a_deleted_name_is_free_again_only_after_a_minute", "name free at once"),
    ("a_forced_deletion_of_nothing_is_no_error", "ResourceNotFoundException"),
    ("a_message_deleted_is_gone_and_deleting_twice_is_no_error", "the second deletion is refused"),
    ("a_message_not_in_flight_has_no_visibility_to_change", "accepted"),
    ("a_name_has_only_the_characters_allowed", "any character accepted"),
    ("a_negative_delay_is_refused", "accepted"),
    ("a_put_without_a_value_is_refused", "a version without a value is made"),
    ("a_queue_name_has_only_letters_digits_hyphens_and_underscores", "any character accepted"),
    ("a_redrive_policy_without_a_target_is_refused", "InvalidAttributeValue instead of InvalidParameterValue"),
    ("a_second_purge_within_a_minute_is_refused", "accepted"),
    ("a_secret_without_a_value_has_no_current_version", "a current version without a value"),
    ("a_stale_receipt_handle_does_not_delete", "refused with ReceiptHandleIsInvalid"),
    ("a_value_has_at_most_65536_bytes", "65,537 bytes accepted"),
    ("a_version_without_the_stage_named_is_refused", "the stage is not compared"),
    ("a_visibility_timeout_beyond_twelve_hours_is_refused", "accepted"),
    ("a_wait_beyond_twenty_seconds_is_refused", "accepted, and waited for"),
    ("an_empty_attribute_is_refused", "accepted"),
    ("an_excessive_delay_fails_its_entry_only", "DelaySeconds 901 accepted"),
    ("an_unknown_attribute_is_refused", "accepted"),
    ("creating_again_with_the_same_token_and_value_is_the_same_creation", "ResourceExistsException"),
    ("dead_letters_move_back_to_their_source", "no StartMessageMoveTask"),
    ("only_a_dead_letter_queue_can_be_redriven", "no ListDeadLetterSourceQueues"),
    ("putting_again_with_the_same_token_and_another_value_is_refused", "the value is overwritten"),
    ("putting_again_with_the_same_token_and_value_is_the_same_version", "the stages move once more"),
    ("text_and_bytes_together_are_refused", "accepted"),
    ("the_name_of_a_secret_scheduled_for_deletion_is_not_free", "ResourceExistsException instead of InvalidRequest"),
    ("the_size_counts_bytes_and_attributes", "attributes are not counted"),
    ("the_sources_of_a_dead_letter_queue_are_listed", "no ListDeadLetterSourceQueues"),
    ("versions_without_stages_are_listed_only_when_asked_for", "IncludeDeprecated changes nothing"),
];

/// The clients of one check.
pub(crate) struct Aws {
    pub(crate) sqs: aws_sdk_sqs::Client,
    pub(crate) secrets: aws_sdk_secretsmanager::Client,
}

impl Aws {
    fn at(sqs: &str, secrets: &str) -> Self {
        let (http, region) = (PlainHttp::new(), Region::new("us-east-1"));
        let credentials = Credentials::from_keys("test", "test", None);
        let sqs = aws_sdk_sqs::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region.clone())
            .credentials_provider(credentials.clone())
            .retry_config(RetryConfig::disabled())
            .http_client(http.clone())
            .endpoint_url(sqs);
        let secrets = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(region)
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .http_client(http)
            .endpoint_url(secrets);
        Self {
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            secrets: aws_sdk_secretsmanager::Client::from_conf(secrets.build()),
        }
    }
}

/// Runs one check against the endpoint named in the environment, or against its own emulators.
pub(crate) async fn check<F>(name: &str, body: impl FnOnce(Aws) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let Ok(endpoint) = std::env::var("CONTRACT_ENDPOINT_URL") else {
        let sqs = serve(Sqs::new("us-east-1", "000000000000").router()).await;
        let secrets = serve(SecretsManager::new("us-east-1", "000000000000").router()).await;
        return body(Aws::at(&sqs, &secrets)).await;
    };
    let outcome = tokio::spawn(body(Aws::at(&endpoint, &endpoint))).await;
    let known = MINISTACK_DEVIATIONS.iter().find(|(check, _)| *check == name);
    match (outcome, known) {
        (Ok(()), None) | (Err(_), Some(_)) => {}
        (Ok(()), Some((_, deviation))) => panic!("{name} passes now, take it off the list: {deviation}"),
        (Err(failure), None) => std::panic::resume_unwind(failure.into_panic()),
    }
}

/// Serves a router on a free port until the check's runtime ends.
async fn serve(router: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// A unique name.
pub(crate) fn unique(stem: &str) -> String {
    format!("{stem}-{}", uuid::Uuid::new_v4().simple())
}

/// The error code of a failed operation. The suffix `Exception`, which common errors of the SQS model have in one
/// protocol only, is removed.
pub(crate) fn code<T: std::fmt::Debug, E: ProvideErrorMetadata, R>(outcome: Result<T, SdkError<E, R>>) -> String {
    let Err(SdkError::ServiceError(error)) = outcome else { panic!("not refused by the service: {:?}", outcome.ok()) };
    error.err().code().unwrap_or_default().trim_end_matches("Exception").to_owned()
}

/// The error message of a failed operation.
pub(crate) fn text<T: std::fmt::Debug, E: ProvideErrorMetadata, R>(outcome: Result<T, SdkError<E, R>>) -> String {
    let Err(SdkError::ServiceError(error)) = outcome else { panic!("not refused by the service: {:?}", outcome.ok()) };
    error.err().message().unwrap_or_default().to_owned()
}

/// Turns each function into its own test, which is passed the clients.
macro_rules! contract {
    ($(async fn $name:ident($aws:ident) $body:block)*) => { $(
        #[tokio::test]
        async fn $name() {
            $crate::endpoint::check(stringify!($name), |$aws: $crate::endpoint::Aws| async move $body).await;
        }
    )* };
}
pub(crate) use contract;
