//! Checks before a submission that need more than the template.

use shared::domain::composition::{Composition, Finding, SAMPLE_ADDRESS, lint, unknown_words};
use shared::graph::client::GraphClient;

/// The findings about a template whose components were read from Meta: the addresses of its samples are Meta's own, and
/// the files behind them are uploaded again.
pub(super) fn of_metas(graph: &GraphClient, composition: &Composition) -> Vec<Finding> {
    let mut findings = lint(composition);
    if composition.sample_addresses().iter().all(|(_, address)| graph.is_metas_address(address)) {
        findings.retain(|finding| finding.code != SAMPLE_ADDRESS);
    }
    findings
}

/// The findings about an edit, which may leave the components as they are.
pub(super) fn of_edit(graph: &GraphClient, composition: &Composition) -> Vec<Finding> {
    let mut findings = of_metas(graph, composition);
    if composition.components.is_empty() {
        findings.retain(|finding| !MISSING.contains(&finding.code));
    }
    findings
}

/// Findings about components that an edit does not name.
const MISSING: [&str; 2] = ["body.missing", "authentication.button"];

/// Counts templates with words that this version does not know (template.yaml: `UndocumentedTemplateWords`). The word
/// itself is the caller's and is not logged.
pub(super) fn count_unknown(composition: &Composition) {
    for list in unknown_words(composition) {
        tracing::info!(template.list = list.as_str(), "a template word is not documented");
    }
}
