//! Which account a token gives access to: turns claims (from a browser), grants (from `debug_token`) and data read with
//! the token into verified values. Only these reach steps that cost money or change routing.

use super::claim::Claim;
use super::entitlement::Entitlement;
use super::failure::{Actor, Class, Failure, Waiting};
use super::ids::{BusinessId, PhoneNumberId, WabaId};
use serde::{Deserialize, Serialize};

/// A WhatsApp Business Account that the customer proved to control: granted by its token, readable with it, owner
/// known. Created by [`verify_waba`] only; subscribe, override, register and share accept no other type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedWaba {
    id: WabaId,
    owner: BusinessId,
}

impl VerifiedWaba {
    /// The account.
    #[must_use]
    pub fn id(&self) -> &WabaId {
        &self.id
    }

    /// The portfolio that owns it, as reported by Meta.
    #[must_use]
    pub fn owner(&self) -> &BusinessId {
        &self.owner
    }
}

/// A number listed by a verified account. Created by [`verify_phone`] only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerifiedPhone {
    id: PhoneNumberId,
    on_business_app: bool,
}

impl VerifiedPhone {
    /// The number's id at Meta.
    #[must_use]
    pub fn id(&self) -> &PhoneNumberId {
        &self.id
    }

    /// Whether the number stays in the WhatsApp Business app (coexistence).
    #[must_use]
    pub fn is_on_business_app(&self) -> bool {
        self.on_business_app
    }
}

/// What `debug_token` reports about a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The token is valid.
    pub is_valid: bool,
    /// The token belongs to our app.
    pub is_ours: bool,
    /// At least one WhatsApp scope was granted.
    pub has_whatsapp_scope: bool,
    /// Accounts named by WhatsApp scopes, newest first. Empty when the scopes are not limited to accounts.
    pub wabas: Vec<WabaId>,
    /// Portfolios named by business scopes.
    pub businesses: Vec<BusinessId>,
}

/// Selects the account to read. A token that was obtained without a code is never bound to an account outside its
/// record's entitlement. A claim only selects; where a grant names no account, reading the selected one with the token
/// is the proof.
///
/// # Errors
/// An invalid token, a token of another app, a claim that was not granted, or an ambiguous grant.
pub fn choose_waba(claim: &Claim, grant: &Grant, entitlement: Option<&Entitlement>) -> Result<WabaId, Failure> {
    if !grant.is_valid {
        return Err(Failure::new(Class::TokenDead, "token.invalid"));
    }
    if !grant.is_ours {
        return Err(Failure::new(Class::Hold, "token.other_app"));
    }
    if !grant.has_whatsapp_scope {
        return Err(Failure::new(Class::Needs(Actor::Operator, Waiting::Meta), "token.scope_missing"));
    }
    let accounts = proven_accounts(grant, entitlement);
    if entitlement.is_some() && accounts.is_empty() {
        return Err(Failure::new(Class::Hold, "grant.claim_not_granted"));
    }
    match (&claim.waba, accounts.as_slice()) {
        (Some(claimed), []) => Ok(claimed.clone()),
        (Some(claimed), granted) if granted.contains(claimed) => Ok(claimed.clone()),
        (Some(_), _) => Err(Failure::new(Class::Hold, "grant.claim_not_granted")),
        (None, [only]) => Ok(only.clone()),
        (None, []) => Err(Failure::new(Class::Needs(Actor::Customer, Waiting::Choice), "grant.no_account")),
        (None, several) => Err(choice("grant.several_accounts", several.iter().map(WabaId::as_str))),
    }
}

/// The accounts the token may be bound to; empty when its scopes are not limited to accounts and it came from a code.
fn proven_accounts(grant: &Grant, entitlement: Option<&Entitlement>) -> Vec<WabaId> {
    let Some(entitlement) = entitlement else { return grant.wabas.clone() };
    let granted = |account: &&WabaId| grant.wabas.is_empty() || grant.wabas.contains(account);
    entitlement.accounts().iter().filter(granted).cloned().collect()
}

/// Turns an account that was read with the token into a verified one.
///
/// # Errors
/// [`Class::Hold`] when Meta answered for another account, or the owner is not the business the browser named.
pub fn verify_waba(chosen: &WabaId, read: &WabaId, owner: &BusinessId, claim: &Claim) -> Result<VerifiedWaba, Failure> {
    if chosen != read {
        return Err(Failure::new(Class::Hold, "grant.other_account_read"));
    }
    if claim.business.as_ref().is_some_and(|claimed| claimed != owner) {
        return Err(Failure::new(Class::Hold, "grant.owner_mismatch"));
    }
    Ok(VerifiedWaba { id: read.clone(), owner: owner.clone() })
}

/// A number in the account's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPhone {
    /// The number's id at Meta.
    pub id: PhoneNumberId,
    /// Whether it is used with the WhatsApp Business app (coexistence).
    pub on_business_app: bool,
    /// Whether its owner verified it by code; only then it can be registered.
    pub proven: bool,
}

/// Selects the number of this signup from those the verified account lists; `known` are those the record has already.
/// Without a claim it is the only new number, or, when none is new, the first known one.
///
/// # Errors
/// No number yet, a claimed number of another account, an unverified number, or several new numbers and none claimed.
pub fn verify_phone(claim: &Claim, listed: &[ListedPhone], known: &[PhoneNumberId]) -> Result<VerifiedPhone, Failure> {
    let verified = |phone: &ListedPhone| VerifiedPhone { id: phone.id.clone(), on_business_app: phone.on_business_app };
    if listed.is_empty() {
        return Err(Failure::new(Class::Needs(Actor::Customer, Waiting::Number), "number.none"));
    }
    if let Some(claimed) = &claim.phone {
        let found = listed.iter().find(|phone| phone.id == *claimed);
        let found = found.ok_or_else(|| Failure::new(Class::Hold, "number.not_of_this_account"))?;
        return if found.proven { Ok(verified(found)) } else { Err(unproven()) };
    }
    let (old, new): (Vec<_>, Vec<_>) =
        listed.iter().filter(|phone| phone.proven).partition(|phone| known.contains(&phone.id));
    match (new.as_slice(), old.first()) {
        ([only], _) => Ok(verified(only)),
        ([], Some(first)) => Ok(verified(first)),
        ([], None) => Err(unproven()),
        (several, _) => Err(choice("number.several", several.iter().map(|phone| phone.id.as_str()))),
    }
}

/// Meta's own error code for registering a number that is not verified yet.
#[must_use]
pub fn unproven() -> Failure {
    Failure::new(Class::Needs(Actor::Customer, Waiting::Number), "graph.133006")
}

/// A failure that lets somebody choose: ambiguous cases are never guessed.
fn choice<'a>(code: &str, options: impl Iterator<Item = &'a str>) -> Failure {
    let options = options.map(str::to_owned).collect();
    Failure { options, ..Failure::new(Class::Needs(Actor::Customer, Waiting::Choice), code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waba(text: &str) -> WabaId {
        WabaId::parse(text).unwrap()
    }

    fn grant(wabas: &[&str]) -> Grant {
        Grant {
            is_valid: true,
            is_ours: true,
            has_whatsapp_scope: true,
            wabas: wabas.iter().map(|id| waba(id)).collect(),
            businesses: Vec::new(),
        }
    }

    fn claim(waba_id: Option<&str>) -> Claim {
        Claim { waba: waba_id.map(waba), ..Claim::default() }
    }

    #[test]
    fn the_chosen_account_is_always_a_granted_one() {
        assert_eq!(choose_waba(&claim(Some("22")), &grant(&["11", "22"]), None), Ok(waba("22")));
        assert_eq!(choose_waba(&claim(None), &grant(&["11"]), None), Ok(waba("11")));
        assert_eq!(
            choose_waba(&claim(Some("22")), &grant(&[]), None),
            Ok(waba("22")),
            "an unlimited scope names no account"
        );
    }

    #[test]
    fn a_claim_that_was_not_granted_is_held() {
        let refused = choose_waba(&claim(Some("33")), &grant(&["11", "22"]), None).unwrap_err();
        assert_eq!((refused.class, refused.code.as_str()), (Class::Hold, "grant.claim_not_granted"));
    }

    #[test]
    fn a_token_that_came_without_a_code_is_bound_to_proven_accounts_only() {
        let assigned = Entitlement::Assigned { waba: waba("11") };
        let choose = |claimed, granted: &[&str]| choose_waba(&claim(claimed), &grant(granted), Some(&assigned));
        assert_eq!(
            choose(None, &["22", "11"]),
            Ok(waba("11")),
            "other accounts of the token do not belong to its customer"
        );
        assert_eq!(choose(None, &[]), Ok(waba("11")), "reading it is the proof");
        assert_eq!(choose(Some("22"), &["22", "11"]).unwrap_err().code, "grant.claim_not_granted");
        assert_eq!(choose(Some("22"), &[]).unwrap_err().class, Class::Hold, "a claim adds no account");
        assert_eq!(choose(Some("22"), &["22"]).unwrap_err().code, "grant.claim_not_granted");
        assert_eq!(choose(None, &["22"]).unwrap_err().class, Class::Hold);
    }

    #[test]
    fn several_granted_accounts_need_a_choice_and_are_never_guessed() {
        assert_eq!(choose_waba(&claim(None), &grant(&["11", "22"]), None).unwrap_err().code, "grant.several_accounts");
        assert_eq!(choose_waba(&claim(None), &grant(&[]), None).unwrap_err().code, "grant.no_account");
    }

    #[test]
    fn a_token_of_another_app_or_a_dead_one_opens_nothing() {
        let foreign = Grant { is_ours: false, ..grant(&["11"]) };
        assert_eq!(choose_waba(&claim(Some("11")), &foreign, None).unwrap_err().class, Class::Hold);
        let dead = Grant { is_valid: false, ..grant(&["11"]) };
        assert_eq!(choose_waba(&claim(Some("11")), &dead, None).unwrap_err().class, Class::TokenDead);
    }

    #[test]
    fn the_owner_comes_from_meta_and_must_match_the_claim() {
        let owner = BusinessId::parse("77").unwrap();
        let lie = Claim { business: BusinessId::parse("78").ok(), ..claim(Some("11")) };
        assert_eq!(verify_waba(&waba("11"), &waba("11"), &owner, &lie).unwrap_err().code, "grant.owner_mismatch");
        let verified = verify_waba(&waba("11"), &waba("11"), &owner, &claim(Some("11"))).unwrap();
        assert_eq!((verified.id(), verified.owner()), (&waba("11"), &owner));
    }

    #[test]
    fn a_number_of_another_account_is_never_registered() {
        let listed = [ListedPhone { id: PhoneNumberId::parse("5").unwrap(), on_business_app: false, proven: true }];
        let spoof = Claim { phone: PhoneNumberId::parse("6").ok(), ..Claim::default() };
        assert_eq!(verify_phone(&spoof, &listed, &[]).unwrap_err().class, Class::Hold);
        assert_eq!(verify_phone(&Claim::default(), &listed, &[]).unwrap().id().as_str(), "5");
        assert_eq!(verify_phone(&Claim::default(), &[], &[]).unwrap_err().code, "number.none");
    }

    #[test]
    fn an_unverified_number_is_never_selected() {
        let id = |text: &str| PhoneNumberId::parse(text).unwrap();
        let unproven = ListedPhone { id: id("6"), on_business_app: false, proven: false };
        let named = Claim { phone: Some(id("6")), ..Claim::default() };
        for claim in [&named, &Claim::default()] {
            assert_eq!(verify_phone(claim, std::slice::from_ref(&unproven), &[]).unwrap_err().code, "graph.133006");
        }
        let proven = ListedPhone { id: id("5"), on_business_app: false, proven: true };
        assert_eq!(verify_phone(&Claim::default(), &[unproven, proven], &[]).unwrap().id().as_str(), "5");
    }

    #[test]
    fn the_new_number_of_a_known_account_is_the_one_that_was_added() {
        let id = |text: &str| PhoneNumberId::parse(text).unwrap();
        let listed = ["7", "6", "5"].map(|text| ListedPhone { id: id(text), on_business_app: false, proven: true });
        let pick = |known: &[&str]| {
            let known: Vec<_> = known.iter().map(|text| id(text)).collect();
            verify_phone(&Claim::default(), &listed, &known)
        };
        assert_eq!(pick(&["5", "6"]).unwrap().id().as_str(), "7");
        assert_eq!(pick(&["5", "6", "7"]).unwrap().id().as_str(), "7", "no number is new");
        let ambiguous = pick(&["5"]).unwrap_err();
        assert_eq!((ambiguous.code.as_str(), ambiguous.options.join(" ")), ("number.several", "7 6".to_owned()));
    }
}
