//! `/v1/dead-letters`: messages that failed for good, and their redrive.

use super::{App, unavailable};
use http::StatusCode;
use serde::Serialize;
use shared::domain::operation::Operation;
use shared::http::problem::Problem;
use shared::http::{Reply, json};
use shared::queue::Queue;
use shared::wiring::Wiring;

/// A dead-letter queue, under the name of its source queue.
#[derive(Clone)]
pub(crate) struct DeadLetters {
    name: String,
    queue: Queue,
}

#[derive(Serialize)]
struct List<'a> {
    queues: Vec<Depth<'a>>,
}

#[derive(Serialize)]
struct Depth<'a> {
    queue: &'a str,
    messages: u64,
}

#[derive(Serialize)]
struct Moved {
    messages: u64,
}

/// Reads `DEAD_LETTER_QUEUES`: `<queue>=<url of its dead-letter queue>`, separated by commas.
pub(crate) fn read(wiring: &mut Wiring<'_>) -> Option<Vec<DeadLetters>> {
    let aws = wiring.aws();
    let parse = |text: &str| {
        let named = text.split(',').map(|pair| {
            let (name, url) = pair.trim().split_once('=')?;
            Some(DeadLetters { name: name.to_owned(), queue: Queue::new(&aws, url) })
        });
        named.collect::<Option<Vec<_>>>()
    };
    wiring.parsed("DEAD_LETTER_QUEUES", parse)
}

impl App {
    pub(crate) async fn dead_letters(&self) -> Result<Reply, Problem> {
        let mut queues = Vec::new();
        for DeadLetters { name, queue } in &self.dead_letters {
            let messages = queue.depth().await.map_err(|error| unavailable(&error))?;
            queues.push(Depth { queue: name, messages });
        }
        Ok(json(StatusCode::OK, &List { queues }))
    }

    /// Redrives all dead letters of a queue. Jobs are idempotent, so it does not matter what the first attempts did.
    pub(crate) async fn redrive(&self, name: &str, operation: &Operation) -> Result<Reply, Problem> {
        let named = self.dead_letters.iter().find(|letters| letters.name == name).ok_or(Problem::not_found())?;
        let messages = named.queue.depth().await.map_err(|error| unavailable(&error))?;
        if messages > 0 {
            self.announce(&operation.about("queue", name)).await?;
            named.queue.redrive().await.map_err(|error| unavailable(&error))?;
        }
        Ok(json(StatusCode::ACCEPTED, &Moved { messages }))
    }
}
