use super::*;

/// `(code, subcode)` of each refusal in Meta's documents and field reports about access, the account model, app and system
/// users, credit, coexistence, and numbers.
const DOCUMENTED: &[(u64, Option<u64>)] = &[
    (0, None),
    (1, None),
    (2, None),
    (3, None),
    (4, None),
    (10, None),
    (17, None),
    (32, None),
    (33, None),
    (100, None),
    (101, None),
    (102, None),
    (104, None),
    (190, None),
    (190, Some(458)),
    (190, Some(459)),
    (190, Some(460)),
    (190, Some(463)),
    (190, Some(464)),
    (190, Some(467)),
    (190, Some(492)),
    (200, None),
    (299, None),
    (200, Some(1_349_174)),
    (200, Some(1_349_176)),
    (341, None),
    (368, None),
    (506, None),
    (613, None),
    (803, None),
    (2200, None),
    (3949, None),
    (3965, None),
    (80_007, None),
    (80_008, None),
    (100, Some(33)),
    (100, Some(36_007)),
    (100, Some(36_009)),
    (104_001, None),
    (130_429, None),
    (131_000, None),
    (131_005, None),
    (131_008, None),
    (131_009, None),
    (131_016, None),
    (131_031, None),
    (131_037, None),
    (131_042, None),
    (131_045, None),
    (131_057, None),
    (133_000, None),
    (133_004, None),
    (133_005, None),
    (133_006, None),
    (133_008, None),
    (133_009, None),
    (133_010, None),
    (133_015, None),
    (133_016, None),
    (135_000, None),
    (136_024, None),
    (136_025, None),
    (139_000, None),
    (147_001, None),
    (147_002, None),
    (147_003, None),
    (147_004, None),
    (147_005, None),
    (200_005, None),
    (200_006, None),
    (200_007, None),
    (1_752_041, None),
    (2_494_100, None),
    (2_494_164, None),
    (2_494_179, None),
    (2_593_079, None),
    (2_593_085, None),
    (2_593_107, None),
    (2_593_108, None),
    (2_593_109, None),
    (100, Some(2_207_051)),
    (100, Some(2_388_001)),
    (100, Some(2_388_002)),
    (100, Some(2_388_004)),
    (100, Some(2_388_012)),
    (100, Some(2_388_056)),
    (100, Some(2_388_077)),
    (100, Some(2_388_091)),
    (100, Some(2_388_093)),
    (100, Some(2_388_103)),
    (100, Some(2_388_135)),
    (100, Some(2_388_366)),
    (100, Some(2_494_143)),
    (100, Some(2_655_011)),
    (100, Some(3_441_051)),
];

#[test]
fn no_documented_refusal_falls_to_the_general_sentence() {
    for &(code, subcode) in DOCUMENTED {
        let found = meaning(MetaCode { code, subcode });
        assert_ne!(found, GENERAL, "{code} {subcode:?}");
        // A subcode is not explained by the general words for its code.
        assert!(code != 100 || subcode.is_none() || found != meaning(MetaCode { code, subcode: None }), "{subcode:?}");
        assert!(found.sentence.ends_with('.'), "{}", found.sentence);
    }
    assert_eq!(meaning(MetaCode { code: 424_242, subcode: Some(7) }), GENERAL);
}

#[test]
fn every_number_has_one_row() {
    let distinct: std::collections::BTreeSet<u64> = documented().collect();
    assert_eq!(documented().count(), distinct.len());
}
