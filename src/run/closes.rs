//! Close codes that mean something only to a library or an application, told apart in reports: 4401 is not 4403.

use std::borrow::Cow;

use super::user::{Failure, Said};

/// The codes of a worker's connections that have a kind of their own. A server that makes up codes gets no more.
#[derive(Debug, Default)]
pub struct CloseCodes(Vec<u16>);

impl CloseCodes {
    /// Most codes with a kind of their own.
    const MOST: usize = 32;

    /// The kind that the end of a connection is counted under.
    pub fn kind(&mut self, end: &mut Failure) -> Cow<'static, str> {
        let kind = std::mem::take(&mut end.kind);
        let Some(Said::Close { code: Some(code), .. }) = end.said.as_deref() else { return kind };
        // RFC 6455 §7.4.2: 3000 to 3999 are registered by libraries, 4000 to 4999 are private.
        let whose = match code {
            3000..=3999 => "library",
            4000..=4999 => "application",
            _ => return kind,
        };
        if !self.0.contains(code) {
            if self.0.len() == Self::MOST {
                return kind;
            }
            self.0.push(*code);
        }
        format!("close {code} ({whose})").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(codes: &mut CloseCodes, code: Option<u16>) -> String {
        let said = Some(Box::new(Said::Close { code, reason: String::new() }));
        codes.kind(&mut Failure { said, ..Failure::new("of many", String::new()) }).into_owned()
    }

    #[test]
    fn codes_of_others_are_told_apart_up_to_a_limit() {
        let mut codes = CloseCodes::default();
        assert_eq!(kind(&mut codes, Some(4401)), "close 4401 (application)");
        assert_eq!(kind(&mut codes, Some(3501)), "close 3501 (library)");
        for code in [None, Some(1000), Some(1006), Some(2999), Some(5000)] {
            assert_eq!(kind(&mut codes, code), "of many", "{code:?}");
        }
        let kinds: std::collections::BTreeSet<String> = (3000..5000).map(|code| kind(&mut codes, Some(code))).collect();
        assert_eq!(kinds.len(), CloseCodes::MOST + 1);
        assert_eq!(kind(&mut codes, Some(4401)), "close 4401 (application)");
        let nothing_said = codes.kind(&mut Failure::new("connection lost", String::new()));
        assert_eq!(nothing_said, "connection lost");
    }
}
