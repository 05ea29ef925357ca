//! Everything that is declared is used.

use super::Template;
use super::tree::{entries, names_in};
use crate::repository::{Offence, forbid};
use std::collections::BTreeSet;

#[test]
fn no_parameter_is_unused() {
    forbid(unused(&Template::of_repository()), "Use it or remove it: it is requested at every deployment.");
}

fn unused(template: &Template) -> Vec<Offence> {
    let users =
        ["Globals", "Conditions", "Resources", "Outputs"].into_iter().filter_map(|section| template.section(section));
    let used: BTreeSet<&str> = users.flat_map(names_in).collect();
    let parameters = entries(template.section("Parameters")).filter(|(name, _)| !used.contains(name));
    parameters.map(|(name, _)| template.offence(name, "is read by nothing")).collect()
}

mod proofs {
    use super::*;

    #[test]
    fn an_unused_parameter_is_found() {
        let text = "Parameters: { A: {}, B: {} }\nResources: { R: { Properties: { X: !Sub \"${A}-x\", Y: B } } }";
        let found = unused(&Template::parse(text));
        assert_eq!(found.len(), 1);
        assert_eq!(found.first().map(|offence| offence.what.as_str()), Some("B is read by nothing"));
    }
}
