//! What tests of the whole program share: the program itself, servers to run it against, and what they counted.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// No test of the program may take longer.
const PATIENCE: Duration = Duration::from_secs(90);

/// How a call of the program ended.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

impl Ended {
    /// Everything that was printed.
    pub fn printed(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A call of the program, in a folder of its own.
#[derive(Debug)]
pub struct Program {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Program {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder"), environment: Vec::new() }
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into the folder.
    pub fn file(self, name: &str, text: &str) -> Self {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders");
        std::fs::write(path, text).expect("a file");
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotillion"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // The tests may run in a pipeline themselves.
        for name in ["TARGET_URL", "CI", "GITHUB_ACTIONS", "GITLAB_CI"] {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs to the end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).end()
    }

    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::new(self.command(arguments))
    }

    /// A file that the program left.
    pub fn left(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Did the suite leave results?
    pub fn has_results(&self, suite: &str) -> bool {
        self.folder.path().join(format!("cotillion-report/{suite}/results.json")).exists()
    }

    /// `results.json` of a suite.
    pub fn results(&self, suite: &str) -> Value {
        serde_json::from_str(&self.left(&format!("cotillion-report/{suite}/results.json"))).expect("JSON")
    }

    /// Every file that the program left, and what is in it.
    pub fn all_left(&self) -> Vec<(PathBuf, Vec<u8>)> {
        fn walk(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let path = entry.path();
                if path.is_dir() {
                    walk(&path, files);
                } else {
                    files.push((path.clone(), std::fs::read(&path).expect("a readable file")));
                }
            }
        }
        let mut files = Vec::new();
        walk(&self.folder.path().join("cotillion-report"), &mut files);
        files
    }
}

/// A process that is ended when the test is, by its own pid.
#[derive(Debug)]
pub struct Running {
    child: Child,
    output: Vec<std::thread::JoinHandle<String>>,
    started: Instant,
}

impl Running {
    pub fn new(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let read = |mut stream: Box<dyn Read + Send>| {
            std::thread::spawn(move || {
                let mut bytes = Vec::new();
                let _ = stream.read_to_end(&mut bytes);
                String::from_utf8_lossy(&bytes).into_owned()
            })
        };
        let stdout = child.stdout.take().map(|stream| read(Box::new(stream)));
        let stderr = child.stderr.take().map(|stream| read(Box::new(stream)));
        Self { child, output: stdout.into_iter().chain(stderr).collect(), started: Instant::now() }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().expect("kill");
        assert!(sent.success(), "kill -{name} {pid}");
    }

    /// Waits for the end, not for ever.
    pub fn end(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            match self.child.try_wait().expect("a child to wait for") {
                Some(status) => break status,
                None if Instant::now() > deadline => panic!("it still runs after {PATIENCE:?}"),
                None => std::thread::park_timeout(Duration::from_millis(5)),
            }
        };
        let took = self.started.elapsed();
        let mut output = self.output.drain(..).map(|thread| thread.join().expect("a reader"));
        let (stdout, stderr) = (output.next().unwrap_or_default(), output.next().unwrap_or_default());
        Ended { code: status.code().unwrap_or(-1), stdout, stderr, took }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server in a process of its own that prints `listening URL` when it is ready.
#[derive(Debug)]
pub struct ServerProcess {
    child: Child,
    pub url: String,
}

impl ServerProcess {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let url = line.trim().strip_prefix("listening ").unwrap_or_else(|| panic!("{command:?} printed {line:?}"));
        Self { url: url.to_owned(), child }
    }

    /// The built-in target.
    pub fn built_in(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cotillion"));
        command.args(["serve", "--port", "0"]).args(arguments);
        Self::start(command)
    }

    /// The auction on npm's socket.io; `None` where its packages are not installed, unless they have to be.
    pub fn node_auction(arguments: &[&str]) -> Option<Self> {
        Self::node("auction", arguments)
    }

    /// An application of `tests/interop` by its folder; `None` as above.
    pub fn node(application: &str, arguments: &[&str]) -> Option<Self> {
        Self::node_with(application, "server.mjs", arguments)
    }

    /// Another server on the packages of an application.
    pub fn node_script(application: &str, script: &str) -> Option<Self> {
        Self::node_with(application, script, &[])
    }

    fn node_with(application: &str, script: &str, arguments: &[&str]) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(application);
        if !folder.join("node_modules").is_dir() {
            assert!(std::env::var_os("COTILLION_INTEROP").is_none(), "run `npm ci` in {}", folder.display());
            return None;
        }
        let mut command = Command::new("node");
        command.args([script, "--port", "0"]).args(arguments).current_dir(folder);
        Some(Self::start(command))
    }

    /// Ends it as a crash would.
    pub fn crash(mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("its end");
    }

    /// What it counted.
    pub fn stats(&self) -> BTreeMap<String, u64> {
        stats(&self.url)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `GET /stats` of an auction.
pub fn stats(url: &str) -> BTreeMap<String, u64> {
    serde_json::from_str(&http(url, "GET", "/stats", "")).expect("counts")
}

/// The body of an HTTP response.
pub fn http(url: &str, method: &str, path: &str, body: &str) -> String {
    let address = url.strip_prefix("http://").expect("an http URL");
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("a request");
    let mut response = String::new();
    stream.read_to_string(&mut response).expect("a response");
    response.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

/// A number in `results.json`, by its path.
pub fn number(results: &Value, pointer: &str) -> u64 {
    results.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} in {results}"))
}

/// Planned is the sum of all outcomes, in the whole and in every scenario and action.
pub fn check_sums(results: &Value) {
    const OUTCOMES: &[&str] = &[
        "ok",
        "rejected",
        "failed",
        "timeout",
        "disconnected",
        "not_sent_busy",
        "not_sent_offline",
        "not_sent_generator",
        "not_sent_abandoned",
        "unfinished",
    ];
    let check = |totals: &Value, place: &str| {
        let of = |name: &str| number(totals, &format!("/{name}"));
        let sum: u64 = OUTCOMES.iter().map(|name| of(name)).sum();
        assert_eq!(of("planned"), sum, "{place}: {totals}");
        let causes: u64 = ["explained", "jitter", "unexplained", "contested"]
            .iter()
            .map(|name| of(&format!("rejected_{name}")))
            .sum();
        assert_eq!(of("rejected"), causes, "{place}: {totals}");
    };
    check(&results["totals"], "all");
    for scenario in results["scenarios"].as_array().expect("scenarios") {
        check(&scenario["totals"], "a scenario");
        for action in scenario["actions"].as_array().expect("actions") {
            check(&action["totals"], "an action");
        }
    }
}

/// What an auction counted is what `results.json` says.
pub fn check_counts(results: &Value, stats: &BTreeMap<String, u64>) {
    check_sums(results);
    for (ours, theirs) in [
        ("sent", "bids"),
        ("ok", "accepted"),
        ("rejected", "rejected"),
        ("connections", "connections"),
        ("logins", "logins"),
        ("received_events", "deliveries"),
    ] {
        assert_eq!(number(results, &format!("/totals/{ours}")), stats[theirs], "{ours}: {stats:?}");
    }
    // The acks of joining are the server's too, one for each user and lot.
    assert_eq!(number(results, "/totals/acks") + stats["joins"], stats["acks"], "{stats:?}");
}
