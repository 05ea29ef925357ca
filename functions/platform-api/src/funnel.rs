//! `GET /v1/funnel`: how far the customers of the last days got, and where they gave up.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::clock;
use shared::domain::onboarding::State;
use shared::domain::session::Session;
use shared::http::problem::Problem;
use shared::http::{Reply, Request, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Most sessions that are read: Meta lets a platform onboard a few hundred new customers a week.
const MOST: usize = 1000;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[derive(Serialize)]
struct Funnel {
    since: String,
    days: u32,
    stages: [Stage; 4],
    abandoned: Vec<Abandoned>,
    errors: Vec<Errors>,
    /// Whether there were more sessions than were counted.
    partial: bool,
}

#[derive(Serialize)]
struct Stage {
    stage: &'static str,
    count: usize,
}

#[derive(Serialize)]
struct Abandoned {
    /// Meta's name of the screen; `null` where Meta named none.
    step: Option<String>,
    count: usize,
}

#[derive(Serialize)]
struct Errors {
    code: String,
    count: usize,
}

impl App {
    pub(crate) async fn funnel(&self, request: &Request) -> Result<Reply, Problem> {
        let days = request.parameter("days").map_or(Ok(30), |days| days.parse::<u32>());
        let days = days.ok().filter(|days| (1..=30).contains(days));
        let days = days.ok_or(Problem::bad_request("bad_parameter", "days must be a number from 1 to 30."))?;
        let since = clock::now().before(DAY.saturating_mul(days));
        let sessions = self.store.sessions_since(since, MOST).await.map_err(|error| unavailable(&error))?;
        let claimed: Vec<&Session> = sessions.iter().filter(|session| session.onboarding().is_some()).collect();
        let (connected, ready) = self.arrived(&claimed).await?;
        let stage = |stage, count| Stage { stage, count };
        let lost: Vec<&Session> = sessions.iter().filter(|session| session.onboarding().is_none()).collect();
        Ok(json(
            StatusCode::OK,
            &Funnel {
                since: since.to_rfc3339(),
                days,
                stages: [
                    stage("links", sessions.len()),
                    stage("codes", claimed.len()),
                    stage("connected", connected),
                    stage("ready", ready),
                ],
                abandoned: abandoned(&lost),
                errors: errors(&lost),
                partial: sessions.len() == MOST,
            },
        ))
    }

    /// Of the sessions whose code arrived: how many accounts are proven, and how many are ready.
    async fn arrived(&self, claimed: &[&Session]) -> Result<(usize, usize), Problem> {
        let (mut connected, mut ready) = (0, 0);
        for id in claimed.iter().filter_map(|session| session.onboarding()) {
            let held = self.store.onboarding(id).await.map_err(|error| unavailable(&error))?;
            let Some(held) = held else { continue };
            let onboarding = self.store.joined(held.record).await.map_err(|error| unavailable(&error))?;
            connected += usize::from(onboarding.waba.is_some());
            ready += usize::from(onboarding.state() == State::Ready);
        }
        Ok((connected, ready))
    }
}

fn abandoned(lost: &[&Session]) -> Vec<Abandoned> {
    let steps = lost.iter().filter_map(|session| Some(session.abandoned.as_ref()?.current_step.clone()));
    let mut counted: Vec<_> = counts(steps).into_iter().map(|(step, count)| Abandoned { step, count }).collect();
    counted.sort_by_key(|line| std::cmp::Reverse(line.count));
    counted
}

fn errors(lost: &[&Session]) -> Vec<Errors> {
    let codes = lost.iter().filter_map(|session| session.abandoned.as_ref()?.error_code.clone());
    let mut counted: Vec<_> = counts(codes).into_iter().map(|(code, count)| Errors { code, count }).collect();
    counted.sort_by_key(|line| std::cmp::Reverse(line.count));
    counted
}

fn counts<T: Ord>(things: impl Iterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counted = BTreeMap::new();
    for thing in things {
        *counted.entry(thing).or_insert(0) += 1;
    }
    counted
}
