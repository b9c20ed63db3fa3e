//! The folder of `--template`: read, and tried on an example before any run, so that a mistake in it costs nobody an hour.

use std::path::Path;

use crate::report::{Look, templates};

/// The templates of a folder, by the names of their files. Documents and hidden files may lie beside them.
///
/// # Errors
/// It cannot be read, a file in it is no template, or one of them does not render; the sentence says which, and what to do.
pub fn read(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let unread = |path: &Path, error: &std::io::Error| {
        format!("--template: `{}` cannot be read: {error}; give a folder of templates", path.display())
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unread(folder, &error))? {
        let path = entry.map_err(|error| unread(folder, &error))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() || name.starts_with('.') || name.ends_with(".md") {
            continue;
        }
        templates::check_name(&name).map_err(|error| format!("--template {}: {error}", folder.display()))?;
        found.push((name, std::fs::read_to_string(&path).map_err(|error| unread(&path, &error))?));
    }
    if found.is_empty() {
        return Err(format!(
            "--template: `{}` has no template; put one of {} there",
            folder.display(),
            templates::TEMPLATES.iter().map(|template| template.file).collect::<Vec<_>>().join(", ")
        ));
    }
    found.sort();
    let look = Look { templates: found, ..Look::default() };
    templates::check(&look).map_err(|error| format!("--template {}: {error}", folder.display()))?;
    Ok(look.templates)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: Result<&[&str], &[&str]>) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        match (read(folder.path()), expected) {
            (Ok(found), Ok(names)) => {
                assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
            }
            (Err(error), Err(parts)) => {
                assert!(parts.iter().all(|part| error.contains(part)) && error.contains("--template"), "{error}");
            }
            (found, _) => panic!("{files:?}: {found:?}"),
        }
    }

    #[test]
    fn a_folder_is_read_and_tried_before_a_run() {
        let page = "{{ results.suite.name }}";
        check(&[("report.css", "a {}"), ("README.md", "x"), (".hidden", "x")], Ok(&["report.css"]));
        check(&[("report.html.tera", page), ("_a.html.tera", page)], Ok(&["_a.html.tera", "report.html.tera"]));
        check(&[], Err(&["has no template", "report.html.tera"]));
        check(&[("report.html", page)], Err(&["report.html", "there are report.html.tera"]));
        check(&[("report.html.tera", "\n{{ result.suite.name }}")], Err(&["report.html.tera:2", "result"]));
        check(&[("index.html.tera", "{{ results }}")], Err(&["index.html.tera:1", "results"]));
        check(&[("compare.css", "{% if %}")], Err(&["compare.css:1"]));
        let error = read(Path::new("/nowhere/at/all")).expect_err("no folder");
        assert!(error.contains("`/nowhere/at/all` cannot be read"), "{error}");
    }
}
