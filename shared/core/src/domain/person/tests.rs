use super::*;
use std::collections::BTreeMap;

fn names(names: &[&str]) -> Names {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn decision(seconds: i64, stopped: bool) -> Option<Preference> {
    Some(Preference { at: Timestamp::from_seconds(seconds), stopped })
}

/// What Meta says, in one order.
#[derive(Clone)]
enum Said {
    Same(Names),
    Decided(&'static str, Option<Preference>),
}

/// Applies it as the store does: each name leads to its whole person.
fn told(order: &[&Said]) -> BTreeMap<String, Person> {
    let mut known: BTreeMap<String, Person> = BTreeMap::new();
    for said in order {
        let (about, preference) = match said {
            Said::Same(names) => (names.clone(), None),
            Said::Decided(name, preference) => (names(&[name]), *preference),
        };
        let found: Vec<Person> = about.iter().filter_map(|name| known.get(name).cloned()).collect();
        let person = found.iter().fold(Person::named(about), Person::joined).prefers(preference);
        for name in person.names.clone() {
            known.insert(name, person.clone());
        }
    }
    known
}

fn orders<T>(all: &[T]) -> Vec<Vec<&T>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..all.len() {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<usize>| {
                let left = (0..all.len()).filter(|index| !order.contains(index)).collect::<Vec<_>>();
                left.into_iter().map(move |next| [order.as_slice(), &[next]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    orders.into_iter().map(|order| order.into_iter().filter_map(|index| all.get(index)).collect()).collect()
}

#[test]
fn names_joined_in_any_order_are_the_same_person_with_the_newest_decision() {
    let said = [
        Said::Same(names(&["52", "521"])),
        Said::Same(names(&["521", "MX.1"])),
        Said::Same(names(&["MX.1", "MX.2", "new"])),
        Said::Decided("52", decision(5, false)),
        Said::Decided("MX.2", decision(7, true)),
        Said::Same(names(&["stranger", "US.9"])),
    ];
    let expected = Person { names: names(&["52", "521", "MX.1", "MX.2", "new"]), preference: decision(7, true) };
    let all = orders(&said);
    assert_eq!(all.len(), 720);
    for order in all {
        let twice: Vec<&Said> = order.iter().chain(&order).copied().collect();
        for known in [told(&order), told(&twice)] {
            for name in &expected.names {
                assert_eq!(known.get(name), Some(&expected), "{name}");
            }
            assert_eq!(known.get("US.9"), Some(&Person::named(names(&["stranger", "US.9"]))));
        }
    }
}

#[test]
fn the_newest_decision_counts_and_a_tie_stops() {
    let stopped = |decisions: &[Option<Preference>]| {
        decisions.iter().fold(Person::default(), |person, decision| person.prefers(*decision)).has_stopped()
    };
    assert!(!stopped(&[]));
    assert!(stopped(&[decision(5, true)]));
    assert!(!stopped(&[decision(5, true), decision(6, false)]));
    assert!(!stopped(&[decision(6, false), decision(5, true)]));
    assert!(stopped(&[decision(5, true), decision(5, false)]) && stopped(&[decision(5, false), decision(5, true)]));
}

#[test]
fn sets_that_share_a_name_are_one_person_and_a_single_name_says_nothing() {
    let sets = [names(&["a"]), names(&["c", "d"]), names(&["b", "c"]), names(&["x"]), names(&["d", "e"])];
    assert_eq!(merged(sets), [names(&["b", "c", "d", "e"])]);
    assert_eq!(merged([names(&["a", "b"]), names(&["c", "d"])]).len(), 2);
}
