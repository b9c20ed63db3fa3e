//! As much of Markdown as documents are checked by.

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// Of its first line, from 1.
    pub line: usize,
    /// What stands behind the fence, as `yaml` or `yaml gitlab`.
    pub language: String,
    pub text: String,
}

const FENCE: &str = "```";

pub fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = document.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix(FENCE) else { continue };
        let indent = line.len() - line.trim_start().len();
        let inside = lines.by_ref().take_while(|(_, line)| line.trim() != FENCE);
        let text: String = inside.map(|(_, line)| format!("{}\n", line.get(indent..).unwrap_or_default())).collect();
        found.push(Block { line: number + 2, language: language.trim().to_owned(), text });
    }
    found
}

/// The document without its blocks.
fn prose(document: &str) -> String {
    let mut inside = false;
    let keep = |line: &&str| {
        let fence = line.trim_start().starts_with(FENCE);
        inside ^= fence;
        !inside && !fence
    };
    document.lines().filter(keep).collect::<Vec<_>>().join("\n")
}

/// Where `[…](…)` and `![…](…)` lead.
pub fn links(document: &str) -> Vec<String> {
    let prose = prose(document);
    prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())).collect()
}

/// The anchors of the headings, as GitHub makes them.
pub fn headings(document: &str) -> Vec<String> {
    let prose = prose(document);
    let titles =
        prose.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |title: &str| {
        let kept = title.to_lowercase().replace(' ', "-");
        kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
    };
    titles.map(anchor).collect()
}
