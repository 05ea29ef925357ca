//! Which credit line is shared: the one of the parameter, or the only one of the platform's portfolio. Meta grants one
//! per legal entity and currency, so with several a person chooses: the first would be a guess that costs money.

use super::credit::{CreditSharing, ours};
use super::pages::Pages;
use crate::domain::doctor::{NO_LINE, NO_PORTFOLIO, SEVERAL_LINES};
use crate::domain::failure::{Class, Failure};
use crate::domain::ids::CreditLineId;
use crate::graph::call::{Auth, GraphCall};
use crate::graph::calls::platform::ListCreditLines;
use crate::secret::Secret;

/// Pages of a hundred lines.
const MOST_PAGES: usize = 5;

impl CreditSharing {
    /// The line to share.
    pub(super) async fn credit_line(&self, token: &Secret) -> Result<CreditLineId, Failure> {
        if let Some(line) = &self.line {
            return Ok(line.clone());
        }
        let mut lines = self.portfolio_lines(token).await?.ok_or_else(|| ours(NO_PORTFOLIO))?;
        let line = lines.pop().ok_or_else(|| ours(NO_LINE))?;
        if lines.is_empty() { Ok(line) } else { Err(ours(SEVERAL_LINES)) }
    }

    /// The lines of the platform's portfolio; `None` if the portfolio is not configured.
    pub(super) async fn portfolio_lines(&self, token: &Secret) -> Result<Option<Vec<CreditLineId>>, Failure> {
        let Some(business) = &self.business else { return Ok(None) };
        let (mut pages, mut more) = (Pages::of(ListCreditLines::NAME, MOST_PAGES), true);
        let mut lines = Vec::new();
        while more {
            let list = ListCreditLines { business, after: pages.after() };
            let page = self.graph.call(&list, Auth::Bearer(token)).await.map_err(|error| error.failure())?;
            more = pages.turn(&page)?;
            for line in page.data {
                // An id that cannot be read is not left out: the rest would look like the only one.
                lines.push(CreditLineId::parse(&line.id).map_err(|_| Failure::new(Class::Later, "graph.unreadable"))?);
            }
        }
        Ok(Some(lines))
    }
}
