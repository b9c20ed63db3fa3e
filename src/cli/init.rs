//! `cotillion init`: a suite that runs at once, and the pipeline for the CI server that is there. Nothing is ever overwritten.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use super::args::InitArgs;
use super::exit::Exit;
use super::screen;

/// A CI server that a pipeline is written for.
pub struct Server {
    /// As in `--ci`.
    pub name: &'static str,
    /// Files and folders by which it is known.
    signs: &'static [&'static str],
    /// A part of the remote's address by which it is known.
    host: Option<&'static str>,
    /// Where the pipeline goes; a file beside the one that may be there.
    file: &'static str,
    text: &'static str,
    /// What is left to do.
    next: &'static str,
}

pub const SERVERS: &[Server] = &[
    Server {
        name: "github",
        signs: &[".github"],
        host: Some("github."),
        file: ".github/workflows/load-test.yml",
        text: include_str!("../../ci/init/github.yml"),
        next: "commit it; GitHub finds it by itself",
    },
    Server {
        name: "gitlab",
        signs: &[".gitlab-ci.yml"],
        host: Some("gitlab."),
        file: ".gitlab/load-test.yml",
        text: include_str!("../../ci/init/gitlab.yml"),
        next: "add to `.gitlab-ci.yml`:  include: [{ local: .gitlab/load-test.yml }]",
    },
    Server {
        name: "jenkins",
        signs: &["Jenkinsfile"],
        host: None,
        file: "Jenkinsfile.load-test",
        text: include_str!("../../ci/init/Jenkinsfile"),
        next: "make a pipeline job with this script path, or copy its stage",
    },
    Server {
        name: "azure",
        signs: &["azure-pipelines.yml"],
        host: Some("dev.azure.com"),
        file: "azure-pipelines.load-test.yml",
        text: include_str!("../../ci/init/azure-pipelines.yml"),
        next: "make a pipeline from this file, or copy its job",
    },
    Server {
        name: "circleci",
        signs: &[".circleci"],
        host: None,
        file: ".circleci/load-test.yml",
        text: include_str!("../../ci/init/circleci.yml"),
        next: "copy its parameter, job and workflow into `.circleci/config.yml`",
    },
];

const SUITE: &str = include_str!("../../ci/init/smoke.yaml");
const SUITE_FILE: &str = "loadtests/smoke.yaml";

pub fn init(args: &InitArgs) -> Exit {
    match write_all(args) {
        Ok(text) => {
            screen::print(&text);
            Exit::Ok
        }
        Err(error) => {
            screen::note(&format!("{error}\n"));
            Exit::Internal
        }
    }
}

/// Writes everything; what to say of it.
fn write_all(args: &InitArgs) -> Result<String, String> {
    let mut told = vec![write(&args.folder, SUITE_FILE, SUITE)?];
    let found: Vec<&Server> = SERVERS.iter().filter(|server| is_meant(server, args)).collect();
    for server in &found {
        told.push(write(&args.folder, server.file, server.text)?);
        told.push(format!("  {}", server.next));
    }
    if found.is_empty() {
        let names: Vec<&str> = SERVERS.iter().map(|server| server.name).collect();
        told.push(format!("no CI server found; for its pipeline: cotillion init --ci {}", names.join("|")));
    }
    told.push(format!("\nnext:\n  cotillion run {}\n", under(&args.folder, SUITE_FILE).display()));
    Ok(told.join("\n"))
}

/// Without `--ci`: is there a sign of it?
fn is_meant(server: &Server, args: &InitArgs) -> bool {
    if let Some(name) = &args.ci {
        return name == server.name;
    }
    server.signs.iter().any(|sign| args.folder.join(sign).exists())
        || server.host.is_some_and(|host| remotes(&args.folder).any(|url| url.contains(host)))
}

/// The addresses of the repository's remotes.
fn remotes(folder: &Path) -> impl Iterator<Item = String> {
    let text = std::fs::read_to_string(folder.join(".git/config")).unwrap_or_default();
    let urls: Vec<String> = text
        .lines()
        .filter_map(|line| line.split_once('=').filter(|(key, _)| key.trim() == "url"))
        .map(|(_, url)| url.trim().to_owned())
        .collect();
    urls.into_iter()
}

/// Writes a file that is not there yet, and says what was done.
fn write(folder: &Path, name: &str, text: &str) -> Result<String, String> {
    let path = under(folder, name);
    let failed = |error: std::io::Error| format!("`{}` cannot be written: {error}", path.display());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(failed)?;
    }
    match OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => {
            file.write_all(text.as_bytes()).map_err(failed)?;
            Ok(format!("wrote {}", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Ok(format!("{} is there already and stays as it is", path.display()))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Without a `./` before it.
fn under(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}
