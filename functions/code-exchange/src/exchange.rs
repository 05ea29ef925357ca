//! Exchanges the code: once, while the customer waits.

use http::StatusCode;
use shared::domain::failure::MetaCode;
use shared::graph::call::Auth;
use shared::graph::calls::oauth::ExchangeCode;
use shared::graph::client::GraphClient;
use shared::graph::error::{GraphError, Kind, Refusal};
use shared::http::problem::Problem;
use shared::secret::Secret;
use shared::transport::TransportError;

/// Most requests: a code that did not reach Meta may be sent again, and one whose answer was lost once more.
const TRIES: u32 = 3;

/// Why there is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Older than 30 seconds (Meta: 100/36007).
    Expired,
    /// Used or malformed (Meta: 100/36009).
    Used,
    /// Meta may have answered, but the answer was lost.
    Lost,
    /// Meta could not be reached.
    Unreachable,
    /// Meta rejected the app, not the code: the operator has to fix it.
    App,
}

/// No token, and Meta's numbers if its last answer was a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoToken {
    pub(crate) why: Refused,
    pub(crate) meta: Option<MetaCode>,
}

impl Refused {
    /// The reason code stored in the record.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Expired => "exchange.code_expired",
            Self::Used => "exchange.code_used",
            Self::Lost => "exchange.lost",
            Self::Unreachable => "exchange.unreachable",
            Self::App => "exchange.refused",
        }
    }

    /// The inverse of [`Self::reason`].
    pub(crate) fn of_reason(reason: &str) -> Self {
        let all = [Self::Expired, Self::Used, Self::Unreachable, Self::App];
        all.into_iter().find(|refused| refused.reason() == reason).unwrap_or(Self::Lost)
    }

    /// The answer to the browser.
    pub(crate) const fn problem(self) -> Problem {
        let again = StatusCode::UNPROCESSABLE_ENTITY;
        match self {
            Self::Expired => {
                Problem::new(again, "code_expired", "Meta's confirmation was too old. Please click once more.")
            }
            Self::Used => {
                Problem::new(again, "code_used", "Meta's confirmation was used before. Please click once more.")
            }
            Self::Lost => {
                Problem::new(again, "code_lost", "Meta's confirmation was lost on the way. Please click once more.")
            }
            Self::Unreachable => Problem::new(
                StatusCode::BAD_GATEWAY,
                "meta_unreachable",
                "Meta could not be reached. Please try again.",
            ),
            Self::App => Problem::new(StatusCode::BAD_GATEWAY, "meta_refused", "Meta refused the platform's app."),
        }
    }
}

pub(crate) async fn code_for_token(
    graph: &GraphClient,
    app_secret: &Secret,
    code: &Secret,
    redirect_uri: Option<&str>,
) -> Result<Secret, NoToken> {
    let call = ExchangeCode { app: graph.app(), app_secret, code, redirect_uri };
    let mut may_be_spent = false;
    let mut last = NoToken { why: Refused::Unreachable, meta: None };
    for _ in 0..TRIES {
        let error = match graph.call(&call, Auth::None).await {
            Ok(granted) => return Ok(granted.access_token),
            Err(error) => error,
        };
        let ends = |why| NoToken { why, meta: error.refusal().map(Refusal::meta) };
        match verdict(&error, may_be_spent) {
            Verdict::Final(refused) => return Err(ends(refused)),
            Verdict::NotSent => last = ends(if may_be_spent { Refused::Lost } else { Refused::Unreachable }),
            Verdict::Unknown if may_be_spent => return Err(ends(Refused::Lost)),
            Verdict::Unknown => {
                may_be_spent = true;
                last = ends(Refused::Lost);
            }
        }
    }
    Err(last)
}

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Final(Refused),
    /// The code did not reach Meta: it is safe to send again.
    NotSent,
    /// The code may have been used.
    Unknown,
}

fn verdict(error: &GraphError, may_be_spent: bool) -> Verdict {
    let refusal = match &error.kind {
        Kind::NoAppSecret | Kind::Transport(TransportError::NotSent | TransportError::OutOfTime) => {
            return Verdict::NotSent;
        }
        Kind::Transport(TransportError::NoAnswer | TransportError::TooLarge) | Kind::Undecodable | Kind::NotDone => {
            return Verdict::Unknown;
        }
        Kind::Refused(refusal) => refusal,
    };
    match (refusal.code, refusal.subcode) {
        (100, Some(36007)) => Verdict::Final(Refused::Expired),
        (100, _) if may_be_spent => Verdict::Final(Refused::Lost),
        (100, _) => Verdict::Final(Refused::Used),
        _ if refusal.transient || refusal.status >= 500 => Verdict::Unknown,
        _ => Verdict::Final(Refused::App),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::domain::ids::AppId;
    use shared::graph::client::{AppSecret, AppSecretUnavailable, GraphConfig};
    use shared::graph::error::parse;
    use shared::tls::Tls;
    use shared::transport::Transport;
    use std::pin::Pin;
    use std::time::{Duration, Instant};
    use tokio::net::TcpListener;

    #[derive(Debug)]
    struct Known;

    impl AppSecret for Known {
        fn value(&self) -> Pin<Box<dyn Future<Output = Result<Secret, AppSecretUnavailable>> + Send + '_>> {
            Box::pin(async { Ok(Secret::new("app secret".to_owned())) })
        }
    }

    /// A Meta that accepts every connection and never responds.
    async fn silent() -> (GraphClient, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let config = GraphConfig::new(base, "v25.0".to_owned(), AppId::parse("1").unwrap());
        (GraphClient::new(Transport::new(&Tls::new().unwrap()).unwrap(), config, Known), listener)
    }

    async fn exchanged(graph: &GraphClient, left: Duration) -> (Refused, Duration) {
        let (secret, begun) = (Secret::new("s".to_owned()), Instant::now());
        let graph = graph.until(begun + left);
        let refused = code_for_token(&graph, &secret, &secret, None).await.unwrap_err();
        (refused.why, begun.elapsed())
    }

    #[tokio::test]
    async fn a_meta_that_does_not_answer_is_waited_for_until_the_time_for_saving_begins() {
        let (graph, _listener) = silent().await;
        let (refused, took) = exchanged(&graph, Duration::from_millis(1500)).await;
        assert_eq!(refused, Refused::Lost, "Meta may have spent the code");
        assert!(took < Duration::from_secs(3), "{took:?}");
    }

    #[tokio::test]
    async fn a_code_is_not_spent_when_no_time_is_left_for_it() {
        let (graph, listener) = silent().await;
        let (refused, _) = exchanged(&graph, Duration::from_millis(100)).await;
        assert_eq!((refused, graph.calls_made()), (Refused::Unreachable, 0));
        assert!(tokio::time::timeout(Duration::from_millis(50), listener.accept()).await.is_err());
    }

    fn refused(status: u16, body: &str, may_be_spent: bool) -> Verdict {
        let kind = Kind::Refused(parse(status, body.as_bytes(), None).unwrap());
        verdict(&GraphError { call: "exchange_code", kind }, may_be_spent)
    }

    #[test]
    fn a_code_is_never_sent_again_once_meta_refused_it() {
        let expired = r#"{"error":{"code":100,"error_subcode":36007}}"#;
        let used = r#"{"error":{"code":100,"error_subcode":36009}}"#;
        assert_eq!(refused(400, expired, false), Verdict::Final(Refused::Expired));
        assert_eq!(refused(400, used, false), Verdict::Final(Refused::Used));
        assert_eq!(
            refused(400, used, true),
            Verdict::Final(Refused::Lost),
            "our own request, whose answer was lost, used it"
        );
        assert_eq!(refused(400, r#"{"error":{"code":1}}"#, false), Verdict::Final(Refused::App));
    }

    #[test]
    fn an_unknown_outcome_is_told_apart_from_a_request_that_never_left() {
        let lost = |kind| verdict(&GraphError { call: "exchange_code", kind }, false);
        assert_eq!(lost(Kind::Transport(TransportError::NotSent)), Verdict::NotSent);
        assert_eq!(lost(Kind::Transport(TransportError::NoAnswer)), Verdict::Unknown);
        assert_eq!(lost(Kind::Undecodable), Verdict::Unknown);
        assert_eq!(refused(500, r#"{"error":{"code":2}}"#, false), Verdict::Unknown);
    }
}
