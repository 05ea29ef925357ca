//! A change that Meta did not make, with what whoever asked for it may be told.

use crate::domain::failure::{Class, Failure};
use crate::domain::template_refusal::EXISTS;
use crate::graph::error::{GraphError, Refusal, is_refused_without_reason};

/// Why Meta did not make a change.
#[derive(Debug)]
pub struct Declined {
    /// What to do about it.
    pub failure: Failure,
    /// Meta's answer, if it refused.
    pub refusal: Option<Refusal>,
}

impl Declined {
    /// Whether Meta has a template of that name and language already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.refusal.as_ref().is_some_and(|refusal| refusal.code == 100 && refusal.subcode == Some(EXISTS))
    }

    /// Whether the request may have been carried out, or may be soon.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let later = matches!(self.failure.class, Class::Later | Class::LaterAfter(_));
        later && !is_refused_without_reason(&self.failure)
    }
}

impl From<GraphError> for Declined {
    fn from(error: GraphError) -> Self {
        Self { failure: error.failure(), refusal: error.refusal().cloned() }
    }
}
