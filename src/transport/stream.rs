//! A byte stream, encrypted or not, and the ways in which one breaks.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::tls::TlsFault;

/// An open connection to a server. The TLS half is boxed, because it is forty times as large and most tests run
/// without it.
#[derive(Debug)]
pub enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// How an open byte stream broke. Printed, it says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The peer, or something on the way, sent a TCP reset.
    Reset,
    /// The peer closed the stream without a goodbye.
    Dropped,
    /// The kernel gave up on a peer that no longer confirms what we send.
    TimedOut,
    Tls(TlsFault),
    /// Anything else the operating system reports.
    Other {
        what: String,
    },
}

impl Fault {
    /// What reports group by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Reset => "connection reset",
            Self::Dropped => "connection dropped",
            Self::TimedOut => "connection timed out",
            Self::Tls(fault) => fault.kind(),
            Self::Other { .. } => "connection broken",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Reset => {
                "it crashed, ran out of a limit, or a firewall or proxy cut in; look at its log for that moment"
            }
            Self::Dropped => {
                "it crashed, was stopped, or a proxy's idle timeout is shorter than the ping interval; look at \
                 the age of the connection"
            }
            Self::TimedOut => "the network or the machine behind it is gone; check that it is up",
            Self::Tls(fault) => fault.advice(),
            Self::Other { .. } => "look at the server and the network for that moment",
        }
    }
}

impl From<&io::Error> for Fault {
    fn from(error: &io::Error) -> Self {
        if let Some(fault) = TlsFault::inside(error) {
            return Self::Tls(fault);
        }
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => {
                Self::Reset
            }
            io::ErrorKind::UnexpectedEof => Self::Dropped,
            io::ErrorKind::TimedOut => Self::TimedOut,
            _ => Self::Other { what: error.to_string() },
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reset => write!(f, "the server reset the connection")?,
            Self::Dropped => write!(f, "the server dropped the connection without a goodbye")?,
            Self::TimedOut => write!(f, "the server no longer confirms what is sent to it")?,
            Self::Tls(fault) => return fault.fmt(f),
            Self::Other { what } => write!(f, "the connection broke ({what})")?,
        }
        write!(f, "; {}", self.advice())
    }
}

impl std::error::Error for Fault {}
