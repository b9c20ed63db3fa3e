//! Shortening texts in which secrets may stand. Half of a secret is none that the redactor knows, so the mark at the cut tells it
//! where halves may be.

use super::Index;
use super::decode::View;

/// Stands where a text was cut off.
pub(super) const CUT: &str = "…";

/// Cuts a text to so many characters, and marks where. Texts that are not redacted yet must be shortened in no other way.
pub fn cut(text: &mut String, longest: usize) {
    let Some((end, _)) = text.char_indices().nth(longest) else { return };
    text.truncate(end);
    // Half an escape would hide from the redactor what stands before it.
    let tail = text.ceil_char_boundary(end.saturating_sub(LONGEST_ESCAPE));
    if let Some(escape) = text[tail..].rfind(['\\', '%', '&']) {
        text.truncate(tail + escape);
    }
    text.push_str(CUT);
}

/// The same of a text that somebody else keeps. No more is copied than is kept.
#[must_use]
pub fn shortened(text: &str, longest: usize) -> String {
    let mut head = text.chars().take(longest.saturating_add(1)).collect();
    cut(&mut head, longest);
    head
}

/// A pair of surrogates, `\ud83d\udd11`, in bytes.
const LONGEST_ESCAPE: usize = 12;

impl Index {
    /// Beginnings of secrets, at least as long as the shortest secret that is searched for, right before a cut.
    pub(super) fn search_halves(&self, view: &View, found: &mut Vec<(u32, u32)>) {
        let cuts = view.bytes.windows(CUT.len()).enumerate().filter(|(_, bytes)| *bytes == CUT.as_bytes());
        for (end, _) in cuts {
            let first = end.saturating_sub(self.longest);
            let half = (first..end).find(|start| self.is_half(&view.bytes[*start..end]));
            found.extend(half.map(|start| (view.spans[start].0, view.spans[end - 1].1)));
        }
    }

    /// Does a secret begin with these bytes?
    fn is_half(&self, bytes: &[u8]) -> bool {
        let next = self.long.partition_point(|secret| secret.expose().as_bytes() < bytes);
        self.may_begin(bytes) && self.long.get(next).is_some_and(|secret| secret.expose().as_bytes().starts_with(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Redactor, Secrets};
    use super::*;

    fn check(text: &str, longest: usize, expected: &str) {
        let mut text = text.to_owned();
        cut(&mut text, longest);
        assert_eq!(text, expected);
    }

    #[test]
    fn what_is_too_long_is_cut_and_marked() {
        check("short", 5, "short");
        check("longer", 5, "longe…");
        check("größer", 3, "grö…");
        check(r"an \u00e9scape", 6, "an …");
        check("100 %25 sure", 6, "100 …");
    }

    fn check_halves(text: &str, expected: &str) {
        let mut secrets = Secrets::default();
        ["eyJhbGciOiJIUzI1NiJ9.payload", "geheim\"wort🔑", "eyJhbGciOiJIUzI1NiJ9.other"]
            .into_iter()
            .for_each(|secret| secrets.insert(secret));
        assert_eq!(Redactor::new(&secrets).redact(text), expected);
    }

    #[test]
    fn no_half_of_a_secret_is_left_before_a_cut() {
        check_halves("token = \"eyJhbGciOiJIUzI1N…", "token = \"•••…");
        check_halves("eyJhbG…, and eyJhbGciOiJIUzI1NiJ9.pay…", "•••…, and •••…");
        check_halves("geheim\"wo…", "•••…");
        check_halves(r#"{"x":"geheim\"wo…"#, r#"{"x":"•••…"#);
        // base64 of `geheim"wo`, and what is left of it; hex of `geheim"`.
        check_halves("Z2VoZWltIndv…", "•••…");
        check_halves("67656865696d22…", "•••…");
        // Ordinary words, and what was not cut.
        check_halves("eyJ… geheimnis…", "eyJ… geheimnis…");
        check_halves("eyJhbGciOiJIUzI1NiJ9.", "eyJhbGciOiJIUzI1NiJ9.");
    }
}
