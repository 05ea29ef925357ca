//! Secrets: values, versions and stages, deletion, passwords.

use aws_sdk_secretsmanager::primitives::Blob;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType, Tag};

use crate::endpoint::{Aws, code, contract, text, unique};

/// Creates a secret with the value `v1` and returns its name.
async fn secret(aws: &Aws) -> String {
    let name = unique("contract/secret");
    aws.secrets.create_secret().name(&name).secret_string("v1").send().await.unwrap();
    name
}

async fn value(aws: &Aws, id: &str) -> String {
    aws.secrets.get_secret_value().secret_id(id).send().await.unwrap().secret_string.unwrap()
}

/// The value at a stage.
async fn staged(aws: &Aws, id: &str, stage: &str) -> Option<String> {
    aws.secrets.get_secret_value().secret_id(id).version_stage(stage).send().await.ok()?.secret_string
}

fn token() -> String {
    uuid::Uuid::new_v4().to_string()
}

contract! {
    async fn a_secret_is_read_by_name_arn_and_partial_arn(aws) {
        let name = unique("contract/secret");
        let created = aws.secrets.create_secret().name(&name).secret_string("v1").send().await.unwrap();
        let arn = created.arn.unwrap();
        let (partial, suffix) = arn.rsplit_once('-').unwrap();
        assert!(arn.starts_with("arn:aws:secretsmanager:us-east-1:000000000000:secret:contract/secret"));
        assert_eq!(suffix.len(), 6);
        for id in [&name, &arn, partial] {
            let found = aws.secrets.get_secret_value().secret_id(id).send().await.unwrap();
            assert_eq!(found.secret_string(), Some("v1"), "{id}");
            assert_eq!(found.version_id, created.version_id);
            assert_eq!(found.version_stages(), ["AWSCURRENT"]);
            assert!(found.created_date.is_some());
        }
    }

    async fn an_unknown_secret_is_not_found(aws) {
        let found = || aws.secrets.get_secret_value().secret_id(unique("missing")).send();
        assert_eq!(code(found().await), "ResourceNotFound");
        assert_eq!(text(found().await), "Secrets Manager can't find the specified secret.");
        let put = aws.secrets.put_secret_value().secret_id(unique("missing")).secret_string("x").send().await;
        assert_eq!(code(put), "ResourceNotFound");
    }

    async fn creating_again_with_the_same_token_and_value_is_the_same_creation(aws) {
        let (name, token) = (unique("token"), token());
        let create = || aws.secrets.create_secret().name(&name).client_request_token(&token).secret_string("v1").send();
        let (first, again) = (create().await.unwrap(), create().await.unwrap());
        assert_eq!((first.arn, first.version_id), (again.arn, again.version_id));
    }

    async fn creating_again_with_the_same_token_and_another_value_is_refused(aws) {
        let (name, token) = (unique("token"), token());
        let create = |value: &str| {
            let create = aws.secrets.create_secret().name(&name).client_request_token(&token);
            create.secret_string(value).send()
        };
        create("v1").await.unwrap();
        assert_eq!(code(create("v2").await), "ResourceExists");
        assert_eq!(value(&aws, &name).await, "v1");
    }

    async fn a_taken_name_is_refused(aws) {
        let name = secret(&aws).await;
        let again = aws.secrets.create_secret().name(&name).secret_string("v1").send().await;
        assert_eq!(text(again), format!("The operation failed because the secret {name} already exists."));
    }

    async fn a_name_has_only_the_characters_allowed(aws) {
        for name in ["a b", "a:b", "ä", "a#b"] {
            let created = aws.secrets.create_secret().name(name).secret_string("x").send().await;
            assert_eq!(code(created), "Validation", "{name}");
        }
        aws.secrets.create_secret().name(unique("Valid/_+=.@-Name")).secret_string("x").send().await.unwrap();
    }

    async fn a_secret_without_a_value_has_no_current_version(aws) {
        let name = unique("empty");
        aws.secrets.create_secret().name(&name).send().await.unwrap();
        let found = || aws.secrets.get_secret_value().secret_id(&name).send();
        assert_eq!(code(found().await), "ResourceNotFound");
        assert_eq!(
            text(found().await),
            "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT"
        );
        aws.secrets.put_secret_value().secret_id(&name).secret_string("v1").send().await.unwrap();
        assert_eq!(value(&aws, &name).await, "v1");
    }

    async fn a_new_value_becomes_current_and_the_old_one_previous(aws) {
        let name = secret(&aws).await;
        for value in ["v2", "v3"] {
            aws.secrets.put_secret_value().secret_id(&name).secret_string(value).send().await.unwrap();
        }
        assert_eq!(value(&aws, &name).await, "v3");
        assert_eq!(staged(&aws, &name, "AWSPREVIOUS").await.as_deref(), Some("v2"));
        let listed = aws.secrets.list_secret_version_ids().secret_id(&name).send().await.unwrap();
        assert_eq!(listed.versions().iter().filter(|version| !version.version_stages().is_empty()).count(), 2);
    }

    async fn versions_without_stages_are_listed_only_when_asked_for(aws) {
        let name = secret(&aws).await;
        for value in ["v2", "v3"] {
            aws.secrets.put_secret_value().secret_id(&name).secret_string(value).send().await.unwrap();
        }
        let list = || aws.secrets.list_secret_version_ids().secret_id(&name);
        assert_eq!(list().send().await.unwrap().versions().len(), 2);
        assert_eq!(list().include_deprecated(true).send().await.unwrap().versions().len(), 3);
    }

    async fn putting_again_with_the_same_token_and_value_is_the_same_version(aws) {
        let (name, token) = (secret(&aws).await, token());
        let put = || {
            aws.secrets.put_secret_value().secret_id(&name).client_request_token(&token).secret_string("v2").send()
        };
        assert_eq!(put().await.unwrap().version_id.as_deref(), Some(token.as_str()));
        assert_eq!(put().await.unwrap().version_id.as_deref(), Some(token.as_str()));
        assert_eq!(staged(&aws, &name, "AWSPREVIOUS").await.as_deref(), Some("v1"));
    }

    async fn putting_again_with_the_same_token_and_another_value_is_refused(aws) {
        let (name, token) = (secret(&aws).await, token());
        let put = |value: &str| {
            aws.secrets.put_secret_value().secret_id(&name).client_request_token(&token).secret_string(value).send()
        };
        put("v2").await.unwrap();
        assert_eq!(code(put("v3").await), "ResourceExists");
        assert_eq!(value(&aws, &name).await, "v2");
    }

    async fn a_pending_version_is_promoted_by_moving_the_stage(aws) {
        let name = secret(&aws).await;
        let old = aws.secrets.get_secret_value().secret_id(&name).send().await.unwrap().version_id.unwrap();
        let put = aws.secrets.put_secret_value().secret_id(&name).secret_string("v2").version_stages("AWSPENDING");
        let new = put.send().await.unwrap().version_id.unwrap();
        assert_eq!(value(&aws, &name).await, "v1");
        let step = || {
            let step = aws.secrets.update_secret_version_stage().secret_id(&name).version_stage("AWSCURRENT");
            step.move_to_version_id(&new)
        };
        assert_eq!(code(step().send().await), "InvalidParameter");
        step().remove_from_version_id(&old).send().await.unwrap();
        assert_eq!(value(&aws, &name).await, "v2");
        assert_eq!(staged(&aws, &name, "AWSPREVIOUS").await.as_deref(), Some("v1"));
        let remove = aws.secrets.update_secret_version_stage().secret_id(&name).version_stage("AWSPENDING");
        remove.remove_from_version_id(&new).send().await.unwrap();
        assert_eq!(staged(&aws, &name, "AWSPENDING").await, None);
    }

    async fn a_version_is_read_by_id_and_must_have_the_stage_named(aws) {
        let name = secret(&aws).await;
        let id = aws.secrets.get_secret_value().secret_id(&name).send().await.unwrap().version_id.unwrap();
        let get = || aws.secrets.get_secret_value().secret_id(&name).version_id(&id);
        assert_eq!(get().send().await.unwrap().secret_string(), Some("v1"));
        let unknown = aws.secrets.get_secret_value().secret_id(&name).version_id(token()).send().await;
        assert_eq!(code(unknown), "ResourceNotFound");
    }

    async fn a_version_without_the_stage_named_is_refused(aws) {
        let name = secret(&aws).await;
        let id = aws.secrets.get_secret_value().secret_id(&name).send().await.unwrap().version_id.unwrap();
        let get = aws.secrets.get_secret_value().secret_id(&name).version_id(&id).version_stage("AWSPENDING");
        assert_eq!(code(get.send().await), "InvalidRequest");
    }

    async fn an_update_changes_description_and_value(aws) {
        let name = secret(&aws).await;
        let update = || aws.secrets.update_secret().secret_id(&name);
        assert_eq!(update().description("d").send().await.unwrap().version_id, None);
        assert!(update().secret_string("v2").send().await.unwrap().version_id.is_some());
        let described = aws.secrets.describe_secret().secret_id(&name).send().await.unwrap();
        assert_eq!(described.description(), Some("d"));
        assert_eq!(described.version_ids_to_stages.unwrap().len(), 2);
        assert_eq!(value(&aws, &name).await, "v2");
    }

    async fn tags_are_kept(aws) {
        let name = unique("tagged");
        let tag = |key: &str| Tag::builder().key(key).value("1").build();
        aws.secrets.create_secret().name(&name).tags(tag("a")).send().await.unwrap();
        aws.secrets.tag_resource().secret_id(&name).tags(tag("b")).send().await.unwrap();
        aws.secrets.untag_resource().secret_id(&name).tag_keys("a").send().await.unwrap();
        assert_eq!(aws.secrets.describe_secret().secret_id(&name).send().await.unwrap().tags(), [tag("b")]);
    }

    async fn secrets_are_listed_by_the_start_of_their_name(aws) {
        let prefix = unique("listed");
        for suffix in ["a", "b"] {
            aws.secrets.create_secret().name(format!("{prefix}/{suffix}")).send().await.unwrap();
        }
        let filter = Filter::builder().key(FilterNameStringType::Name).values(&prefix).build();
        let listed = aws.secrets.list_secrets().filters(filter).send().await.unwrap();
        assert_eq!(listed.secret_list().len(), 2);
    }

    async fn a_secret_scheduled_for_deletion_is_closed_until_restored(aws) {
        let name = secret(&aws).await;
        let deleted = aws.secrets.delete_secret().secret_id(&name).recovery_window_in_days(7).send().await.unwrap();
        assert!(deleted.deletion_date.is_some());
        assert_eq!(code(aws.secrets.get_secret_value().secret_id(&name).send().await), "InvalidRequest");
        let put = aws.secrets.put_secret_value().secret_id(&name).secret_string("x").send().await;
        assert_eq!(code(put), "InvalidRequest");
        assert_eq!(code(aws.secrets.update_secret().secret_id(&name).description("x").send().await), "InvalidRequest");
        assert!(aws.secrets.describe_secret().secret_id(&name).send().await.unwrap().deleted_date.is_some());
        aws.secrets.restore_secret().secret_id(&name).send().await.unwrap();
        assert_eq!(value(&aws, &name).await, "v1");
    }

    async fn the_name_of_a_secret_scheduled_for_deletion_is_not_free(aws) {
        let name = secret(&aws).await;
        aws.secrets.delete_secret().secret_id(&name).send().await.unwrap();
        assert_eq!(code(aws.secrets.create_secret().name(&name).secret_string("x").send().await), "InvalidRequest");
    }

    async fn a_forced_deletion_frees_the_name(aws) {
        let name = secret(&aws).await;
        aws.secrets.delete_secret().secret_id(&name).force_delete_without_recovery(true).send().await.unwrap();
        assert_eq!(code(aws.secrets.get_secret_value().secret_id(&name).send().await), "ResourceNotFound");
        aws.secrets.create_secret().name(&name).secret_string("v2").send().await.unwrap();
        assert_eq!(value(&aws, &name).await, "v2");
    }

    async fn a_forced_deletion_of_nothing_is_no_error(aws) {
        let delete = aws.secrets.delete_secret().secret_id(unique("missing")).force_delete_without_recovery(true);
        delete.send().await.unwrap();
    }

    async fn contradicting_or_odd_recovery_windows_are_refused(aws) {
        let name = secret(&aws).await;
        let delete = || aws.secrets.delete_secret().secret_id(&name);
        let both = delete().recovery_window_in_days(7).force_delete_without_recovery(true).send().await;
        assert_eq!(code(both), "InvalidParameter");
        for days in [6, 31] {
            assert_eq!(code(delete().recovery_window_in_days(days).send().await), "InvalidParameter");
        }
    }

    async fn a_value_has_at_most_65536_bytes(aws) {
        let (name, long) = (secret(&aws).await, "x".repeat(65_537));
        let put = |value: &str| aws.secrets.put_secret_value().secret_id(&name).secret_string(value).send();
        put(&long[1..]).await.unwrap();
        assert_eq!(code(put(&long).await), "Validation");
        let create = aws.secrets.create_secret().name(unique("long")).secret_string(&long);
        assert_eq!(code(create.send().await), "Validation");
    }

    async fn bytes_come_back_as_bytes(aws) {
        let name = unique("binary");
        aws.secrets.create_secret().name(&name).secret_binary(Blob::new([0, 255, 7])).send().await.unwrap();
        let found = aws.secrets.get_secret_value().secret_id(&name).send().await.unwrap();
        assert_eq!((found.secret_binary.unwrap().into_inner(), found.secret_string), (vec![0, 255, 7], None));
    }

    async fn text_and_bytes_together_are_refused(aws) {
        let create = aws.secrets.create_secret().name(unique("both")).secret_string("x").secret_binary(Blob::new([1]));
        assert_eq!(code(create.send().await), "InvalidParameter");
    }

    async fn a_put_without_a_value_is_refused(aws) {
        let name = secret(&aws).await;
        assert_eq!(code(aws.secrets.put_secret_value().secret_id(&name).send().await), "InvalidRequest");
    }

    async fn several_values_are_read_at_once(aws) {
        let (name, missing) = (secret(&aws).await, unique("missing"));
        let batch = aws.secrets.batch_get_secret_value().secret_id_list(&name).secret_id_list(&missing);
        let found = batch.send().await.unwrap();
        assert_eq!(found.secret_values()[0].secret_string(), Some("v1"));
        assert_eq!(found.errors()[0].error_code(), Some("ResourceNotFoundException"));
    }

    async fn a_random_password_follows_the_options(aws) {
        let password = aws.secrets.get_random_password().send().await.unwrap().random_password.unwrap();
        assert_eq!(password.len(), 32);
        let digits = aws.secrets.get_random_password().password_length(64).exclude_punctuation(true)
            .exclude_uppercase(true).exclude_lowercase(true).exclude_characters("01234");
        let digits = digits.send().await.unwrap().random_password.unwrap();
        assert!(digits.len() == 64 && digits.chars().all(|c| ('5'..='9').contains(&c)), "{digits}");
        assert_eq!(code(aws.secrets.get_random_password().password_length(4097).send().await), "InvalidParameter");
    }
}
