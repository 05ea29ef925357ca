use std::time::Duration;

use super::*;
use crate::ManualClock;

const DAY: Duration = Duration::from_secs(86_400);

fn secrets() -> (SecretsManager, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(1_800_000_000_000));
    (SecretsManager::with_clock("eu-west-1", "123456789012", Arc::clone(&clock) as Arc<dyn Clock>), clock)
}

fn create(secrets: &SecretsManager, name: &str) -> String {
    secrets.create_secret(name, Some("v1".to_owned()), None, &BTreeMap::new()).unwrap()
}

#[test]
fn a_secret_is_gone_when_its_recovery_window_ends() {
    let (secrets, clock) = secrets();
    let arn = create(&secrets, "a/b");
    secrets.store().delete("a/b", Some(7), false, secrets.now()).unwrap();
    clock.advance(DAY * 7 - Duration::from_millis(1));
    assert!(secrets.secret_arn("a/b").is_ok());
    clock.advance(Duration::from_millis(1));
    assert_eq!(secrets.secret_arn("a/b"), Err(SecretsError::no_secret()));
    assert_ne!(create(&secrets, "a/b"), arn);
}

#[test]
fn the_recovery_window_is_thirty_days_by_default() {
    let (secrets, clock) = secrets();
    create(&secrets, "s");
    let (_, _, gone_at) = secrets.store().delete("s", None, false, clock.now()).unwrap();
    assert_eq!(u128::from(gone_at - clock.now()), (DAY * 30).as_millis());
}

#[test]
fn an_arn_of_another_account_finds_nothing() {
    let (secrets, _) = secrets();
    let arn = create(&secrets, "name-abcdef");
    assert_eq!(secrets.secret_arn(&arn), Ok(arn.clone()));
    assert!(secrets.secret_arn(&arn.replace("123456789012", "999999999999")).is_err());
    assert!(secrets.secret_arn("arn:aws:secretsmanager:eu-west-1:123456789012:secret:name").is_err());
}

#[test]
fn a_restored_snapshot_has_the_values() {
    let (secrets, _) = secrets();
    let arn = create(&secrets, "s");
    let (other, _) = self::secrets();
    other.restore(secrets.snapshot()).unwrap();
    assert_eq!(other.secret_arn("s"), Ok(arn));
    let store = other.store();
    let secret = store.get("s").unwrap();
    let id = secret.find(None, None).unwrap();
    assert_eq!(secret.versions[id].value.text.as_deref(), Some("v1"));
    drop(store);
    assert!(other.restore(Value::from("nonsense")).is_err());
}
