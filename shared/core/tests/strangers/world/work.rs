//! What a worker does with a record of the world, and where it crashes.

use super::*;

impl World {
    /// Does everything that is due, with the responsible worker, until nothing is due or the worker crashes.
    pub(super) fn works(&mut self, place: usize, dies_at: Option<usize>, wide: Option<usize>, names: bool) {
        for done in 0..40 {
            let record = &self.records[place];
            let due = match next(record, Runner::Steps, self.now) {
                Next::HandOver(other) => next(record, other, self.now),
                due => due,
            };
            let Some(begun) = begins(record, due) else { return };
            self.apply(place, &begun);
            if dies_at == Some(done) {
                return;
            }
            match due {
                Next::Rescue => self.rescues(place),
                Next::Fetch => self.fetches(place, wide, names),
                Next::Confirm => self.confirms(place),
                Next::Run(step) => self.performs(place, step),
                Next::HandOver(_) | Next::Watch | Next::Nothing => return,
            }
        }
    }

    pub(super) fn rescues(&mut self, place: usize) {
        let record = &self.records[place];
        let Phase::Exchanging { attempt, .. } = &record.phase else { return };
        let entitled = record.entitlement.iter().flat_map(Entitlement::accounts).cloned();
        let announced =
            entitled.map(|waba| (account_of(&waba), waba)).filter(|(account, _)| self.announced.contains(account));
        let announced: Vec<_> = announced.map(|(account, waba)| (waba, business(account))).collect();
        let outcome = rescue(record, self.vault.contains_key(attempt), &announced).unwrap();
        self.apply(place, &outcome);
    }

    /// Meta returns the portfolio's token, which may give access to more than the requested account.
    pub(super) fn fetches(&mut self, place: usize, wide: Option<usize>, names: bool) {
        let Some(wanted) = self.records[place].wanted_token() else {
            let Phase::Fetching { attempt, .. } = self.records[place].phase.clone() else { return };
            self.apply(place, &Fact::ExchangeFailed(attempt, "exchange.lost"));
            return;
        };
        let attempt = wanted.attempt.clone();
        let own = (0..ACCOUNTS).find(|account| business(*account) == *wanted.business).unwrap();
        let opens =
            [Some(own), wide].into_iter().flatten().filter(|account| self.announced.contains(account)).collect();
        let token = Token { opens, names };
        let readable = token.opens.contains(&own) && wanted.accounts.contains(&waba(own));
        let fits = match wanted.judge(&token.grant()) {
            Opens::Yes => true,
            Opens::IfReadable => readable,
            Opens::No => false,
        };
        if fits {
            self.vault.insert(attempt.clone(), token);
            self.apply(place, &Fact::TokenStored(attempt));
            let of_code = matches!(self.records[place].entitlement, Some(Entitlement::CodeAccepted(_)));
            self.counts.healed_without_a_click += usize::from(of_code);
        } else {
            self.apply(place, &Fact::ExchangeFailed(attempt, "exchange.lost"));
        }
    }

    pub(super) fn confirms(&mut self, place: usize) {
        let record = &self.records[place];
        let Some(attempt) = record.stored_attempt().cloned() else { return };
        let gone = record.waba.as_ref().is_some_and(|waba| self.hidden.contains(&account_of(waba.id())));
        let fact = if gone {
            Fact::DepartureConfirmed(attempt, Extent::Everything)
        } else {
            Fact::DepartureNotConfirmed(attempt)
        };
        self.apply(place, &fact);
    }

    pub(super) fn performs(&mut self, place: usize, step: Step) {
        let outcome = match step {
            Step::VerifyGrant => self.verifies(place),
            Step::JoinRecord => self.joins(place),
            Step::FindNumber => {
                let id = PhoneNumberId::parse("5").unwrap();
                let listed = [ListedPhone { id, on_business_app: false, proven: true }];
                let phone = verify_phone(&Claim::default(), &listed, &[]);
                phone.map(|phone| Finding::Number { phone, status: Vec::new(), display: None })
            }
            Step::ShareCredit => Ok(Finding::CreditShared(AllocationId::parse("8").unwrap())),
            _ => Ok(Finding::Nothing),
        };
        let proven = step == Step::VerifyGrant && outcome.is_ok();
        let fact = match outcome {
            Ok(finding) => Fact::StepSucceeded(step, finding),
            Err(failure) => Fact::StepFailed(step, failure),
        };
        let saved = self.apply(place, &fact);
        self.counts.connected += usize::from(proven && saved);
        if !saved {
            self.apply(place, &Fact::StepFailed(step, Failure::new(Class::Later, "grant.owner_changed")));
        }
    }

    pub(super) fn verifies(&self, place: usize) -> Result<Finding, Failure> {
        let record = &self.records[place];
        let token = record.token_attempt().and_then(|attempt| self.vault.get(attempt));
        let token = token.ok_or_else(|| Failure::new(Class::TokenDead, "token.missing"))?;
        let chosen = choose_waba(&record.claim, &token.grant(), record.entitlement.as_ref())?;
        let account = account_of(&chosen);
        if !token.opens.contains(&account) {
            return Err(lost());
        }
        let waba = verify_waba(&chosen, &chosen, &business(account), &record.claim)?;
        if record.waba.as_ref().is_some_and(|before| before.id() != waba.id()) {
            return Err(Failure::new(Class::Hold, "grant.other_account"));
        }
        let owner = self.owners.get(&account).filter(|(_, released)| !released).map(|(owner, _)| owner);
        let owner = owner.and_then(|owner| self.records.iter().find(|record| record.id == *owner));
        let joins = holder(record, owner)?;
        Ok(Finding::Account { waba, joins, token_expires_at: None, scopes: BTreeSet::new(), status: Vec::new() })
    }

    pub(super) fn joins(&mut self, place: usize) -> Result<Finding, Failure> {
        let record = self.records[place].clone();
        let attempt = record.token_attempt().cloned().unwrap();
        let other = self.records.iter().position(|other| Some(&other.id) == record.joins.as_ref()).unwrap();
        let round = RepeatSignup {
            attempt: attempt.clone(),
            token_expires_at: None,
            customer_ref: record.customer_ref.clone(),
            claim: record.claim.clone(),
            entitlement: record.entitlement.clone(),
            flow: record.flow,
            callback_override: None,
        };
        self.apply(other, &Fact::Rejoined(Box::new(round)));
        let held = &self.records[other];
        match &held.phase {
            Phase::Left { .. } => Ok(Finding::Alone),
            _ if held.token_attempt() == Some(&attempt) || held.retired.contains(&attempt) => {
                self.counts.joined += 1;
                Ok(Finding::Nothing)
            }
            _ if !may_go_on_in(&record, held) => Err(bound_elsewhere()),
            _ => Err(Failure::new(Class::Later, "grant.owner_changed")),
        }
    }
}
