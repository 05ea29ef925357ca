//! A Lambda Runtime API that only measures times.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::Response;
use axum::routing::{any, get};
use bytes::Bytes;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};

/// Timeout of an event.
const DEADLINE: Duration = Duration::from_secs(60);

struct Shared {
    asked: mpsc::UnboundedSender<Instant>,
    answered: mpsc::UnboundedSender<Instant>,
    events: Mutex<mpsc::UnboundedReceiver<Bytes>>,
}

/// One process's view of Lambda.
pub(crate) struct Stub {
    pub(crate) address: String,
    asked: mpsc::UnboundedReceiver<Instant>,
    answered: mpsc::UnboundedReceiver<Instant>,
    events: mpsc::UnboundedSender<Bytes>,
    server: tokio::task::JoinHandle<io::Result<()>>,
}

impl Stub {
    pub(crate) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?.to_string();
        let (asked_to, asked) = mpsc::unbounded_channel();
        let (answered_to, answered) = mpsc::unbounded_channel();
        let (events, waiting) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { asked: asked_to, answered: answered_to, events: Mutex::new(waiting) });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .fallback(any(answer))
            .with_state(shared);
        let server = tokio::spawn(axum::serve(listener, router).into_future());
        Ok(Self { address, asked, answered, events, server })
    }

    /// When the process requested its next event.
    pub(crate) async fn asked(&mut self) -> io::Result<Instant> {
        self.asked.recv().await.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// Delivers an event, waits for the response, and returns the duration.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> io::Result<Duration> {
        let began = Instant::now();
        self.events.send(event).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        let ended = self.answered.recv().await.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        Ok(ended - began)
    }

    /// Delivers an event without waiting.
    pub(crate) fn offer(&self, event: Bytes) {
        drop(self.events.send(event));
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response<Body> {
    // Nothing receives once the measurement is complete.
    shared.asked.send(Instant::now()).ok();
    let Some(event) = shared.events.lock().await.recv().await else { return Response::default() };
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() + DEADLINE;
    let response = Response::builder()
        .header("lambda-runtime-aws-request-id", "00000000-0000-0000-0000-000000000000")
        .header("lambda-runtime-deadline-ms", deadline.as_millis().to_string())
        .header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:000000000000:function:measured")
        .header("lambda-runtime-trace-id", "Root=1-00000000-000000000000000000000000;Sampled=0");
    response.body(Body::from(event)).unwrap_or_default()
}

async fn answer(State(shared): State<Arc<Shared>>, _body: Bytes) -> axum::http::StatusCode {
    shared.answered.send(Instant::now()).ok();
    axum::http::StatusCode::ACCEPTED
}
