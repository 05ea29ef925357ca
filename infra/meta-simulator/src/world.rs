//! The state at Meta.

mod credit;
mod entities;
mod limits;
mod moving;
mod people;
mod platform;

pub(crate) use entities::{
    Allocation, Arrival, Bearer, Business, Code, Message, Phone, Standing, Template, Token, Upload, Waba,
};
pub(crate) use limits::Usage;
pub(crate) use people::{People, Person};
pub(crate) use platform::Platform;

use crate::options::Options;
use crate::refusal::Refusal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// First generated id; ids have the length of Meta's.
const FIRST_ID: u64 = 100_000_000_000_001;
/// Lifetime of a code (Meta: "The token code has a 30-second TTL").
pub(crate) const CODE_LIFE: i64 = 30;

/// All entities, by id.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) businesses: BTreeMap<String, Business>,
    pub(crate) wabas: BTreeMap<String, Waba>,
    pub(crate) phones: BTreeMap<String, Phone>,
    pub(crate) codes: BTreeMap<String, Code>,
    pub(crate) tokens: BTreeMap<String, Token>,
    pub(crate) allocations: BTreeMap<String, Allocation>,
    /// By Meta's id of the message.
    #[serde(default)]
    pub(crate) messages: BTreeMap<String, Message>,
    /// Uploaded files, by the session without its signature.
    #[serde(default)]
    pub(crate) uploads: BTreeMap<String, Upload>,
    /// People with WhatsApp.
    #[serde(default)]
    pub(crate) people: People,
    /// The platform's own app and portfolio.
    #[serde(default)]
    pub(crate) platform: Platform,
    given: u64,
}

impl World {
    /// A new numeric id.
    pub(crate) fn id(&mut self) -> String {
        self.given += 1;
        (FIRST_ID + self.given).to_string()
    }

    /// The owner of a token.
    pub(crate) fn bearer(&self, options: &Options, token: &str, now: i64) -> Result<Bearer, Refusal> {
        if token == options.system_token {
            return if self.platform.system_token { Ok(Bearer::System) } else { Err(Refusal::token()) };
        }
        if token == format!("{}|{}", options.app_id, options.app_secret) {
            return if self.platform.app_secret { Ok(Bearer::App) } else { Err(Refusal::token()) };
        }
        match self.tokens.get(token) {
            Some(held) if held.valid && !held.has_ended(now) => Ok(Bearer::Business(token.to_owned())),
            _ => Err(Refusal::token()),
        }
    }

    /// Exchanges a code; it works once.
    pub(crate) fn exchange(&mut self, text: &str, redirect_uri: Option<&str>, now: i64) -> Result<String, Refusal> {
        let used = || Refusal::parameter("This authorization code has been used.").with_subcode(36009);
        let code = self.codes.get_mut(text).ok_or_else(used)?;
        if code.used {
            return Err(used());
        }
        if now >= code.issued_at + CODE_LIFE {
            return Err(Refusal::parameter("This authorization code has expired.").with_subcode(36007));
        }
        if code.redirect_uri.as_deref() != redirect_uri {
            let message = "Error validating verification code. Please make sure your redirect_uri is identical.";
            return Err(Refusal::parameter(message).with_subcode(36008));
        }
        code.used = true;
        let token = code.token.clone();
        if let Some(token) = self.tokens.get_mut(&token) {
            token.valid = true;
        }
        Ok(token)
    }

    /// Activates and returns a token of a customer: the newest from its signups, with everything they granted.
    pub(crate) fn fetch(&mut self, business: &str, now: i64) -> Option<String> {
        let newest =
            self.tokens.iter().filter(|(_, token)| token.business == business).max_by_key(|(_, t)| t.issued_at);
        let (text, life) = newest.map(|(text, token)| (text.clone(), token.expires_at - token.issued_at))?;
        let wabas = self.tokens.get(&text)?.wabas.clone();
        let ended = self.tokens.get(&text).is_some_and(|token| token.expires_at > 0 && token.expires_at - now < life);
        if !ended {
            self.tokens.get_mut(&text)?.valid = true;
            return Some(text);
        }
        // An expiring token gets a successor: a new installation of the app renews it.
        let successor = format!("{text}R");
        let app = self.tokens.get(&text)?.app.clone();
        let token = Token {
            app,
            business: business.to_owned(),
            wabas,
            valid: true,
            issued_at: now,
            expires_at: now + life,
            scopes: Vec::new(),
        };
        self.tokens.insert(successor.clone(), token);
        Some(successor)
    }

    /// An account, if the caller may see it.
    pub(crate) fn waba(&self, bearer: &Bearer, id: &str) -> Result<&Waba, Refusal> {
        let waba = self.wabas.get(id).ok_or_else(|| Refusal::unknown_object(id))?;
        let sees = match bearer {
            Bearer::Business(token) => {
                self.tokens.get(token).is_some_and(|token| token.wabas.iter().any(|own| own == id))
            }
            Bearer::System => waba.shared_with_platform,
            Bearer::App => false,
        };
        match (sees, waba.refused_with.as_deref().filter(|_| matches!(bearer, Bearer::Business(_)))) {
            (true, None) => Ok(waba),
            (true, Some(code)) => Err(Refusal::access(code, id)),
            (false, _) => Err(Refusal::unknown_object(id)),
        }
    }

    /// An account to change, if the caller may see it.
    pub(crate) fn waba_mut(&mut self, bearer: &Bearer, id: &str) -> Result<&mut Waba, Refusal> {
        self.waba(bearer, id)?;
        self.wabas.get_mut(id).ok_or_else(|| Refusal::unknown_object(id))
    }

    /// A number, if the caller may see its account.
    pub(crate) fn phone_mut(&mut self, bearer: &Bearer, id: &str) -> Result<&mut Phone, Refusal> {
        let waba = self.phones.get(id).map(|phone| phone.waba.clone()).ok_or_else(|| Refusal::unknown_object(id))?;
        let hidden = |refusal: Refusal| if refusal.subcode == Some(33) { Refusal::unknown_object(id) } else { refusal };
        self.waba(bearer, &waba).map_err(hidden)?;
        self.phones.get_mut(id).ok_or_else(|| Refusal::unknown_object(id))
    }
}
