//! What the matrix asks: every server over every way to it, and of each what it can do.

use std::fmt;

/// A server as a user would name it, and how to start it.
#[derive(Debug)]
pub struct Server {
    /// As a row of the table is called; also what it is asked for by, so that it is unique.
    pub name: &'static str,
    pub program: Program,
    /// As the suites name what it speaks.
    pub protocol: &'static str,
    pub features: &'static [&'static str],
    /// Is it among those that every test run asks?
    pub always: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Program {
    /// `server.mjs` with the major version of socket.io.
    Node(u8),
    /// `server.py`.
    Python,
    /// Two of `server.mjs` with Redis between them, behind nginx; users are kept on their node by this.
    Cluster(Sticky),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sticky {
    Cookie,
    Address,
    /// Each request goes to the next node.
    Not,
}

const BASIC: &[&str] = &["text", "binary", "acks", "namespaces", "auth"];

pub const SERVERS: &[Server] = &[
    Server {
        name: "socket.io 4.8",
        program: Program::Node(4),
        protocol: "socket.io",
        features: FEATURES,
        always: true,
    },
    Server { name: "socket.io 3.1", program: Program::Node(3), protocol: "socket.io", features: BASIC, always: false },
    Server {
        name: "socket.io 2.5",
        program: Program::Node(2),
        protocol: "socket.io-v2",
        features: BASIC,
        always: true,
    },
    Server {
        name: "python-socketio 5.18",
        program: Program::Python,
        protocol: "socket.io",
        features: &["text", "binary", "acks", "namespaces", "auth", "msgpack"],
        always: true,
    },
    Server {
        name: "two nodes of 4.8, sticky by cookie",
        program: Program::Cluster(Sticky::Cookie),
        protocol: "socket.io",
        features: &["text"],
        always: false,
    },
    Server {
        name: "two nodes of 4.8, sticky by address",
        program: Program::Cluster(Sticky::Address),
        protocol: "socket.io",
        features: &["text"],
        always: false,
    },
];

/// Columns of the table, each by the suite of its name in `tests/interop/matrix/suites`.
pub const FEATURES: &[&str] = &["text", "binary", "acks", "namespaces", "auth", "msgpack", "recovery"];

/// Over which transports users reach the server, by the variable of the suites that takes their share.
pub const WAYS: &[&str] = &["websocket", "polling", "upgrade"];

/// One run of a suite.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub server: &'static Server,
    pub feature: &'static str,
    pub way: &'static str,
}

impl Cell {
    /// Flags of the server that some features need.
    pub fn flags(&self) -> &'static [&'static str] {
        match self.feature {
            "msgpack" => &["--parser", "msgpack"],
            "recovery" => &["--recovery"],
            _ => &[],
        }
    }

    /// The suite's file, which is named as the feature is.
    pub fn suite(&self) -> &'static str {
        if matches!(self.server.program, Program::Cluster(_)) { "cluster" } else { self.feature }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {} · {}", self.server.name, self.way, self.feature)
    }
}

/// All cells, or those that every test run asks, in the order of the table.
pub fn cells(full: bool) -> Vec<Cell> {
    let servers = SERVERS.iter().filter(|server| full || server.always);
    let ways = servers.flat_map(|server| WAYS.iter().map(move |way| (server, *way)));
    ways.flat_map(|(server, way)| server.features.iter().map(move |feature| Cell { server, feature, way })).collect()
}
