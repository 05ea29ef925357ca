//! Meta's limit on new customers in a moving window of seven days.

use super::ids::BusinessId;
use super::time::Timestamp;
use std::collections::BTreeMap;
use std::time::Duration;

/// The length of Meta's window.
pub const WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// Percent of the limit from which people are warned.
const WARNING: usize = 80;

/// How many new customers the platform may onboard in seven days: 10 initially, 200 once Meta has verified the business
/// and reviewed the app. A parameter, because Meta changes it individually.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnboardingLimit(usize);

/// A new customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCustomer {
    /// Its portfolio; a portfolio with several accounts counts once.
    pub business: BusinessId,
    /// When its signup began.
    pub at: Timestamp,
}

/// How much of the limit is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// New customers in the window.
    pub used: usize,
    /// The maximum number of new customers.
    pub limit: usize,
    /// When the next customer may be onboarded, while the limit is reached.
    pub full_until: Option<Timestamp>,
}

impl OnboardingLimit {
    /// Parses the template parameter's value.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|limit| (1..=100_000).contains(limit)).map(Self)
    }

    /// The budget at `now`, given the recently added customers.
    #[must_use]
    pub fn budget(self, customers: &[NewCustomer], now: Timestamp) -> Budget {
        let mut first: BTreeMap<&BusinessId, Timestamp> = BTreeMap::new();
        for customer in customers.iter().filter(|customer| now.since(customer.at) < WINDOW) {
            let at = first.entry(&customer.business).or_insert(customer.at);
            *at = customer.at.min(*at);
        }
        let mut within: Vec<Timestamp> = first.into_values().collect();
        within.sort_unstable();
        let used = within.len();
        let next = used.checked_sub(self.0).and_then(|over| within.get(over)).map(|oldest| oldest.after(WINDOW));
        Budget { used, limit: self.0, full_until: next }
    }
}

impl Budget {
    /// Whether people are warned.
    #[must_use]
    pub fn is_near(self) -> bool {
        self.used.saturating_mul(100) >= self.limit.saturating_mul(WARNING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_seconds(day * 86_400)
    }

    fn began(days: &[i64]) -> Vec<NewCustomer> {
        let customer = |(index, at): (usize, &i64)| NewCustomer {
            business: BusinessId::parse(&format!("{}", index + 1)).unwrap(),
            at: day(*at),
        };
        days.iter().enumerate().map(customer).collect()
    }

    #[test]
    fn a_full_budget_says_when_the_next_customer_may_be_onboarded() {
        let limit = OnboardingLimit::parse("3").unwrap();
        let began = began(&[0, 1, 2, 3]);
        assert_eq!(limit.budget(&began, day(4)), Budget { used: 4, limit: 3, full_until: Some(day(8)) });
        assert_eq!(limit.budget(&began, day(8)).full_until, None, "two are within seven days of day 8");
        assert_eq!(limit.budget(&[], day(8)).used, 0);
    }

    #[test]
    fn people_are_warned_from_eighty_percent() {
        let limit = OnboardingLimit::parse("10").unwrap();
        let near = |count: usize| limit.budget(&began(&vec![1; count]), day(2)).is_near();
        assert!(!near(7) && near(8));
    }

    #[test]
    fn a_business_with_several_accounts_counts_once_and_from_its_first() {
        let limit = OnboardingLimit::parse("1").unwrap();
        let mut twice = began(&[3, 1]);
        twice[0].business = twice[1].business.clone();
        assert_eq!(limit.budget(&twice, day(4)), Budget { used: 1, limit: 1, full_until: Some(day(8)) });
    }

    #[test]
    fn a_limit_is_a_whole_number_of_customers() {
        for bad in ["", "0", "-1", "1e3", "ten", "100001"] {
            assert_eq!(OnboardingLimit::parse(bad), None, "{bad}");
        }
    }
}
