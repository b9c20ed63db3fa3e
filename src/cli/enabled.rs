//! `--enabled`: a switch that pipelines pass on as they have it, in whatever words.

use std::str::FromStr;

/// Are the suites to be run?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enabled {
    Yes,
    No,
}

/// The words for both, in lower case. A toggle that is not set is passed on as an empty text, and means off.
const WORDS: &[(&str, Enabled)] = &[
    ("true", Enabled::Yes),
    ("1", Enabled::Yes),
    ("yes", Enabled::Yes),
    ("on", Enabled::Yes),
    ("false", Enabled::No),
    ("0", Enabled::No),
    ("no", Enabled::No),
    ("off", Enabled::No),
    ("", Enabled::No),
];

impl FromStr for Enabled {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = text.trim().to_lowercase();
        let known = WORDS.iter().find(|(known, _)| *known == word);
        known
            .map(|(_, enabled)| *enabled)
            .ok_or_else(|| "write true, 1, yes or on; or false, 0, no, off or nothing".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_on_and_off() {
        for (words, expected) in [
            (&["true", "1", "yes", "on", "TRUE", " Yes "][..], Ok(Enabled::Yes)),
            (&["false", "0", "no", "off", "", " ", "False", "OFF\n"][..], Ok(Enabled::No)),
        ] {
            for word in words {
                assert_eq!(word.parse(), expected, "{word:?}");
            }
        }
        for word in ["maybe", "2", "null", "tru", "enabled", "${RUN_LOAD}"] {
            assert!(word.parse::<Enabled>().is_err(), "{word:?}");
        }
    }
}
