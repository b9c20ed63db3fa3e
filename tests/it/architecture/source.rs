//! Rust files as the rules read them: names and paths, taken out of all code, macros included. What stands in comments and
//! texts is none.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// A file, parsed.
pub struct Source {
    /// From the root, with `/`.
    pub path: String,
    pub text: String,
    pub syntax: syn::File,
    pub tokens: Vec<Word>,
}

impl Source {
    pub fn new(path: &str, text: String) -> Self {
        let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
        let syntax = syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{path}: {error}"));
        let mut words = Vec::new();
        read(tokens, Surroundings { depth: module_depth(path), attribute: false }, &mut words);
        Self { path: path.to_owned(), text, syntax, tokens: words }
    }

    /// `src/plan/load/mod.rs` stands in the room `plan`; `src/lib.rs` and `src/main.rs` in none.
    pub fn room(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        let room = inside.split('/').next()?.trim_end_matches(".rs");
        (!matches!(room, "lib" | "main")).then_some(room)
    }

    pub fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }
}

/// How many modules a file stands in, its own included.
fn module_depth(path: &str) -> usize {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(inside, "lib" | "main") { 0 } else { inside.split('/').count() }
}

/// A name or a path as it stands in the code, groups of a `use` taken apart: `std::{env, fs}` is two.
#[derive(Debug)]
pub struct Word {
    pub line: usize,
    pub segments: Vec<String>,
    /// How many modules it stands in.
    pub depth: usize,
    pub in_attribute: bool,
}

impl Word {
    pub fn is(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split("::").collect();
        self.segments.len() >= segments.len() && self.segments.iter().zip(&segments).all(|(have, want)| have == want)
    }

    pub fn names(&self, name: &str) -> bool {
        if name.contains("::") { self.is(name) } else { self.segments.iter().any(|segment| segment == name) }
    }
}

#[derive(Clone, Copy)]
struct Surroundings {
    depth: usize,
    attribute: bool,
}

fn read(tokens: TokenStream, here: Surroundings, words: &mut Vec<Word>) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        match &trees[at] {
            TokenTree::Ident(_) => at = read_path(&trees, at, &[], here, words),
            TokenTree::Group(group) => {
                let before = |back: usize| at.checked_sub(back).map(|index| trees[index].to_string());
                let is_module = group.delimiter() == Delimiter::Brace && before(2).as_deref() == Some("mod");
                let is_attribute = group.delimiter() == Delimiter::Bracket
                    && (before(1).as_deref() == Some("#")
                        || before(1).as_deref() == Some("!") && before(2).as_deref() == Some("#"));
                let depth = here.depth + usize::from(is_module);
                read(group.stream(), Surroundings { depth, attribute: here.attribute || is_attribute }, words);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

/// Reads the path that begins at `at`; says where it ends.
fn read_path(trees: &[TokenTree], at: usize, before: &[String], here: Surroundings, words: &mut Vec<Word>) -> usize {
    let (mut segments, mut end) = (before.to_vec(), at);
    while let Some(TokenTree::Ident(name)) = trees.get(end) {
        segments.push(name.to_string());
        end += 1;
        if !is_double_colon(trees, end) {
            break;
        }
        end += 2;
        if let Some(TokenTree::Group(group)) = trees.get(end).filter(|tree| is_brace(tree)) {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            for item in inner.split(|tree| tree.to_string() == ",").filter(|item| !item.is_empty()) {
                read_path(item, 0, &segments, here, words);
            }
            return end + 1;
        }
    }
    if let (Some(TokenTree::Punct(mark)), Some(last)) = (trees.get(end), segments.last_mut())
        && mark.as_char() == '!'
        && mark.spacing() == Spacing::Alone
    {
        last.push('!');
    }
    let line = trees[at].span().start().line;
    words.push(Word { line, segments, depth: here.depth, in_attribute: here.attribute });
    end.max(at + 1)
}

fn is_double_colon(trees: &[TokenTree], at: usize) -> bool {
    let is_colon = |tree: Option<&TokenTree>| matches!(tree, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    is_colon(trees.get(at)) && is_colon(trees.get(at + 1))
}

fn is_brace(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}
