//! Scripted faults: what the network and Meta do on bad days.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A fault waits for calls that fit and strikes a number of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    /// Method; any when absent.
    method: Option<String>,
    /// How the path ends, without version, for example `/register`.
    path: String,
    /// How many fitting calls pass before it strikes.
    #[serde(default)]
    after: u32,
    /// How many calls it strikes.
    #[serde(default = "once")]
    times: u32,
    effect: Effect,
}

/// What happens.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Effect {
    /// This answer instead; nothing is done.
    Answer {
        /// HTTP status.
        status: u16,
        /// JSON or text.
        body: Value,
        /// Further headers.
        #[serde(default)]
        headers: std::collections::BTreeMap<String, String>,
    },
    /// The answer comes late.
    Delay {
        /// How late.
        milliseconds: u64,
    },
    /// The connection ends before anything is done.
    DropBefore,
    /// Everything is done and the answer is lost.
    DropAfter,
    /// Everything is done and half of the answer arrives.
    HalfBody,
    /// A page of a list names the cursor it was asked for as the next one.
    RepeatCursor,
}

fn once() -> u32 {
    1
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The effect that strikes this call, if one does.
    pub(crate) fn strike(&mut self, method: &str, path: &str) -> Option<Effect> {
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
    fn a_fault_strikes_what_fits_as_often_as_it_is_told() {
        let mut faults = Faults::default();
        let fault = json!({ "method": "POST", "path": "/register", "after": 1, "times": 2, "effect": { "kind": "drop_after" } });
        faults.add(serde_json::from_value(fault).unwrap());
        let mut strike = |method, path| faults.strike(method, path).is_some();
        assert!(!strike("GET", "/1/register") && !strike("POST", "/1/deregister/x"));
        assert_eq!([strike("POST", "/1/register"), strike("POST", "/1/register")], [false, true]);
        assert_eq!([strike("POST", "/2/register"), strike("POST", "/1/register")], [true, false]);
    }
}
