//! Pieces of Markdown as GitHub and GitLab render it.

use crate::report::untrusted::for_markdown;

/// No cell has more characters: whoever wants the rest opens the HTML report.
const CELL: usize = 300;

/// A table that is whole or not there. The cells are Markdown already.
#[derive(Debug)]
pub struct Table {
    text: String,
    rows: usize,
    limit: usize,
}

impl Table {
    /// The headings of the columns; those that begin with `>` are set to the right. Rows beyond the limit are counted only.
    #[must_use]
    pub fn new(headings: &[&str], limit: usize) -> Self {
        let names = headings.iter().map(|heading| heading.trim_start_matches('>'));
        let rules = headings.iter().map(|heading| if heading.starts_with('>') { "---:" } else { "---" });
        let mut text = line(names);
        text.push_str(&line(rules));
        Self { text, rows: 0, limit }
    }

    pub fn row(&mut self, cells: &[String]) {
        if self.rows < self.limit {
            self.text.push_str(&line(cells.iter().map(String::as_str)));
        }
        self.rows += 1;
    }

    /// The table with an empty line behind, and how much was left out; empty without a row.
    #[must_use]
    pub fn finish(self) -> String {
        match self.rows {
            0 => String::new(),
            rows if rows > self.limit => {
                format!("{}\n*… and {} more in the HTML report*\n\n", self.text, rows - self.limit)
            }
            _ => format!("{}\n", self.text),
        }
    }
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let mut line = String::from("|");
    for cell in cells {
        line.push(' ');
        line.push_str(cell);
        line.push_str(" |");
    }
    line.push('\n');
    line
}

/// Somebody's text in the letters of a program. Mentions and references in it are none to GitHub.
#[must_use]
pub fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", for_markdown(&cut(text))) }
}

/// Somebody's text as prose, of at most so many characters as a cell has.
#[must_use]
pub fn prose(text: &str) -> String {
    for_markdown(&cut(text))
}

/// A part that opens when it is asked for.
#[must_use]
pub fn details(summary: &str, body: &str) -> String {
    format!("<details>\n<summary>{summary}</summary>\n\n{}\n\n</details>\n\n", body.trim_end())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_whole_or_says_what_is_left_out() {
        let mut table = Table::new(&["name", ">number"], 1);
        assert_eq!(Table::new(&["a"], 9).finish(), "");
        table.row(&["a".into(), "1".into()]);
        table.row(&["b".into(), "2".into()]);
        let expected = "| name | number |\n| --- | ---: |\n| a | 1 |\n\n*… and 1 more in the HTML report*\n\n";
        assert_eq!(table.finish(), expected);
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(prose(&"ü".repeat(CELL)), "ü".repeat(CELL));
        assert_eq!(code(&"ü".repeat(CELL + 1)), format!("<code>{}…</code>", "ü".repeat(CELL)));
        assert_eq!(code(""), "");
    }
}
