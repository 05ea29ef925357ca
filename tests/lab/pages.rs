//! Pages in browsers: our own, which stores cookies, and a platform's, which is identified by its launch value.

use crate::Lab;
use crate::stack::{PLATFORM_PAGE, Popup, Session, text};
use local::Answer;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

/// One browser with our own page: it stores cookies and sends its origin with every POST.
#[derive(Default)]
pub struct Browser(Mutex<BTreeMap<String, String>>);

impl Browser {
    /// The cookies it would send now.
    pub fn cookies(&self) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    fn keep(&self, answer: &Answer) {
        let set = answer.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
        let pairs = set.filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(pairs);
    }
}

/// Launch values of a platform's page: the newest of a session, and the one for a code.
#[derive(Default)]
pub(crate) struct Launches {
    newest: HashMap<String, String>,
    of_codes: HashMap<String, String>,
}

impl Lab {
    /// A browser opens an address of ours.
    pub async fn open(&self, browser: &Browser, url: &str) -> Answer {
        let answer = self.send("GET", url, &[("cookie", &browser.cookies())], b"").await;
        browser.keep(&answer);
        answer
    }

    /// Our own page in a browser sends a POST.
    pub async fn page_post(&self, browser: &Browser, path: &str, body: &Value) -> Answer {
        let origin = self.api("");
        let (cookies, body) = (browser.cookies(), body.to_string());
        let headers = [("origin", origin.as_str()), ("cookie", &cookies), ("content-type", "application/json")];
        let answer = self.send("POST", &self.api(path), &headers, body.as_bytes()).await;
        browser.keep(&answer);
        answer
    }

    /// A platform's page launches a link.
    pub async fn launch(&self, session: &Session, order: &Value) -> Answer {
        let mut body = json!({ "session": session.id });
        if let (Some(body), Some(order)) = (body.as_object_mut(), order.as_object()) {
            body.extend(order.clone());
        }
        let posted = self.client.post(&self.api("/signup/launch"), &[("origin", PLATFORM_PAGE)], &body).await;
        self.seen(posted.expect("an answer"))
    }

    /// A callback with any body from the platform's server, which has no browser.
    pub async fn server_callback(&self, body: &Value) -> Answer {
        self.seen(self.client.post(&self.api("/signup/callback"), &[], body).await.expect("an answer"))
    }

    /// The launch value for a code: a page launches once per click, and a person takes over where asked to.
    pub(crate) async fn launch_of(&self, session: &Session, popup: &Popup) -> Result<String, Box<Answer>> {
        let mut launches = self.launches.lock().await;
        let key = format!("{} {}", session.id, popup.code);
        if let Some(launch) = launches.of_codes.get(&key) {
            return Ok(launch.clone());
        }
        let earlier = launches.newest.get(&session.id).cloned();
        let mut answer = self.launch(session, &json!({ "launch": earlier })).await;
        if text(&answer.json(), "code") == "opened_elsewhere" {
            answer = self.launch(session, &json!({ "take_over": true })).await;
        }
        if answer.status != 200 {
            return Err(Box::new(answer));
        }
        let launch = text(&answer.json(), "launch");
        launches.newest.insert(session.id.clone(), launch.clone());
        launches.of_codes.insert(key, launch.clone());
        Ok(launch)
    }
}
