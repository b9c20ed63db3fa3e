//! A server that misbehaves as it is told: a script of acts, carried out with each connection, and counted.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use tungstenite::handshake::derive_accept_key;

use super::poller::{self, Flaw};

/// One thing that a peer does with a connection.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// Reads a request up to its blank line.
    Head,
    /// Writes bytes as they are.
    Raw(&'static [u8]),
    /// Switches to WebSocket, with these lines more in the answer.
    Accept(&'static str),
    /// Writes a text frame.
    Say(&'static str),
    /// The same, a byte each 50 ms.
    Slowly(&'static str),
    /// Writes a frame with this first byte.
    Frame(u8, &'static [u8]),
    /// Writes a text frame so many times.
    Flood(u64, &'static str),
    /// Reads frames until a text one has this in it.
    Hear(&'static str),
    /// Waits, in milliseconds, and reads nothing.
    Wait(u64),
    /// Waits until the client has said something, and resets the connection over it.
    Reset,
    /// Waits until the client goes. Without it the connection is closed.
    Hold,
    /// Writes so many bytes.
    Bytes(usize),
    /// Serves polling, all right but for one thing, which ends the script.
    Polls(Flaw),
    All(&'static [Act]),
}

/// No act waits longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// A peer that serves until its test is over.
#[derive(Debug)]
pub struct Peer {
    pub port: u16,
    done: Arc<AtomicU64>,
}

impl Peer {
    /// The first two connections that come to the end of the script are served by `script`, the others by `later`.
    pub fn start(script: &'static [Act], later: &'static [Act], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let done = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&done);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (counter, tls) = (Arc::clone(&counter), tls.clone());
                std::thread::spawn(move || {
                    let acts = if counter.load(Ordering::SeqCst) < 2 { script } else { later };
                    // A client that goes in the middle, as the look before a run does, has seen nothing.
                    let _ = serve(stream, tls, acts, &counter);
                });
            }
        });
        Self { port, done }
    }

    /// How many connections have come to the end of their script.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::SeqCst)
    }
}

pub trait Wire: Read + Write {}
impl<T: Read + Write> Wire for T {}

fn serve(stream: TcpStream, tls: Option<Arc<ServerConfig>>, acts: &[Act], done: &AtomicU64) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let bare = stream.try_clone()?;
    let mut wire: Box<dyn Wire> = match tls {
        None => Box::new(stream),
        Some(config) => {
            let session = ServerConnection::new(config).map_err(io::Error::other)?;
            Box::new(StreamOwned::new(session, stream))
        }
    };
    let mut key = String::new();
    perform(&mut *wire, &bare, acts, &mut key, done)
}

pub fn perform(
    wire: &mut dyn Wire,
    bare: &TcpStream,
    acts: &[Act],
    key: &mut String,
    done: &AtomicU64,
) -> io::Result<()> {
    for (index, act) in acts.iter().enumerate() {
        let is_wait = index + 1 == acts.len() && matches!(act, Act::Hold | Act::Wait(_));
        if is_wait {
            // The client sees meanwhile what there is to see.
            done.fetch_add(1, Ordering::SeqCst);
        }
        match act {
            Act::All(inner) => {
                let uncounted = AtomicU64::new(0);
                perform(wire, bare, inner, key, &uncounted)?;
            }
            Act::Head => *key = head(wire)?,
            Act::Raw(bytes) => wire.write_all(bytes)?,
            Act::Accept(more) => {
                let accept = derive_accept_key(key.as_bytes());
                let yes = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket";
                write!(wire, "{yes}\r\nSec-WebSocket-Accept: {accept}\r\n{more}\r\n")?;
            }
            Act::Say(text) => wire.write_all(&frame(0x81, text.as_bytes()))?,
            Act::Slowly(text) => {
                for byte in frame(0x81, text.as_bytes()) {
                    wire.write_all(&[byte])?;
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            Act::Frame(first, payload) => wire.write_all(&frame(*first, payload))?,
            Act::Flood(times, text) => {
                for _ in 0..*times {
                    wire.write_all(&frame(0x81, text.as_bytes()))?;
                }
            }
            Act::Hear(words) => while !hear(wire)?.contains(words) {},
            Act::Wait(millis) => std::thread::sleep(Duration::from_millis(*millis)),
            // The kernel resets a connection that is closed over what nobody has read.
            Act::Reset if bare.peek(&mut [0])? == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Act::Reset => {}
            Act::Hold => hold(wire)?,
            Act::Bytes(count) => wire.write_all(&vec![b'x'; *count])?,
            Act::Polls(flaw) => return poller::serve(wire, bare, flaw, done),
        }
        if is_wait {
            return Ok(());
        }
    }
    done.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

fn hold(wire: &mut dyn Wire) -> io::Result<()> {
    let mut bytes = [0; 4096];
    while wire.read(&mut bytes)? > 0 {}
    Ok(())
}

/// Reads a request up to its blank line, and gives the key of its WebSocket.
fn head(wire: &mut dyn Wire) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        wire.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    let key = fields.find(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key"));
    Ok(key.map_or(String::new(), |(_, value)| value.to_owned()))
}

/// A frame as a server writes it, unmasked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        short @ 0..126 => frame.push(u8::try_from(short).unwrap()),
        long => {
            frame.push(126);
            frame.extend_from_slice(&u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

/// Reads one frame of a client. Those of more than 64 KiB are none that a script waits for.
fn hear(wire: &mut dyn Wire) -> io::Result<String> {
    let mut start = [0; 2];
    wire.read_exact(&mut start)?;
    let length = match start[1] & 0x7f {
        126 => {
            let mut long = [0; 2];
            wire.read_exact(&mut long)?;
            usize::from(u16::from_be_bytes(long))
        }
        short => usize::from(short),
    };
    let mut mask = [0; 4];
    wire.read_exact(&mut mask)?;
    let mut payload = vec![0; length];
    wire.read_exact(&mut payload)?;
    let plain = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect::<Vec<u8>>();
    Ok(String::from_utf8_lossy(&plain).into_owned())
}
