//! The platform's own assets: app, system users, credit line. Read by the doctor only.

use super::Page;
use crate::call::{GraphCall, GraphRequest};
use onboarding_core::domain::ids::{AppId, BusinessId, CreditLineId};
use serde::Deserialize;

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
    /// The subscribed fields.
    #[serde(default)]
    pub fields: Vec<SubscribedField>,
}

/// A webhook field.
#[derive(Debug, Deserialize)]
pub struct SubscribedField {
    /// Its name.
    pub name: String,
}

impl GraphCall for ListSubscriptions<'_> {
    const NAME: &'static str = "list_subscriptions";
    type Reply = Page<Subscription>;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.app.as_str(), "subscriptions"])
    }
}

/// Lists the system users of our portfolio.
pub struct ListSystemUsers<'a> {
    /// The portfolio.
    pub business: &'a BusinessId,
}

/// A system user.
#[derive(Debug, Deserialize)]
pub struct SystemUser {
    /// Its id.
    pub id: String,
    /// `ADMIN` or `EMPLOYEE`.
    pub role: Option<String>,
}

impl GraphCall for ListSystemUsers<'_> {
    const NAME: &'static str = "list_system_users";
    type Reply = Page<SystemUser>;
    fn request(&self) -> GraphRequest {
        GraphRequest::get(&[self.business.as_str(), "system_users"])
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
