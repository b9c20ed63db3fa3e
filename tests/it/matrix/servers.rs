//! Starts the servers of the matrix, one by one or several as one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::cells::{Program, Server};
use super::cluster::Cluster;
use super::counts::sum;
use crate::support::{ServerProcess, http};

/// What is under load: a server, or several behind a proxy.
#[derive(Debug)]
pub struct Target {
    /// Where users connect to.
    pub url: String,
    nodes: Vec<ServerProcess>,
    /// Ended with the rest.
    _around: Option<Cluster>,
}

pub fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/matrix"))
}

/// May it be left out, as what it needs is not installed? An error where it has to be there.
pub fn missing(server: &Server) -> bool {
    let needs: &[&str] = if server.program == Program::Python { &[".venv", "node_modules"] } else { &["node_modules"] };
    let missing = needs.iter().any(|folder_name| !folder().join(folder_name).is_dir());
    let must = std::env::var_os("COTILLION_INTEROP").is_some();
    assert!(!(missing && must), "{}: its packages are not installed; `ci/test` does it", server.name);
    missing
}

impl Target {
    pub fn start(server: &Server, flags: &[&str]) -> Self {
        match server.program {
            Program::Node(version) => Self::alone(node(&[&["--socket-io", &version.to_string()], flags].concat())),
            Program::Python => Self::alone(python(flags)),
            Program::Cluster(sticky) => {
                let cluster = Cluster::start();
                let nodes = [(); 2].map(|()| ServerProcess::start(node(&["--redis", &cluster.redis])));
                let urls: Vec<&str> = nodes.iter().map(|node| node.url.as_str()).collect();
                let (url, cluster) = cluster.with_proxy(&urls, sticky);
                Self { url, nodes: nodes.into(), _around: Some(cluster) }
            }
        }
    }

    fn alone(command: Command) -> Self {
        let server = ServerProcess::start(command);
        Self { url: server.url.clone(), nodes: vec![server], _around: None }
    }

    /// Variables for the suites.
    pub fn variables(&self) -> Vec<(String, String)> {
        let nodes = self.nodes.iter().zip(1..).map(|(node, number)| (format!("NODE_{number}"), node.url.clone()));
        nodes.chain([("TARGET_URL".to_owned(), self.url.clone())]).collect()
    }

    pub fn reset(&self) {
        for node in &self.nodes {
            http(&node.url, "POST", "/reset", "");
        }
    }

    /// What all nodes counted, once they know that everybody has gone.
    pub fn stats(&self) -> BTreeMap<String, u64> {
        let deadline = Instant::now() + Duration::from_secs(8);
        loop {
            let nodes: Vec<_> = self.nodes.iter().map(ServerProcess::stats).collect();
            let stats = sum(&nodes);
            if stats["connected"] == 0 || Instant::now() > deadline {
                return stats;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn node(arguments: &[&str]) -> Command {
    let mut command = Command::new("node");
    command.args(["server.mjs", "--port", "0"]).args(arguments).current_dir(folder());
    command
}

fn python(arguments: &[&str]) -> Command {
    let mut command = Command::new(folder().join(".venv/bin/python"));
    command.args(["server.py", "--port", "0"]).args(arguments).current_dir(folder());
    command
}
