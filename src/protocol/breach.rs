//! The rules that peers break: what reports call each, and what to do about it.

use super::error::Violation;

/// A rule that was broken.
#[derive(Debug)]
pub struct Breach {
    /// One of these stands in what a [`Violation`] says.
    words: &'static [&'static str],
    /// What reports group by.
    pub kind: &'static str,
    pub advice: &'static str,
}

/// The first row that has the words wins.
pub const BREACHES: &[Breach] = &[
    Breach {
        words: &["the limit set for this session", "than a frame may be"],
        kind: "frame too large",
        advice: "have the server send less at once",
    },
    Breach {
        words: &["sent a pong", "sent a ping"],
        kind: "heartbeat the wrong way round",
        advice: "in Engine.IO 4 the server pings, in 3 the client: set `protocol: socket.io-v2` for servers of socket.io 2, \
                 `socket.io` for later ones",
    },
    Breach {
        words: &["set `parser: "],
        kind: "another parser",
        advice: "no handshake tells which parser a server has: look it up where the server is made",
    },
    Breach {
        words: &["not one of socket.io-msgpack-parser"],
        kind: "msgpack unreadable",
        advice: "check `parser`, and which library encodes the server's packets",
    },
    Breach {
        words: &["before OPEN"],
        kind: "something else than OPEN",
        advice: "check `path` and `protocol`: what answers is no Engine.IO server (raw WebSocket is `protocol: websocket`)",
    },
    Breach {
        words: &["zero together"],
        kind: "OPEN without a heartbeat",
        advice: "set `pingInterval` and `pingTimeout` in the server",
    },
    Breach {
        words: &["handshake in OPEN"],
        kind: "OPEN unreadable",
        advice: "check `path` and `protocol`, and what the server's library sends as its handshake",
    },
    Breach {
        words: &["Engine.IO 3"],
        kind: "server of another version",
        advice: "servers of socket.io 2 want `protocol: socket.io-v2`, later ones `socket.io`",
    },
    Breach {
        words: &["no packet had announced"],
        kind: "binary frame unannounced",
        advice: "set `parser: msgpack` if the server has that parser, which sends everything as binary",
    },
    Breach {
        words: &["binary attachment was due", "where an attachment", "attachment is due"],
        kind: "text instead of an attachment",
        advice: "the server or a proxy mixes up frames; compare with another transport or version of the server",
    },
    Breach {
        words: &["attachments"],
        kind: "attachments miscounted",
        advice: "the server's encoder breaks the protocol; update its library",
    },
    Breach {
        words: &["the frame is empty", "the frame does not start with"],
        kind: "not Engine.IO",
        advice: "check `protocol` and `path`: what answers sends something else (raw WebSocket is `protocol: websocket`)",
    },
    Breach {
        words: &["the packet is empty", "the packet does not start with"],
        kind: "not Socket.IO",
        advice: "check `protocol` and `parser`: the messages in Engine.IO are none of Socket.IO's JSON parser",
    },
    Breach { words: &["name is reserved"], kind: "reserved event name", advice: "rename the event in the server" },
    Breach {
        words: &["payload of an event", "name of an event", "event has no name"],
        kind: "event unreadable",
        advice: "look at what the server emits there; `cotillion try` shows the frames",
    },
    Breach {
        words: &["payload of an ack", "the ack id"],
        kind: "ack unreadable",
        advice: "look at how the server answers; `cotillion try` shows the frames",
    },
    Breach { words: &["the ack has no id"], kind: "ack without an id", advice: "update the server's library" },
    Breach {
        words: &["CONNECT reply cannot be read"],
        kind: "CONNECT reply unreadable",
        advice: "check `protocol`, and which version of Socket.IO the server speaks",
    },
    Breach {
        words: &["before the CONNECT reply"],
        kind: "too many events before CONNECT",
        advice: "have the server answer CONNECT first, or emit less before it",
    },
    Breach { words: &["OPEN twice"], kind: "OPEN twice", advice: "look for a proxy that joins connections" },
    Breach {
        words: &["upgrade packet"],
        kind: "upgrade packet from the server",
        advice: "only clients upgrade; update the server's library",
    },
    Breach {
        words: &["namespace that was not asked for"],
        kind: "packet of a foreign namespace",
        advice: "check `namespace`: the server answers under another name than it was asked",
    },
    Breach {
        words: &["namespace that is not connected"],
        kind: "packet of a namespace that is gone",
        advice: "the server goes on after its goodbye or refusal; nothing was lost that counts",
    },
    Breach {
        words: &["answered before"],
        kind: "namespace answered twice",
        advice: "the server answers CONNECT more than once; look at its middleware",
    },
];

const UNKNOWN: Breach = Breach {
    words: &[],
    kind: "protocol violation",
    advice: "check `protocol`, and look at the frames with `cotillion try`",
};

impl Violation {
    /// Which rule was broken.
    #[must_use]
    pub fn breach(&self) -> &'static Breach {
        let said = |breach: &&Breach| breach.words.iter().any(|words| self.what.contains(words));
        BREACHES.iter().find(said).unwrap_or(&UNKNOWN)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_has_a_kind_of_its_own_and_is_found_by_its_words() {
        let mut kinds = HashSet::new();
        for breach in BREACHES {
            assert!(kinds.insert(breach.kind), "{} twice", breach.kind);
            for words in breach.words {
                let found = Violation::new("x", format!("the server: {words} it"), "").breach();
                assert_eq!(found.kind, breach.kind, "{words}");
            }
        }
        assert_eq!(Violation::new("x", "new", "").breach().kind, "protocol violation");
    }
}
