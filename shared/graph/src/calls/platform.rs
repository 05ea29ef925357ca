//! The platform's own assets: app, webhook subscription, system users, credit lines. Read by the doctor; the credit line
//! is also looked up before it is shared.

use super::{Acknowledged, Page};
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::ids::{AppId, BusinessId, CreditLineId, SystemUserId};
use onboarding_core::secret::Secret;
use serde::{Deserialize, Deserializer};
use serde_json::json;

/// The object type of all webhooks of WhatsApp.
pub const WHATSAPP: &str = "whatsapp_business_account";

/// Reads our own app with the app token, which proves that the app secret is correct.
pub struct ReadApp<'a> {
    /// The app.
    pub app: &'a AppId,
}

/// A node of which only the id is used.
#[derive(Debug, Deserialize)]
pub struct NodeRead {
    /// Its id.
    pub id: String,
}

impl GraphCall for ReadApp<'_> {
    const NAME: &'static str = "read_app";
    type Reply = NodeRead;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.app.as_str()]).with("fields", "id")
    }
}

/// Lists the permissions of our app.
pub struct ListAppPermissions<'a> {
    /// The app.
    pub app: &'a AppId,
}

/// A permission of the app.
#[derive(Debug, Deserialize)]
pub struct AppPermission {
    /// For example `whatsapp_business_management`.
    pub permission: String,
    /// `live` once it has advanced access.
    pub status: String,
}

impl GraphCall for ListAppPermissions<'_> {
    const NAME: &'static str = "list_app_permissions";
    type Reply = Page<AppPermission>;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.app.as_str(), "permissions"])
    }
}

/// Lists our app's webhook subscriptions.
pub struct ListSubscriptions<'a> {
    /// The app.
    pub app: &'a AppId,
}

/// A subscription of the app to one kind of object.
#[derive(Debug, Deserialize)]
pub struct Subscription {
    /// The object type; only `whatsapp_business_account` is relevant.
    pub object: String,
    /// The callback URL.
    pub callback_url: Option<String>,
    /// Whether the subscription is active.
    #[serde(default)]
    pub active: bool,
    /// The names of the subscribed fields.
    #[serde(default, deserialize_with = "names")]
    pub fields: Vec<String>,
}

/// Meta's reference describes fields as names, its answers have an object with name and version.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let fields = Option::<Vec<serde_json::Value>>::deserialize(deserializer)?.unwrap_or_default();
    let name = |field: &serde_json::Value| field.as_str().or_else(|| field.get("name")?.as_str()).map(str::to_owned);
    Ok(fields.iter().filter_map(name).collect())
}

impl GraphCall for ListSubscriptions<'_> {
    const NAME: &'static str = "list_subscriptions";
    type Reply = Page<Subscription>;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.app.as_str(), "subscriptions"])
    }
}

/// Subscribes our app to webhooks of WhatsApp, with the app token. Meta calls `callback` with the verify token before it
/// answers, and replaces the object's callback and fields, so `fields` has to contain those that are to remain.
pub struct SubscribeWebhooks<'a> {
    /// The app.
    pub app: &'a AppId,
    /// Where the webhooks are sent.
    pub callback: &'a str,
    /// What the callback has to be called with.
    pub verify_token: &'a Secret,
    /// The fields.
    pub fields: &'a [String],
}

impl GraphCall for SubscribeWebhooks<'_> {
    const NAME: &'static str = "subscribe_webhooks";
    type Reply = Acknowledged;
    fn request(&self) -> GraphRequest {
        // In the body, because addresses are logged on the way.
        GraphRequest::post(&[self.app.as_str(), "subscriptions"]).body(json!({
            "object": WHATSAPP,
            "callback_url": self.callback,
            "verify_token": self.verify_token.expose(),
            "fields": self.fields.join(","),
            "include_values": true,
        }))
    }
}

/// Ids are written as text or as a number.
fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => Ok(text),
        serde_json::Value::Number(number) => Ok(number.to_string()),
        _ => Err(serde::de::Error::custom("not an id")),
    }
}

/// The members of a system user that say what it may do.
const USER_FIELDS: &str = "id,role,finance_permission";

/// Lists the system users of our portfolio.
pub struct ListSystemUsers<'a> {
    /// The portfolio.
    pub business: &'a BusinessId,
    /// The cursor of the page; `None` for the first.
    pub after: Option<&'a str>,
}

/// A system user.
#[derive(Debug, Deserialize)]
pub struct SystemUser {
    /// Its id.
    #[serde(deserialize_with = "id")]
    pub id: String,
    /// `ADMIN` or `EMPLOYEE`: only base roles. A finance editor is an `EMPLOYEE`.
    pub role: Option<String>,
    /// What it may do with payment methods and credit lines: `Editor`, `Analyst`, ….
    pub finance_permission: Option<String>,
}

impl SystemUser {
    /// Whether it is an admin: only then may it add itself to a customer's account (Meta: "Manage system users").
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.role.as_deref().is_some_and(|role| role.eq_ignore_ascii_case("ADMIN"))
    }

    /// Whether it may share a credit line: an admin or a finance editor (Meta: "Share and revoke credit lines"). Meta
    /// writes the permission `Editor`, `EDIT` or `FINANCE_EDITOR`.
    #[must_use]
    pub fn may_share_credit(&self) -> bool {
        let permission = self.finance_permission.as_deref().unwrap_or_default().to_ascii_uppercase();
        let permission = permission.strip_prefix("FINANCE_").unwrap_or(&permission);
        self.is_admin() || permission.starts_with("EDIT")
    }
}

/// Reads one system user, where the portfolio is not known.
pub struct ReadSystemUser<'a> {
    /// The user.
    pub user: &'a SystemUserId,
}

impl GraphCall for ReadSystemUser<'_> {
    const NAME: &'static str = "read_system_user";
    type Reply = SystemUser;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.user.as_str()]).with("fields", USER_FIELDS)
    }
}

impl GraphCall for ListSystemUsers<'_> {
    const NAME: &'static str = "list_system_users";
    type Reply = Page<SystemUser>;
    fn request(&self) -> GraphRequest {
        page(&[self.business.as_str(), "system_users"], USER_FIELDS, self.after)
    }
}

/// A page of a hundred.
fn page(path: &[&str], fields: &str, after: Option<&str>) -> GraphRequest {
    let request = GraphRequest::get(path).with("fields", fields).with("limit", "100");
    match after {
        Some(after) => request.with("after", after),
        None => request,
    }
}

/// Lists the credit lines of our portfolio: one per legal entity and currency.
pub struct ListCreditLines<'a> {
    /// The portfolio.
    pub business: &'a BusinessId,
    /// The cursor of the page; `None` for the first.
    pub after: Option<&'a str>,
}

/// A credit line.
#[derive(Debug, Deserialize)]
pub struct CreditLine {
    /// Its id.
    #[serde(deserialize_with = "id")]
    pub id: String,
}

impl GraphCall for ListCreditLines<'_> {
    const NAME: &'static str = "list_credit_lines";
    type Reply = Page<CreditLine>;
    fn request(&self) -> GraphRequest {
        page(&[self.business.as_str(), "extendedcredits"], "id", self.after)
    }
}

/// Reads a credit line.
pub struct ReadCreditLine<'a> {
    /// The line.
    pub line: &'a CreditLineId,
}

impl GraphCall for ReadCreditLine<'_> {
    const NAME: &'static str = "read_credit_line";
    type Reply = NodeRead;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.line.as_str()]).with("fields", "id")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(json: &str) -> SystemUser {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_admin_and_a_finance_editor_may_share_credit_and_only_an_admin_adds_itself() {
        for admin in [r#"{"id":"1","role":"ADMIN"}"#, r#"{"id":1,"role":"Admin","finance_permission":null}"#] {
            assert!(user(admin).is_admin() && user(admin).may_share_credit(), "{admin}");
        }
        for word in ["Editor", "EDIT", "editor", "FINANCE_EDITOR", "FINANCE_EDIT"] {
            let editor = user(&format!(r#"{{"id":"1","role":"EMPLOYEE","finance_permission":"{word}"}}"#));
            assert!(editor.may_share_credit() && !editor.is_admin(), "{word}");
        }
        for other in [
            r#"{"id":"1","role":"EMPLOYEE"}"#,
            r#"{"id":"1","role":"EMPLOYEE","finance_permission":"Analyst"}"#,
            r#"{"id":"1","role":"EMPLOYEE","finance_permission":"FINANCE_VIEW"}"#,
            r#"{"id":"1"}"#,
        ] {
            assert!(!user(other).may_share_credit(), "{other}");
        }
    }

    #[test]
    fn fields_are_read_as_names_and_as_objects() {
        let read = |json: &str| serde_json::from_str::<Subscription>(json).unwrap().fields;
        let object = r#"{"object":"whatsapp_business_account","fields":[{"name":"messages","version":"v25.0"}]}"#;
        assert_eq!(read(object), ["messages"]);
        assert_eq!(read(r#"{"object":"page","fields":["feed",7]}"#), ["feed"]);
        assert!(read(r#"{"object":"page","fields":null}"#).is_empty() && read(r#"{"object":"page"}"#).is_empty());
    }

    #[test]
    fn the_verify_token_is_not_in_the_address() {
        let (app, token) = (AppId::parse("42").unwrap(), Secret::new("CANARY".into()));
        let fields = ["messages".to_owned(), "account_update".to_owned()];
        let call =
            SubscribeWebhooks { app: &app, callback: "https://a.example/", verify_token: &token, fields: &fields };
        let request = call.request();
        assert!(request.query.is_empty() && request.secret_query.is_empty());
        assert_eq!(request.path.join("/"), "42/subscriptions");
        assert_eq!(request.json.unwrap()["fields"], "messages,account_update");
    }
}
