//! Opening and closing the house.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, mpsc};
use std::thread;

use axum::serve::ListenerExt;
use socketioxide::SocketIo;
use tokio::net::TcpListener;
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::faults::Faults;
use super::hall::Hall;
use super::rules::Rules;
use super::{http, sockets};
use crate::units::Duration;

/// Read buffer of a connection, in bytes: events are small and connections are many.
const READ_BUFFER: usize = 4 * 1024;

/// Packets that may wait for one connection before the server drops more. In a burst each member of a room is owed one
/// at once from every bidder, so socketioxide's default of 128 would lose events among 129 bidders.
const SEND_QUEUE: usize = 16 * 1024;

/// Longest time that closing takes, before what is still open is cut off.
const CLOSING_TIME: Duration = Duration::from_secs(2);

/// Where the server listens and how it behaves.
#[derive(Clone)]
pub struct Options {
    /// Port 0 takes a free one; [`Server::address`] tells which.
    pub address: SocketAddr,
    pub rules: Rules,
    pub faults: Faults,
    /// The one password that logs in; with none, any that is not empty does.
    pub password: Option<String>,
    /// From a client's pong to the next ping; 25 s is socket.io's default.
    pub ping_interval: Duration,
    /// How long the server waits for a pong before it closes the connection; 20 s is socket.io's default.
    pub ping_timeout: Duration,
}

impl Default for Options {
    /// A free port of the loopback interface, and socket.io's own heartbeat.
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            rules: Rules::default(),
            faults: Faults::default(),
            password: None,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
        }
    }
}

/// A server that runs as tasks of the runtime it was started in. On a runtime of one thread, events are handled in
/// the order in which they came; [`spawn`] gives it such a runtime of its own.
pub struct Server {
    address: SocketAddr,
    hall: Arc<Hall>,
    io: SocketIo,
    /// Dropped to end the accept loop, so that a forgotten server stops too.
    open: oneshot::Sender<()>,
    accepting: JoinHandle<io::Result<()>>,
}

impl Server {
    /// Listens, and serves from then on.
    ///
    /// # Errors
    /// When the address cannot be listened on: it is taken, or not one of this machine's.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.address).await.map_err(|error| {
            let advice = "choose another port, or port 0 for a free one";
            io::Error::new(error.kind(), format!("cannot listen on {}: {error}; {advice}", options.address))
        })?;
        let address = listener.local_addr()?;
        let hall = Arc::new(Hall::new(options.rules, options.faults, options.password));
        let (layer, io) = SocketIo::builder()
            .ping_interval(options.ping_interval.std())
            .ping_timeout(options.ping_timeout.std())
            .ws_read_buffer_size(READ_BUFFER)
            .max_buffer_size(SEND_QUEUE)
            .with_state(Arc::clone(&hall))
            .build_layer();
        sockets::open(&io);
        let app = http::routes(Arc::clone(&hall)).layer(layer);
        // A socket that cannot be told not to wait only answers later.
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let (open, closing) = oneshot::channel::<()>();
        let serving = axum::serve(listener, app).with_graceful_shutdown(async move { drop(closing.await) });
        Ok(Self { address, hall, io, open, accepting: tokio::spawn(serving.into_future()) })
    }

    /// As a suite names it: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.address)
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What the server counts, as `GET /stats` gives it.
    #[must_use]
    pub fn counts(&self) -> super::Counts {
        self.hall.counts()
    }

    /// Takes no more connections, closes those there are, and returns within a few seconds at most.
    pub async fn stop(self) {
        let Self { io, open, mut accepting, .. } = self;
        drop(open);
        let in_order = async {
            io.close().await;
            (&mut accepting).await
        };
        if tokio::time::timeout(CLOSING_TIME.std(), in_order).await.is_err() {
            accepting.abort();
        }
    }
}

/// A server on a thread of its own, which stops when this is dropped; dropping waits until it has, two seconds at most.
pub struct Handle {
    address: SocketAddr,
    open: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

/// Starts a server on a thread and a runtime of its own, so that it takes nothing from the runtimes that load it.
///
/// # Errors
/// When the address cannot be listened on, or the system gives no thread.
pub fn spawn(options: Options) -> io::Result<Handle> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let (started, start) = mpsc::channel();
    let (open, closing) = oneshot::channel::<()>();
    let thread = thread::Builder::new().name("demo".to_owned()).spawn(move || {
        runtime.block_on(async move {
            match Server::start(options).await {
                Ok(server) => {
                    drop(started.send(Ok(server.address())));
                    drop(closing.await);
                    server.stop().await;
                }
                Err(error) => drop(started.send(Err(error))),
            }
        });
    })?;
    let address = start.recv().map_err(|_| io::Error::other("the built-in target ended before it listened"))??;
    Ok(Handle { address, open: Some(open), thread: Some(thread) })
}

impl Handle {
    /// As a suite names it: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.address)
    }

    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.open = None;
        // The thread has panicked, if at all, with its message printed; there is nothing left to stop.
        drop(self.thread.take().map(thread::JoinHandle::join));
    }
}

fn url(address: SocketAddr) -> String {
    format!("http://{address}")
}
