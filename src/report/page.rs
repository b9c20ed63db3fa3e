//! A page of lines for a terminal or a job log: never wider than it is, coloured where that is wanted.

use anstyle::{AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

pub const PLAIN: Style = Style::new();
pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const GREEN: Style = AnsiColor::Green.on_default();
pub const RED: Style = AnsiColor::Red.on_default();
pub const YELLOW: Style = AnsiColor::Yellow.on_default();

/// A page of lines that are never wider than it.
#[derive(Debug)]
pub struct Page {
    pub text: String,
    pub colour: bool,
    pub width: usize,
}

impl Page {
    /// At least 40 columns wide, with ANSI colours if `colour`.
    #[must_use]
    pub fn new(colour: bool, width: usize) -> Self {
        Self { text: String::new(), colour, width: width.max(40) }
    }

    /// One line of pieces, cut with `…` where it is too wide.
    pub fn line(&mut self, pieces: &[(Style, &str)]) {
        let total: usize = pieces.iter().map(|(_, piece)| piece.width()).sum();
        let mut left = if total > self.width { self.width - 1 } else { self.width };
        for (style, piece) in pieces {
            let shown = head(piece, left);
            left -= shown.width();
            self.paint(*style, shown);
            if shown.len() < piece.len() {
                self.paint(*style, "…");
                break;
            }
        }
        self.text.push('\n');
    }

    pub fn paint(&mut self, style: Style, piece: &str) {
        if self.colour && style != PLAIN {
            self.text.push_str(&format!("{style}{piece}{style:#}"));
        } else {
            self.text.push_str(piece);
        }
    }

    /// Groups of pieces one after the other, a new line where the next would not fit.
    pub fn flow(&mut self, groups: impl Iterator<Item = [(Style, String); 2]>) {
        let mut line: Vec<(Style, String)> = vec![];
        let width = |pieces: &[(Style, String)]| pieces.iter().map(|(_, piece)| piece.width()).sum::<usize>();
        for group in groups {
            if !line.is_empty() && width(&line) + width(&group) > self.width {
                self.line(&line.iter().map(|(style, piece)| (*style, piece.as_str())).collect::<Vec<_>>());
                line.clear();
            }
            line.extend(group);
        }
        self.line(&line.iter().map(|(style, piece)| (*style, piece.as_str())).collect::<Vec<_>>());
    }

    /// Words over several lines, all but the first indented.
    pub fn wrapped(&mut self, style: Style, first: &str, indent: &str, text: &str) {
        let mut line = first.to_owned();
        let mut empty = true;
        for word in text.split_whitespace() {
            if !empty && line.width() + 1 + word.width() > self.width {
                self.line(&[(style, &line)]);
                line = indent.to_owned();
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.line(&[(style, &line)]);
    }

    /// Items two spaces apart, each in one piece, over several lines where they do not fit on one.
    pub fn items(&mut self, first: &str, indent: &str, items: &[String]) {
        let mut line = first.to_owned();
        let mut empty = true;
        for item in items {
            if !empty && line.width() + 2 + item.width() > self.width {
                self.line(&[(PLAIN, &line)]);
                line = indent.to_owned();
                empty = true;
            }
            if !empty {
                line.push_str("  ");
            }
            line.push_str(item);
            empty = false;
        }
        self.line(&[(PLAIN, &line)]);
    }

    pub fn heading(&mut self, name: &str, more: &str) {
        self.text.push('\n');
        self.line(&[(BOLD, name), (DIM, more)]);
    }
}

/// As much of the text as fits.
#[must_use]
pub fn head(text: &str, width: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > width {
            return &text[..at];
        }
    }
    text
}

/// How many of `width` cells each part takes: whatever is there at all is seen, and together they fill the bar.
#[must_use]
pub fn bar(parts: &[(&str, u64)], width: usize) -> Vec<usize> {
    let total: u64 = parts.iter().map(|(_, number)| number).sum();
    let mut cells: Vec<usize> =
        parts
            .iter()
            .map(|(_, number)| {
                if *number == 0 {
                    0
                } else {
                    ((*number as f64 / total as f64) * width as f64).round().max(1.0) as usize
                }
            })
            .collect();
    let sum: usize = cells.iter().sum();
    if let Some(largest) = cells.iter_mut().max() {
        *largest = (*largest + width).saturating_sub(sum);
    }
    cells
}
