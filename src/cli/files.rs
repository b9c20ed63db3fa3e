//! Writes reports. Each goes to a temporary name and is renamed, so that nobody ever reads half a report.

use std::path::{Path, PathBuf};

use super::output::Output;
use crate::verdict::Outcome;

/// Writes the reports of an outcome into its folder, and says where. All that can be written is written; the error names
/// what could not.
pub fn write(outcome: &Outcome, output: &Output) -> Result<Vec<PathBuf>, String> {
    write_into(&output.folder_of(&outcome.suite.name), outcome, output)
}

/// The same, into that very folder.
pub fn write_into(folder: &Path, outcome: &Outcome, output: &Output) -> Result<Vec<PathBuf>, String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("`{}` cannot be made: {error}", folder.display()))?;
    let mut written = Vec::new();
    let mut failed = Vec::new();
    for format in &output.formats {
        let path = folder.join(format.file);
        let result = (format.render)(outcome, &output.look)
            .map_err(|error| error.to_string())
            .and_then(|text| replace(&path, &text).map_err(|error| error.to_string()));
        match result {
            Ok(()) => written.push(path),
            Err(error) => failed.push(format!("`{}` was not written: {error}", path.display())),
        }
    }
    if failed.is_empty() { Ok(written) } else { Err(failed.join("\n")) }
}

/// Whether reports can be written into a folder, which is made: asked before a run, since afterwards the run would be lost.
///
/// # Errors
/// They cannot; the sentences say why, and what to do.
pub fn try_folder(folder: &Path) -> Result<(), String> {
    let probe = folder.join(".cotillion-probe");
    replace(&probe, "").and_then(|()| std::fs::remove_file(&probe)).map_err(|error| {
        format!(
            "`{}` takes no reports: {error}\nmake the folder writable, or choose another with `--out`; nothing was run",
            folder.display()
        )
    })
}

/// Writes one file, with its folder.
pub fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let temporary = path.with_extension("tmp");
    std::fs::write(&temporary, text)?;
    std::fs::rename(&temporary, path)
}
