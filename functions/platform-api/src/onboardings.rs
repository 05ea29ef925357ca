//! Onboardings for operators: lists, details with the timeline, and resuming.

use super::{App, unavailable};
use crate::views::{Details, List, summary};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use shared::clock;
use shared::domain::ids::{BusinessId, CustomerRef, OnboardingId, PhoneNumberId, WabaId};
use shared::domain::onboarding::{Onboarding, State};
use shared::domain::operation::Operation;
use shared::domain::progress::Fact;
use shared::http::fields::Fields;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use shared::queue::Job;
use shared::store::{Recorded, StoreError, Versioned};
use std::time::Duration;

/// Onboardings per page.
const PAGE: i32 = 50;

impl App {
    pub(crate) async fn list(&self, request: &Request) -> Result<Reply, Problem> {
        let only =
            request.parameter("state").map(|state| State::parse(&state).ok_or(Problem::bad_parameter())).transpose()?;
        let customer = request.parameter("customer_ref").map(|reference| CustomerRef::parse(&reference));
        let customer = customer.transpose().map_err(|_| Problem::bad_parameter())?;
        let found = match (request.parameter("search"), &customer) {
            (Some(text), _) => Some(self.search(text.trim()).await),
            (None, Some(customer)) => Some(self.store.of_customer(customer).await),
            (None, None) => None,
        };
        if let Some(found) = found.transpose().map_err(|error| unavailable(&error))? {
            if request.parameter("cursor").is_some() {
                return Err(Problem::bad_parameter());
            }
            let wanted = |onboarding: &&Onboarding| {
                only.is_none_or(|only| onboarding.state() == only)
                    && customer.as_ref().is_none_or(|customer| onboarding.customer_ref == *customer)
            };
            let onboardings = found.iter().filter(wanted).map(summary).collect();
            return Ok(json(StatusCode::OK, &List { onboardings, cursor: None }));
        }
        let states: Vec<State> = only.map_or_else(|| State::ALL.to_vec(), |state| vec![state]);
        let start = request
            .parameter("cursor")
            .map(|cursor| read_cursor(&cursor).ok_or(Problem::bad_parameter()))
            .transpose()?;
        if start.as_ref().is_some_and(|(state, _)| only.is_some_and(|only| only != *state)) {
            return Err(Problem::bad_parameter());
        }
        let list = self.page(&states, start).await.map_err(|error| unavailable(&error))?;
        Ok(json(StatusCode::OK, &list))
    }

    /// Searches by whatever an operator may have at hand: an id of an onboarding, account, number or portfolio, or a
    /// customer reference.
    async fn search(&self, text: &str) -> Result<Vec<Onboarding>, StoreError> {
        let mut ids: Vec<OnboardingId> = OnboardingId::parse(text).into_iter().collect();
        if let Ok(waba) = WabaId::parse(text) {
            ids.extend(self.store.owner(&waba).await?.map(|owner| owner.onboarding));
        }
        if let Ok(phone) = PhoneNumberId::parse(text) {
            ids.extend(self.store.record_of(&phone).await?);
        }
        let mut found = Vec::new();
        if let Ok(business) = BusinessId::parse(text) {
            found.extend(self.store.of_portfolio(&business).await?);
        }
        if let Ok(customer) = CustomerRef::parse(text) {
            found.extend(self.store.of_customer(&customer).await?);
        }
        for id in ids {
            found.extend(self.store.onboarding(&id).await?.map(|held| held.record));
        }
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found.dedup_by(|a, b| a.id == b.id);
        Ok(found)
    }

    /// One page across the lists of `states`, beginning after `start`.
    async fn page(&self, states: &[State], start: Option<(State, Option<OnboardingId>)>) -> Result<List, StoreError> {
        let mut list = List { onboardings: Vec::new(), cursor: None };
        let (first, mut after) = start.map_or((None, None), |(state, id)| (Some(state), id));
        let rest = states.iter().copied().skip_while(|state| first.is_some_and(|first| first != *state));
        for state in rest {
            if list.onboardings.len() >= usize::try_from(PAGE).unwrap_or_default() {
                list.cursor = Some(write_cursor(state, None));
                break;
            }
            let page = self.store.in_state(state, after.take().as_ref(), PAGE).await?;
            list.onboardings.extend(page.onboardings.iter().map(summary));
            if let Some(last) = page.last {
                list.cursor = Some(write_cursor(state, Some(&last)));
                break;
            }
        }
        Ok(list)
    }

    pub(crate) async fn get(&self, id: &str) -> Result<Reply, Problem> {
        let held = self.find(id).await?;
        let timeline = self.timeline_page(&held.record.id, None).await?;
        let notices = held.record.notices(clock::now(), self.business_info);
        Ok(json(StatusCode::OK, &Details::of(&held.record, &notices, timeline)))
    }

    pub(crate) async fn find(&self, id: &str) -> Result<Versioned<Onboarding>, Problem> {
        let id = OnboardingId::parse(id).map_err(|_| Problem::not_found())?;
        let found = self.store.onboarding(&id).await.map_err(|error| unavailable(&error))?;
        found.ok_or(Problem::not_found())
    }

    /// Makes all waiting steps due now; if the body has a choice, continues with it.
    pub(crate) async fn resume(&self, id: &str, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let fact = choice(request)?;
        match self.apply(id, &fact, operation).await? {
            Some(after) => Ok(json(StatusCode::ACCEPTED, &summary(&after))),
            None if matches!(fact, Fact::Chosen { .. }) && self.asks(id).await? => {
                let title = "This is not one of the options, which are listed at the step that waits for the choice.";
                Err(Problem::new(StatusCode::CONFLICT, "no_such_option", title))
            }
            None => {
                Err(Problem::new(StatusCode::CONFLICT, "nothing_to_resume", "This onboarding has nothing to resume."))
            }
        }
    }

    /// Whether a step waits for a choice.
    async fn asks(&self, id: &str) -> Result<bool, Problem> {
        Ok(self.find(id).await?.record.steps.values().any(|step| !step.options().is_empty()))
    }

    /// Starts the exit; if it has already started or finished, the answer is the same. The numbers are deregistered only
    /// on request: another partner may use them.
    pub(crate) async fn leave(&self, id: &str, request: &Request, operation: &Operation) -> Result<Reply, Problem> {
        let deregister = match request.parameter("deregister").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Problem::bad_parameter()),
        };
        if let Some(after) = self.apply(id, &Fact::ExitRequested { deregister }, operation).await? {
            return Ok(json(StatusCode::ACCEPTED, &summary(&after)));
        }
        let held = self.find(id).await?;
        match held.record.state() {
            State::Leaving | State::Left => Ok(json(StatusCode::ACCEPTED, &summary(&held.record))),
            _ => {
                Err(Problem::new(StatusCode::CONFLICT, "in_progress", "This signup is being completed at the moment."))
            }
        }
    }

    /// Publishes who requested an operation on an account that changes no record by itself. The operation starts only
    /// afterwards: an unattributed operation would be worse than one that has to be requested again.
    pub(crate) async fn requested(&self, id: &OnboardingId, operation: &Operation) -> Result<(), Problem> {
        self.apply(id.as_str(), &Fact::Requested, operation).await.map(drop)
    }

    /// Saves a fact together with its caller, and enqueues a job; `None` when the fact changes nothing.
    pub(crate) async fn apply(
        &self,
        id: &str,
        fact: &Fact,
        operation: &Operation,
    ) -> Result<Option<Box<Onboarding>>, Problem> {
        let id = OnboardingId::parse(id).map_err(|_| Problem::not_found())?;
        let recorded = self.store.record_by(&id, fact, Some(operation), clock::moment()).await;
        match recorded.map_err(|error| unavailable(&error))? {
            Recorded::Unknown => Err(Problem::not_found()),
            Recorded::Unchanged => Ok(None),
            Recorded::Changed(after) => {
                if let Err(error) = self.jobs.enqueue(&Job::Onboarding { id }, Duration::ZERO).await {
                    tracing::warn!(error = %error, "job not enqueued; the sweeper enqueues it");
                }
                Ok(Some(after))
            }
        }
    }
}

fn write_cursor(state: State, last: Option<&OnboardingId>) -> String {
    URL_SAFE_NO_PAD.encode(format!("{} {}", state.as_str(), last.map_or("", OnboardingId::as_str)))
}

fn read_cursor(cursor: &str) -> Option<(State, Option<OnboardingId>)> {
    let text = String::from_utf8(URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
    let (state, last) = text.split_once(' ')?;
    let last = if last.is_empty() { None } else { Some(OnboardingId::parse(last).ok()?) };
    Some((State::parse(state)?, last))
}

/// The body is optional: most waiting steps need no choice.
fn choice(request: &Request) -> Result<Fact, Problem> {
    if request.body.is_empty() {
        return Ok(Fact::Resumed);
    }
    let fields = Fields::read(request, &["waba_id", "phone_number_id"])?;
    let (waba, phone) = (fields.id("waba_id", WabaId::parse)?, fields.id("phone_number_id", PhoneNumberId::parse)?);
    Ok(if waba.is_none() && phone.is_none() { Fact::Resumed } else { Fact::Chosen { waba, phone } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back_and_forged_ones_do_not() {
        let id = OnboardingId::parse("onb_01jd0000000000000000000000").unwrap();
        assert_eq!(read_cursor(&write_cursor(State::Ready, Some(&id))), Some((State::Ready, Some(id))));
        assert_eq!(read_cursor(&write_cursor(State::Held, None)), Some((State::Held, None)));
        for forged in ["", "!", "cmVhZHk", &URL_SAFE_NO_PAD.encode("ready onb_x"), &URL_SAFE_NO_PAD.encode("nope ")] {
            assert_eq!(read_cursor(forged), None, "{forged}");
        }
    }
}
