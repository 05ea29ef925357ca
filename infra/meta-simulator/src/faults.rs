//! Fault injection: failures of the network and of Meta.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A fault is injected into a number of matching calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// HTTP method; any if absent.
    method: Option<String>,
    /// Suffix of the path, without version, for example `/register`.
    path: String,
    /// Matching calls to let pass first.
    #[serde(default)]
    after: u32,
    /// Calls to inject the fault into.
    #[serde(default = "once")]
    times: u32,
    effect: Effect,
}

/// The effect of a fault.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Effect {
    /// Answers this instead; nothing is done.
    Answer {
        /// HTTP status.
        status: u16,
        /// JSON or text.
        body: Value,
        /// Additional headers.
        #[serde(default)]
        headers: std::collections::BTreeMap<String, String>,
    },
    /// Delays the response.
    Delay {
        /// The delay.
        milliseconds: u64,
    },
    /// Closes the connection before anything is done.
    DropBefore,
    /// Executes the call and loses the response.
    DropAfter,
    /// Executes the call and cuts the response in half.
    HalfBody,
    /// A page of a list names the requested cursor as the next one.
    RepeatCursor,
}

fn once() -> u32 {
    1
}

/// The pending faults.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect to inject into this call, if any.
    pub(crate) fn injection(&mut self, method: &str, path: &str) -> Option<Effect> {
        let fits = |fault: &&mut Fault| {
            fault.method.as_deref().is_none_or(|own| own == method) && path.ends_with(&fault.path) && fault.times > 0
        };
        let fault = self.0.iter_mut().find(fits)?;
        if fault.after > 0 {
            fault.after -= 1;
            return None;
        }
        fault.times -= 1;
        Some(fault.effect.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_is_injected_into_matching_calls_as_often_as_configured() {
        let mut faults = Faults::default();
        let fault = json!({ "method": "POST", "path": "/register", "after": 1, "times": 2, "effect": { "kind": "drop_after" } });
        faults.add(serde_json::from_value(fault).unwrap());
        let mut injection = |method, path| faults.injection(method, path).is_some();
        assert!(!injection("GET", "/1/register") && !injection("POST", "/1/deregister/x"));
        assert_eq!([injection("POST", "/1/register"), injection("POST", "/1/register")], [false, true]);
        assert_eq!([injection("POST", "/2/register"), injection("POST", "/1/register")], [true, false]);
    }
}
