//! Opens a connection: name, address, TCP, TLS, each with the time it took.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio_rustls::TlsConnector;

use super::proxy::{self, Proxy, ProxyError};
use super::stage::Stage;
use super::stream::{Fault, Stream};
use super::tls::TlsContext;
use crate::units::{Duration, Moment};

/// Where to connect to, and how.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// A name or a literal address, an IPv6 one with or without brackets.
    pub host: String,
    pub port: u16,
    /// `None` for an unencrypted connection.
    pub tls: Option<TlsContext>,
    /// The address to connect from, where it matters which of ours it is.
    pub source: Option<IpAddr>,
    /// The proxy to connect through.
    pub proxy: Option<Arc<Proxy>>,
}

/// How long the phases of a connection took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phases {
    /// Zero for literal addresses and for `localhost`, which are not looked up. With a proxy it is its name that is looked up.
    pub dns: Duration,
    /// With the attempts at addresses that failed before, and with a proxy's answer.
    pub tcp: Duration,
    /// `None` for an unencrypted connection.
    pub tls: Option<Duration>,
}

/// Connects to `endpoint`. Its addresses are tried in turn, until one accepts.
///
/// There is no deadline: an address that never answers is waited for as long as the kernel does, about two minutes.
/// Callers give up by dropping the future; nothing is left behind then.
pub async fn dial(endpoint: &Endpoint, now: &dyn Fn() -> Moment) -> Result<(Stream, Phases), DialError> {
    // Boxed, because callers keep room for this future in each user for as long as the user lives.
    Box::pin(establish(endpoint, now)).await
}

async fn establish(endpoint: &Endpoint, now: &dyn Fn() -> Moment) -> Result<(Stream, Phases), DialError> {
    let host = endpoint.host.trim_start_matches('[').trim_end_matches(']');
    let start = now();
    let (tcp, resolved) = match &endpoint.proxy {
        None => reach(host, endpoint.port, endpoint.source, now).await?,
        Some(proxy) => {
            let reached = reach(&proxy.host, proxy.port, endpoint.source, now).await;
            let (tcp, resolved) = reached.map_err(ProxyError::Unreachable)?;
            Stage::Proxy.enter();
            (proxy::tunnel(tcp, proxy, host, endpoint.port).await?, resolved)
        }
    };
    let connected = now();
    let mut phases = Phases { dns: resolved.since(start), tcp: connected.since(resolved), tls: None };
    let Some(context) = &endpoint.tls else { return Ok((Stream::Plain(tcp), phases)) };
    Stage::Tls.enter();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::Name { host: host.to_owned() })?;
    let stream = TlsConnector::from(context.config())
        .connect(name, tcp)
        .await
        .map_err(|error| DialError::Handshake { host: host.to_owned(), fault: Fault::from(&error) })?;
    phases.tls = Some(now().since(connected));
    Ok((Stream::Tls(Box::new(stream)), phases))
}

/// A connection, and when the name had been looked up.
async fn reach(
    host: &str,
    port: u16,
    source: Option<IpAddr>,
    now: &dyn Fn() -> Moment,
) -> Result<(TcpStream, Moment), DialError> {
    Stage::Name.enter();
    let addresses = resolve(host, port).await?;
    let resolved = now();
    Stage::Tcp.enter();
    Ok((connect_any(host, &addresses, source).await?, resolved))
}

/// All addresses of a host. Literal addresses and `localhost` are answered here: the system's resolver costs a thread
/// for each question, and a local test has no use for it.
async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, DialError> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
    }
    let failed = |what: String| DialError::Dns { host: host.to_owned(), what };
    let found: Vec<_> = lookup_host((host, port)).await.map_err(|e| failed(e.to_string()))?.collect();
    if found.is_empty() { Err(failed("the name has no address".to_owned())) } else { Ok(found) }
}

async fn connect_any(host: &str, addresses: &[SocketAddr], source: Option<IpAddr>) -> Result<TcpStream, DialError> {
    let mut first = None;
    for address in addresses.iter().filter(|a| source.is_none_or(|s| s.is_ipv4() == a.is_ipv4())) {
        match connect(*address, source).await {
            Ok(stream) => return Ok(stream),
            // Told is what became of the address that the resolver prefers.
            Err(error) => first = first.or(Some(error)),
        }
    }
    Err(first.unwrap_or_else(|| DialError::Family { host: host.to_owned(), source: source.unwrap_or(LOCAL) }))
}

const LOCAL: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

async fn connect(address: SocketAddr, source: Option<IpAddr>) -> Result<TcpStream, DialError> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    let socket = socket.map_err(|e| DialError::of(address, &e))?;
    // A frame is written when it is due. Waiting for more to send would be measured as the server's latency.
    socket.set_nodelay(true).map_err(|e| DialError::of(address, &e))?;
    if let Some(source) = source {
        socket.bind(SocketAddr::new(source, 0)).map_err(|error| match error.kind() {
            io::ErrorKind::AddrNotAvailable => DialError::Source { source },
            io::ErrorKind::AddrInUse => DialError::Ports { address },
            _ => DialError::of(address, &error),
        })?;
    }
    socket.connect(address).await.map_err(|e| DialError::of(address, &e))
}

/// Why no connection was made. Printed, it says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DialError {
    /// The name could not be resolved.
    Dns { host: String, what: String },
    /// Nobody listens at the address.
    Refused { address: SocketAddr },
    /// There is no way to the address.
    Unreachable { address: SocketAddr, what: String },
    /// The kernel gave up waiting for an answer.
    TimedOut { address: SocketAddr },
    /// Something on the way reset the connection while it was being made.
    Reset { address: SocketAddr },
    /// No local port is left for connections to the address.
    Ports { address: SocketAddr },
    /// This process, or the machine, may not open more files.
    Files,
    /// The source address is not one of this machine's.
    Source { source: IpAddr },
    /// The host has no address of the family of the source address.
    Family { host: String, source: IpAddr },
    /// TLS cannot be asked for a host of this name.
    Name { host: String },
    /// The TLS handshake failed, or the connection broke during it.
    Handshake { host: String, fault: Fault },
    /// The proxy did not connect us.
    Proxy(Box<ProxyError>),
    /// Anything else the operating system reports.
    Other { address: SocketAddr, what: String },
}

/// `ENFILE` and `EMFILE`, which the standard library has no name for; the same on all Unix systems.
const TOO_MANY_FILES: [i32; 2] = [23, 24];

impl DialError {
    pub(super) fn of(address: SocketAddr, error: &io::Error) -> Self {
        if error.raw_os_error().is_some_and(|code| TOO_MANY_FILES.contains(&code)) {
            return Self::Files;
        }
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused { address },
            io::ErrorKind::ConnectionReset => Self::Reset { address },
            io::ErrorKind::TimedOut => Self::TimedOut { address },
            io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Self::Ports { address },
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                Self::Unreachable { address, what: error.to_string() }
            }
            _ => Self::Other { address, what: error.to_string() },
        }
    }

    /// Whether this machine is at fault and not the server: such a failure says nothing about the server, and makes
    /// the result of a run worthless.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        match self {
            Self::Ports { .. } | Self::Files | Self::Source { .. } => true,
            Self::Proxy(error) => matches!(&**error, ProxyError::Unreachable(error) if error.is_ours()),
            _ => false,
        }
    }

    /// What reports group by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dns { .. } => "DNS failure",
            Self::Refused { .. } => "connection refused",
            Self::Unreachable { .. } => "host unreachable",
            Self::TimedOut { .. } => "TCP connect timed out",
            Self::Reset { .. } => "TCP connect reset",
            Self::Ports { .. } => "out of local ports",
            Self::Files => "too many open files",
            Self::Source { .. } => "source address not local",
            Self::Family { .. } => "no address of the source's family",
            Self::Name { .. } => "TLS: name not usable",
            Self::Handshake { fault: Fault::Tls(fault), .. } => fault.kind(),
            Self::Handshake { .. } => "TLS: connection lost in the handshake",
            Self::Proxy(error) => error.kind(),
            Self::Other { .. } => "TCP connect failed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Dns { .. } => "check the host in `target.url` and the network of this machine",
            Self::Refused { .. } => {
                "start the server, check host and port, and whether its backlog of new connections is full"
            }
            Self::Unreachable { .. } => "check the network between this machine and the server",
            Self::TimedOut { .. } => "check that the server is up and that no firewall drops the packets",
            Self::Reset { .. } => "look for a firewall or a load balancer without a healthy server behind it",
            Self::Ports { .. } => {
                "widen `net.ipv4.ip_local_port_range`, or connect from several addresses with `source_addresses`"
            }
            Self::Files => "raise the limit with `ulimit -n` before the run, or use fewer users",
            Self::Source { .. } => "list only addresses of this machine in `source_addresses`",
            Self::Family { .. } => "list a source address of the same family, IPv4 or IPv6, as the host's",
            Self::Name { .. } => "write the host as a DNS name or an IP address",
            Self::Handshake { fault: Fault::Tls(fault), .. } => fault.advice(),
            Self::Handshake { .. } => "check that the port is the one for TLS, and look at the server's log",
            Self::Proxy(error) => error.advice(),
            Self::Other { .. } => "look the error up for this operating system",
        }
    }
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns { host, what } => write!(f, "the host `{host}` cannot be resolved ({what})")?,
            Self::Refused { address } => write!(f, "nobody accepts connections at {address}")?,
            Self::Unreachable { address, what } => write!(f, "{address} cannot be reached ({what})")?,
            Self::TimedOut { address } => write!(f, "{address} does not answer")?,
            Self::Reset { address } => write!(f, "the connection to {address} was reset while it was made")?,
            Self::Ports { address } => write!(f, "no local port is left for a connection to {address}")?,
            Self::Files => write!(f, "no more files or sockets can be opened")?,
            Self::Source { source } => write!(f, "{source} is not an address of this machine")?,
            Self::Family { host, source } => write!(f, "no address of `{host}` can be reached from {source}")?,
            Self::Name { host } => write!(f, "`{host}` is not a name that a certificate can have")?,
            Self::Proxy(error) => return error.fmt(f),
            Self::Handshake { host, fault: Fault::Tls(fault) } => return write!(f, "TLS with `{host}`: {fault}"),
            Self::Handshake { host, fault } => {
                write!(f, "the connection to `{host}` was lost in the TLS handshake ({})", fault.kind())?;
            }
            Self::Other { address, what } => write!(f, "no connection to {address} can be made ({what})")?,
        }
        write!(f, "; {}", self.advice())
    }
}

impl std::error::Error for DialError {}

impl From<ProxyError> for DialError {
    fn from(error: ProxyError) -> Self {
        Self::Proxy(Box::new(error))
    }
}
