//! Phone number migration between accounts.

use super::{Arrival, Phone, Template, Waba, World};
use crate::refusal::Refusal;
use std::collections::BTreeSet;

/// Wrong codes after which Meta accepts no more for a number.
const WRONG_CODES: u32 = 5;

fn refused(subcode: u32, message: &str) -> Refusal {
    Refusal::parameter(message).with_subcode(subcode)
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

impl World {
    /// Adds a number that another account has, after checking Meta's conditions on both sides.
    pub(crate) fn add_moving(
        &mut self,
        target: &str,
        number: &str,
        name: &str,
        app: &str,
        now: i64,
    ) -> Result<String, Refusal> {
        let listed = |phone: &&Phone| digits(&phone.display_phone_number) == number && phone.status != "MIGRATED";
        let mut known = self.phones.values().filter(listed);
        if self.phones.values().filter(listed).any(|phone| phone.waba == target) {
            return Err(refused(2_388_012, "This phone number is already in the list of phone numbers."));
        }
        let source =
            known.next().ok_or_else(|| refused(2_388_103, "The number is not registered with any account."))?;
        if source.pin.is_some() {
            return Err(refused(2_388_001, "Two-step verification is on. Switch it off and try again."));
        }
        self.may_move(source, target, app)?;
        let source = source.id.clone();
        let id = self.id();
        let arriving = self.phones.get(&source).map(|source| source.arriving(&id, target, name, now));
        self.phones.extend(arriving.map(|phone| (id.clone(), phone)));
        self.wabas.get_mut(target).into_iter().for_each(|waba| waba.phones.insert(0, id.clone()));
        Ok(id)
    }

    fn may_move(&self, source: &Phone, target: &str, app: &str) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(refused(2_388_103, why));
        let (Some(from), Some(to)) = (self.wabas.get(&source.waba), self.wabas.get(target)) else {
            return refuse("An account does not exist.");
        };
        if from.owner != to.owner {
            return refuse("The accounts belong to different businesses.");
        }
        if source.on_business_app || source.name_status != "APPROVED" {
            return refuse("The number is used with the WhatsApp Business app, or its display name is not approved.");
        }
        if to.review != "APPROVED" || to.primary_funding_id.is_none() || !to.subscribed.contains(app) {
            return refuse("The new account is not approved, has no payment method, or no app is subscribed to it.");
        }
        Ok(())
    }

    /// The number is registered here: it is removed there, and templates in good standing are migrated.
    pub(crate) fn arrived(&mut self, phone: &str) {
        let Some(here) = self.phones.get_mut(phone) else { return };
        let (Some(arrival), target) = (here.arrival.take(), here.waba.clone()) else { return };
        let Some(there) = self.phones.get_mut(&arrival.from) else { return };
        "MIGRATED".clone_into(&mut there.status);
        let good = |template: &&Template| {
            template.status == "APPROVED" && ["GREEN", "UNKNOWN"].contains(&template.quality.as_str())
        };
        let source = self.wabas.get(&there.waba).map(|waba| waba.templates.iter().filter(good).cloned());
        let copies: Vec<Template> = source.into_iter().flatten().collect();
        for copy in copies {
            let id = self.id();
            self.wabas.get_mut(&target).into_iter().for_each(|waba| waba.take(copy.clone(), &id));
        }
    }
}

impl Waba {
    fn take(&mut self, template: Template, id: &str) {
        if !self.templates.iter().any(|own| own.name == template.name && own.language == template.language) {
            let quality = "UNKNOWN".to_owned();
            self.templates.push(Template { id: id.to_owned(), quality, ..template });
        }
    }
}

impl Phone {
    /// The initial state of the number in the new account.
    fn arriving(&self, id: &str, target: &str, name: &str, now: i64) -> Self {
        Self {
            id: id.to_owned(),
            waba: target.to_owned(),
            display_phone_number: self.display_phone_number.clone(),
            verified_name: name.to_owned(),
            status: "PENDING".to_owned(),
            pin: None,
            on_business_app: false,
            name_status: "APPROVED".to_owned(),
            webhook_override: None,
            onboarded_at: now,
            synced: BTreeSet::new(),
            registrations: Vec::new(),
            standing: self.standing.clone(),
            arrival: Some(Arrival { from: self.id.clone(), code: None, wrong: 0, verified: false }),
            outcomes: Vec::new(),
        }
    }

    /// Sends a code to the number's owner.
    pub(crate) fn send_code(&mut self, code: String) -> Result<(), Refusal> {
        let Some(arrival) = self.arrival.as_mut().filter(|arrival| !arrival.verified) else {
            return Err(Refusal::new(400, 136_024, "(#136024) The phone number is verified already."));
        };
        if arrival.wrong >= WRONG_CODES {
            return Err(refused(2_388_091, "Too many codes were asked for."));
        }
        arrival.code = Some(code);
        Ok(())
    }

    /// Checks the code the owner entered.
    pub(crate) fn take_code(&mut self, code: &str) -> Result<(), Refusal> {
        let Some(arrival) = self.arrival.as_mut().filter(|arrival| !arrival.verified) else {
            return Err(Refusal::new(400, 136_024, "(#136024) The phone number is verified already."));
        };
        if arrival.code.as_deref() != Some(code) || arrival.wrong >= WRONG_CODES {
            arrival.wrong += 1;
            return Err(refused(2_388_093, "The code could not be verified."));
        }
        arrival.verified = true;
        Ok(())
    }
}
