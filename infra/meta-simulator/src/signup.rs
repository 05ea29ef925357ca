//! A customer who completes the popup.

use crate::options::Options;
use crate::world::{Business, Code, Phone, Standing, Template, Token, Waba, World};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The customer's assets and choices. Everything has a default: a new business with one new number.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Signup {
    business_name: String,
    /// An existing account of the customer.
    waba_id: Option<String>,
    /// An existing portfolio to which the customer adds an account.
    business_id: Option<String>,
    /// `FINISH`, `FINISH_ONLY_WABA`, `FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING`.
    event: String,
    /// Numbers of a new account.
    numbers: u32,
    /// Existing two-step PIN of the numbers.
    pin: Option<String>,
    /// Templates of a new account.
    templates: u32,
    /// Templates per page: Meta may return fewer than requested.
    templates_a_page: usize,
    /// Whether the customer already has a payment method.
    payment_method: bool,
    /// Whether the account already uses somebody else's credit line.
    foreign_credit_line: bool,
    /// Whether the token is granted the account.
    granted: bool,
    /// Additional accounts the customer grants.
    also: Vec<String>,
    /// A customer who adds a number to an existing account.
    new_number: bool,
    /// Whether the popup names the number; Meta's own samples of some finish events do not.
    names_number: bool,
    /// Whether the popup names the account.
    names_account: bool,
    /// Lifetime of the token in seconds; unlimited if absent.
    expires_in: Option<i64>,
    /// Scopes of the token, if they differ from Embedded Signup's.
    scopes: Vec<String>,
    /// Meta's review of the account.
    review: String,
    /// The review of the display names of a new account's numbers.
    name_status: String,
    /// Redirect URI of the full page; the exchange has to name it too.
    redirect_uri: Option<String>,
    /// The event by which Meta announces the account.
    announced_as: String,
}

impl Default for Signup {
    fn default() -> Self {
        Self {
            business_name: "Acme Bakery".to_owned(),
            waba_id: None,
            business_id: None,
            event: "FINISH".to_owned(),
            numbers: 1,
            pin: None,
            templates: 2,
            templates_a_page: 100,
            payment_method: false,
            foreign_credit_line: false,
            granted: true,
            also: Vec::new(),
            new_number: false,
            names_number: true,
            names_account: true,
            expires_in: None,
            scopes: Vec::new(),
            review: "APPROVED".to_owned(),
            name_status: "APPROVED".to_owned(),
            redirect_uri: None,
            announced_as: "PARTNER_ADDED".to_owned(),
        }
    }
}

/// What the popup returns to the page.
pub(crate) struct Finished {
    pub(crate) code: String,
    pub(crate) event: String,
    /// What Meta sends to the platform's portfolio.
    pub(crate) announced_as: String,
    /// The ids of the message event.
    pub(crate) data: Map<String, Value>,
    pub(crate) waba: String,
    pub(crate) owner: String,
}

impl Signup {
    pub(crate) fn finish(self, world: &mut World, options: &Options, now: i64) -> Finished {
        let waba = match self.waba_id.as_deref().and_then(|id| world.wabas.get(id)) {
            Some(known) => known.id.clone(),
            None => self.create(world, now),
        };
        if self.new_number {
            let number = self.number(world, &waba, now);
            world.wabas.get_mut(&waba).into_iter().for_each(|waba| waba.phones.insert(0, number.clone()));
        }
        if let Some(waba) = world.wabas.get_mut(&waba) {
            waba.shared_with_platform = true;
        }
        let (owner, phone) = match world.wabas.get(&waba) {
            Some(waba) => (waba.owner.clone(), waba.phones.first().cloned()),
            None => (String::new(), None),
        };
        let token = format!("EAA{}", secret(60));
        let code = format!("AQ{}", secret(80));
        let granted = if self.granted { vec![waba.clone()] } else { Vec::new() };
        let wabas = granted.into_iter().chain(self.also).collect();
        let (app, business) = (options.app_id.clone(), owner.clone());
        let expires_at = self.expires_in.map_or(0, |life| now + life);
        let held = Token { app, business, wabas, valid: false, issued_at: now, expires_at, scopes: self.scopes };
        world.tokens.insert(token.clone(), held);
        world.codes.insert(code.clone(), Code { token, issued_at: now, used: false, redirect_uri: self.redirect_uri });
        let mut data = Map::from_iter([("business_id".to_owned(), json!(owner))]);
        data.extend(self.names_account.then(|| ("waba_id".to_owned(), json!(waba))));
        if self.event == "FINISH" && self.names_number {
            data.extend(phone.map(|phone| ("phone_number_id".to_owned(), json!(phone))));
        }
        Finished { code, event: self.event, announced_as: self.announced_as, data, waba, owner }
    }

    fn create(&self, world: &mut World, now: i64) -> String {
        let owner = self.business_id.clone().unwrap_or_else(|| world.id());
        let (id, namespace) = (world.id(), world.id());
        world.businesses.entry(owner.clone()).or_insert_with(|| Business { name: self.business_name.clone() });
        let phones: Vec<String> = (0..self.numbers).map(|_| self.number(world, &id, now)).collect();
        let templates = (1..=self.templates).map(|at| template(world, at)).collect();
        let funding = (self.payment_method || self.foreign_credit_line).then(|| world.id());
        let waba = Waba {
            id: id.clone(),
            name: format!("{} WhatsApp", self.business_name),
            owner,
            phones,
            templates,
            templates_a_page: self.templates_a_page,
            namespace: format!("namespace_{namespace}"),
            currency: funding.as_ref().map(|_| "USD".to_owned()),
            primary_funding_id: funding,
            subscribed: BTreeSet::new(),
            assigned_users: BTreeSet::new(),
            shared_with_platform: false,
            review: self.review.clone(),
            verification: "verified".to_owned(),
            refused_with: None,
            calls: Vec::new(),
        };
        world.wabas.insert(id.clone(), waba);
        id
    }

    fn number(&self, world: &mut World, waba: &str, now: i64) -> String {
        let id = world.id();
        let on_business_app = self.event == "FINISH_WHATSAPP_BUSINESS_APP_ONBOARDING";
        let tail = id.get(id.len().saturating_sub(4)..).unwrap_or_default();
        let phone = Phone {
            id: id.clone(),
            waba: waba.to_owned(),
            display_phone_number: format!("+1 631-555-{tail}"),
            verified_name: self.business_name.clone(),
            status: if on_business_app { "CONNECTED" } else { "PENDING" }.to_owned(),
            pin: self.pin.clone(),
            on_business_app,
            name_status: self.name_status.clone(),
            webhook_override: None,
            onboarded_at: now,
            synced: BTreeSet::new(),
            registrations: Vec::new(),
            standing: Standing::default(),
            arrival: None,
            outcomes: Vec::new(),
        };
        world.phones.insert(id.clone(), phone);
        id
    }
}

fn template(world: &mut World, at: u32) -> Template {
    Template {
        id: world.id(),
        name: format!("order_update_{at}"),
        language: "en_US".to_owned(),
        status: "APPROVED".to_owned(),
        category: "UTILITY".to_owned(),
        rejected_reason: "NONE".to_owned(),
        quality: "UNKNOWN".to_owned(),
        correct_category: None,
        rest: parts(),
    }
}

pub(crate) fn secret(length: usize) -> String {
    use rand::RngExt;
    rand::rng().sample_iter(rand::distr::Alphanumeric).take(length).map(char::from).collect()
}

/// Default components of templates.
pub(crate) fn parts() -> Map<String, Value> {
    let body = json!([{ "type": "BODY", "text": "Your order is on its way." }]);
    [("components".to_owned(), body)].into_iter().collect()
}
