//! Time travel: makes leases and waits of records expire early.

use crate::{Lab, Session};
use aws_credential_types::Credentials;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use sha2::{Digest, Sha256};
use shared::aws::Connector;
use shared::store::Store;
use shared::tls::Tls;
use shared::wiring::Wiring;
use std::collections::HashMap;

/// Members of a record that hold the time of its next check, in milliseconds.
const WAITS: [&str; 6] = ["lease_until", "due", "watch_at", "begun_at", "codes", "entries"];

impl Lab {
    fn table(&self) -> Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.stack.endpoints().region.clone()))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(&self.stack.endpoints().aws.dynamodb)
            .http_client(Connector::new(&Tls::new().expect("a TLS configuration")))
            .build();
        Client::from_conf(config)
    }

    /// The table as the functions use it.
    pub fn store(&self) -> Store {
        let lookup = |name: &str| match name {
            "TABLE_NAME" => Some(self.stack.endpoints().table.clone()),
            "AWS_REGION" => Some(self.stack.endpoints().region.clone()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(self.stack.endpoints().aws.dynamodb.clone()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            _ => None,
        };
        Wiring::new(&lookup).expect("a configuration").store()
    }

    /// Everything stored under a partition key.
    pub async fn stored(&self, partition: &str) -> Vec<HashMap<String, AttributeValue>> {
        let query = self.table().query().table_name(&self.stack.endpoints().table).key_condition_expression("pk = :pk");
        let found = query.expression_attribute_values(":pk", AttributeValue::S(partition.to_owned())).send().await;
        found.expect("the table").items.unwrap_or_default()
    }

    /// The whole table as text.
    pub async fn dump(&self) -> Vec<String> {
        let mut pages = self.table().scan().table_name(&self.stack.endpoints().table).into_paginator().items().send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            items.push(format!("{:?}", item.expect("the table")));
        }
        items
    }

    /// The kind of every item in the table.
    pub async fn entities(&self) -> Vec<String> {
        let mut pages = self.table().scan().table_name(&self.stack.endpoints().table).into_paginator().items().send();
        let mut entities = Vec::new();
        while let Some(item) = pages.next().await {
            entities.extend(item.expect("the table").get("entity").and_then(|entity| entity.as_s().ok()).cloned());
        }
        entities
    }

    /// Items in the table.
    pub async fn items(&self) -> i32 {
        self.table().scan().table_name(&self.stack.endpoints().table).send().await.expect("the table").count
    }

    /// Ages an onboarding by `seconds`, including its leases and waits.
    pub async fn age(&self, id: &str, seconds: i64) {
        let (table, name) = (self.table(), &self.stack.endpoints().table);
        let key = [("pk", format!("ONBOARDING#{id}")), ("sk", "STATE".to_owned())];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
        let found = table.get_item().table_name(name).set_key(Some(HashMap::from(key))).send().await;
        let mut item = found.expect("the table").item.expect("an onboarding");
        if let Some(due) = item.get_mut("due_at") {
            earlier(due, seconds);
        }
        if let Some(record) = item.get_mut("record") {
            age(record, seconds * 1000);
        }
        self.put_unchanged(item).await;
    }

    /// Saves an item that was read, unless a function saved in between and so advanced the record itself.
    async fn put_unchanged(&self, item: HashMap<String, AttributeValue>) {
        let version = item.get("version").cloned().expect("a version");
        let put = self.table().put_item().table_name(&self.stack.endpoints().table).set_item(Some(item));
        let put = put.condition_expression("version = :version").expression_attribute_values(":version", version);
        if let Err(error) = put.send().await {
            let error = error.into_service_error();
            assert!(error.is_conditional_check_failed_exception(), "{error}");
        }
    }
}

impl Lab {
    /// The partition key of a signup session; its id is stored as a digest.
    #[must_use]
    pub fn session_key(&self, session: &Session) -> String {
        format!("SESSION#{}", hex::encode(Sha256::digest(&session.id)))
    }

    /// Makes a signup link expire.
    pub async fn expire(&self, session: &Session) {
        let mut item = self.stored(&self.session_key(session)).await.pop().expect("a session");
        if let Some(AttributeValue::M(record)) = item.get_mut("record") {
            record.insert("expires_at".to_owned(), AttributeValue::N("0".to_owned()));
        }
        self.put_unchanged(item).await;
    }

    /// Ages an announcement by `seconds`.
    pub async fn age_announcement(&self, waba: &str, seconds: i64) {
        let found = self.stored(&format!("WABA#{waba}")).await;
        let announced = found.into_iter().find(|item| item.get("sk") == Some(&AttributeValue::S("PARTNER".to_owned())));
        let mut item = announced.expect("an announcement");
        item.get_mut("due_at").into_iter().for_each(|due| earlier(due, seconds));
        item.get_mut("record").into_iter().for_each(|record| age(record, seconds * 1000));
        self.put_unchanged(item).await;
    }

    /// Ages the changes that wait for an account by `seconds`.
    pub async fn age_parked(&self, waba: &str, seconds: i64) {
        for mut item in self.stored(&format!("WABA#{waba}")).await {
            if item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with("PARKED#")) {
                item.get_mut("due_at").into_iter().for_each(|due| earlier(due, seconds));
                if let Some(AttributeValue::M(parked)) = item.get_mut("record") {
                    for name in ["since", "due"] {
                        parked.get_mut(name).into_iter().for_each(|at| earlier(at, seconds * 1000));
                    }
                }
                self.put_unchanged(item).await;
            }
        }
    }

    /// Ages a message by `seconds`, including its leases and waits.
    pub async fn age_message(&self, id: &str, seconds: i64) {
        self.age_record(&format!("MESSAGE#{id}"), seconds).await;
    }

    /// Ages a phone number migration by `seconds`, including its leases and waits.
    pub async fn age_move(&self, id: &str, seconds: i64) {
        self.age_record(&format!("MOVE#{id}"), seconds).await;
    }

    async fn age_record(&self, pk: &str, seconds: i64) {
        for mut item in self.stored(pk).await.into_iter().filter(|item| item.contains_key("version")) {
            item.get_mut("due_at").into_iter().for_each(|due| earlier(due, seconds));
            item.get_mut("record").into_iter().for_each(|record| age(record, seconds * 1000));
            self.put_unchanged(item).await;
        }
    }

    /// Ages the reservations of templates that are being submitted by `seconds`. Returns how many there are.
    pub async fn age_reservations(&self, waba: &str, seconds: i64) -> usize {
        let found = self.stored(&format!("WABA#{waba}")).await;
        let reserved = |item: &HashMap<String, AttributeValue>| {
            item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with("CREATION#"))
        };
        let found: Vec<_> = found.into_iter().filter(reserved).collect();
        let reservations = found.len();
        for mut item in found {
            if let Some(AttributeValue::M(record)) = item.get_mut("record") {
                record.get_mut("until").into_iter().for_each(|until| earlier(until, seconds * 1000));
            }
            self.put_unchanged(item).await;
        }
        reservations
    }

    /// Makes the claims of idempotency keys expire.
    pub async fn end_keys(&self) {
        let (table, name) = (self.table(), &self.stack.endpoints().table);
        let found = table.scan().table_name(name).send().await.expect("the table").items.unwrap_or_default();
        let claims = found.into_iter().filter(|item| {
            item.get("entity").and_then(|it| it.as_s().ok()).is_some_and(|it| it == "idempotency claim")
        });
        for mut item in claims {
            item.insert("expires_at".to_owned(), AttributeValue::N("1".to_owned()));
            self.put_unchanged(item).await;
        }
    }

    /// Adds entries to an onboarding's timeline, each named by its number, until it has `length`.
    pub async fn lengthen_timeline(&self, onboarding: &str, length: usize) {
        let (table, name) = (self.table(), &self.stack.endpoints().table);
        let found = self.stored(&format!("ONBOARDING#{onboarding}")).await;
        let is = |item: &&HashMap<String, AttributeValue>, start: &str| {
            item.get("sk").and_then(|sk| sk.as_s().ok()).is_some_and(|sk| sk.starts_with(start))
        };
        let entries = found.iter().filter(|item| is(item, "EVENT#")).count();
        let entry = found.iter().find(|item| is(item, "EVENT#")).cloned().expect("an entry");
        for number in entries..length {
            let mut item = entry.clone();
            item.insert("sk".to_owned(), AttributeValue::S(format!("EVENT#{number:08}")));
            if let Some(AttributeValue::M(record)) = item.get_mut("record") {
                record.insert("event".to_owned(), AttributeValue::S(format!("entry_{number}")));
            }
            table.put_item().table_name(name).set_item(Some(item)).send().await.expect("the table");
        }
        let mut state = found.iter().find(|item| is(item, "STATE")).cloned().expect("a record");
        if let Some(AttributeValue::M(record)) = state.get_mut("record") {
            record.insert("timeline_length".to_owned(), AttributeValue::N(length.to_string()));
        }
        self.put_unchanged(state).await;
    }

    /// Sets the number of calls to Meta about an account within this hour.
    pub async fn spend_calls(&self, onboarding: &str, calls: u32) {
        let (table, name) = (self.table(), &self.stack.endpoints().table);
        let found = self.stored(&format!("ONBOARDING#{onboarding}")).await;
        let state = found.into_iter().find(|item| item.get("sk") == Some(&AttributeValue::S("STATE".to_owned())));
        let mut item = state.expect("a record");
        if let Some(AttributeValue::M(record)) = item.get_mut("record")
            && let Some(AttributeValue::M(counted)) = record.get_mut("calls")
        {
            counted.insert("count".to_owned(), AttributeValue::N(calls.to_string()));
        }
        table.put_item().table_name(name).set_item(Some(item)).send().await.expect("the table");
    }

    /// Stores onboardings that cannot be read, like this one's but overdue for years.
    pub async fn add_unreadable(&self, like: &str, count: usize) {
        let found = self.stored(&format!("ONBOARDING#{like}")).await;
        let state = found.into_iter().find(|item| item.get("sk") == Some(&AttributeValue::S("STATE".to_owned())));
        let mut item = state.expect("a record");
        item.insert("record".to_owned(), AttributeValue::M(HashMap::new()));
        item.insert("due_kind".to_owned(), AttributeValue::S("ONBOARDING".to_owned()));
        item.insert("due_at".to_owned(), AttributeValue::N("1".to_owned()));
        for number in 0..count {
            let key = format!("ONBOARDING#onb_01jd000000000000000000{number:04}");
            item.insert("pk".to_owned(), AttributeValue::S(key));
            let put = self.table().put_item().table_name(&self.stack.endpoints().table);
            put.set_item(Some(item.clone())).send().await.expect("the table");
        }
    }

    /// Ends the pause of credit sharing.
    pub async fn end_credit_pause(&self) {
        let mut item = self.stored("PLATFORM").await.pop().expect("a pause");
        item.insert("until".to_owned(), AttributeValue::N("0".to_owned()));
        let put = self.table().put_item().table_name(&self.stack.endpoints().table).set_item(Some(item));
        put.send().await.expect("the table");
    }
}

fn age(value: &mut AttributeValue, millis: i64) {
    match value {
        AttributeValue::M(members) => {
            for (name, member) in members {
                if WAITS.contains(&name.as_str()) { earlier(member, millis) } else { age(member, millis) }
            }
        }
        AttributeValue::L(items) => items.iter_mut().for_each(|item| age(item, millis)),
        _ => {}
    }
}

fn earlier(value: &mut AttributeValue, by: i64) {
    match value {
        AttributeValue::N(number) => {
            let moved = number.parse::<i64>().unwrap_or_default() - by;
            *number = moved.to_string();
        }
        AttributeValue::L(times) => times.iter_mut().for_each(|time| earlier(time, by)),
        _ => {}
    }
}
