//! Redis and nginx, each in a process of its own with its files in a folder that goes with it.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cells::Sticky;
use crate::support::Running;

/// Nobody waits longer for either of them to listen.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub struct Cluster {
    /// URL of the Redis server.
    pub redis: String,
    /// Ended before their folder goes.
    processes: Vec<Running>,
    folder: TempDir,
}

impl Cluster {
    /// Redis, by which nodes know of each other.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let mut redis = Command::new("redis-server");
        redis.args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--port", &port.to_string(), "--dir"]);
        redis.arg(folder.path());
        let process = start(redis, port);
        Self { redis: format!("redis://127.0.0.1:{port}"), processes: vec![process], folder }
    }

    /// nginx before these nodes, and where it listens.
    pub fn with_proxy(mut self, nodes: &[&str], sticky: Sticky) -> (String, Self) {
        let port = free_port();
        let folder = self.folder.path();
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration(folder, nodes, sticky, port)).expect("a file");
        let mut nginx = Command::new(if Path::new("/usr/sbin/nginx").exists() { "/usr/sbin/nginx" } else { "nginx" });
        nginx.arg("-p").arg(folder).arg("-e").arg(folder.join("errors")).arg("-c").arg(&file);
        let process = start(nginx, port);
        self.processes.push(process);
        (format!("http://127.0.0.1:{port}"), self)
    }
}

/// Starts it and waits until it listens.
fn start(mut command: Command, port: u16) -> Running {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let program = command.get_program().to_owned();
    let process = Running::new(command);
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(Instant::now() < deadline, "{program:?} does not listen on {port}");
        std::thread::sleep(Duration::from_millis(10));
    }
    process
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// One process, so that ending it ends all; as many connections as a test may want.
fn configuration(folder: &Path, nodes: &[&str], sticky: Sticky, port: u16) -> String {
    let address = |url: &&str| url.trim_start_matches("http://").to_owned();
    let servers: Vec<String> = nodes.iter().map(address).collect();
    let all: String = servers.iter().map(|server| format!("server {server}; ")).collect();
    let (upstream, to, and) = match sticky {
        Sticky::Not => (format!("upstream nodes {{ {all} }}"), "nodes", ""),
        Sticky::Address => (format!("upstream nodes {{ hash $http_x_forwarded_for; {all} }}"), "nodes", ""),
        Sticky::Cookie => (
            format!(
                "split_clients $request_id $drawn {{ 50% {}; * {}; }}\n  map $cookie_node $node {{ default $drawn; ~^[0-9.:]+$ $cookie_node; }}",
                servers[0], servers[1]
            ),
            "$node",
            "add_header Set-Cookie \"node=$node; Path=/; HttpOnly\";",
        ),
    };
    let folder = folder.display();
    format!(
        "daemon off; master_process off; pid {folder}/nginx.pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  {upstream}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://{to};
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_buffering off;
      {and}
    }}
  }}
}}
"
    )
}
