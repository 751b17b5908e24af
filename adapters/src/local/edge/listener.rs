//! Where clients come in: addresses, the loop that takes connections, and one connection's life.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use engine::ports::PortError;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;

use super::forward::{Visit, answer};
use super::service::Service;
use super::stall::Stalling;
use super::{EdgeOptions, Shared};

/// Connections the system keeps waiting while the edge is busy taking others.
const BACKLOG: u32 = 1_024;

/// How long the edge leaves the door alone when the system has no room for another connection (descriptors, memory).
const NO_ROOM_PAUSE: Duration = Duration::from_millis(50);

/// How long a connection is silent before the system begins to ask whether the other side is still there.
#[cfg(any(target_os = "linux", target_os = "macos"))]
const VANISHED_AFTER: Duration = Duration::from_mins(2);

/// A place where a service is reached.
#[derive(Debug)]
pub(crate) struct Listener {
    /// The address as it was asked for.
    pub(crate) asked: String,
    /// The address in fact, which differs in the port when any port would do.
    pub(crate) bound: SocketAddr,
    stop: CancellationToken,
}

impl Listener {
    /// Takes no more connections; those there are end with their request under way.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }
}

/// Reads an address as people write it: `127.0.0.1:7401`, `localhost:7401`, `[::1]:7401`.
pub(crate) fn address_read(text: &str, options: &EdgeOptions) -> Result<SocketAddr, PortError> {
    let given = text.trim();
    let local = given.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let address = match local {
        Some(port) => SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        None => given.parse::<SocketAddr>().map_err(|_| {
            PortError::fail(
                format!("The edge can't listen on `{given}`: that is not an address with a port"),
                "Write it as 127.0.0.1:7401.",
            )
        })?,
    };
    if address.ip().is_loopback() || options.beyond_this_machine {
        return Ok(address);
    }
    Err(PortError::fail(
        format!("The edge won't listen on {address}: that would open the service to other machines"),
        format!("Use 127.0.0.1:{}, or allow other addresses in the configuration.", address.port()),
    ))
}

/// Begins to listen for a service.
pub(crate) fn open(
    shared: &Arc<Shared>,
    service: &Arc<Service>,
    asked: &str,
    address: SocketAddr,
) -> Result<Listener, PortError> {
    let socket = bind(address).map_err(|error| {
        let what =
            format!("The edge can't listen on {address} for `{}` of {}", service.name, service.environment);
        match error.kind() {
            ErrorKind::AddrInUse => PortError::fail(
                format!("{what}: another program has that port"),
                format!(
                    "End that program (`lsof -i :{}` names it) or give the service another address.",
                    address.port()
                ),
            ),
            ErrorKind::PermissionDenied => PortError::fail(
                format!("{what}: this user may not use that port"),
                "Take a port of 1024 or more.",
            ),
            ErrorKind::AddrNotAvailable => PortError::fail(
                format!("{what}: this machine does not have that address"),
                format!("Use 127.0.0.1:{}.", address.port()),
            ),
            _ => PortError::retry(format!("{what}: {error}")),
        }
    })?;
    let bound =
        socket.local_addr().map_err(|error| PortError::retry(format!("{address} was lost: {error}")))?;
    let stop = shared.closing.child_token();
    shared.tasks.spawn(accept(Arc::clone(shared), Arc::clone(service), socket, stop.clone()));
    Ok(Listener { asked: asked.to_owned(), bound, stop })
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // So that a restart need not wait for connections of the program before to be forgotten. Elsewhere than on Unix it
    // would let two programs have the same port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(shared: Arc<Shared>, service: Arc<Service>, socket: TcpListener, stop: CancellationToken) {
    loop {
        // A place is taken before the connection is: beyond the limit, clients wait in the system's queue.
        let next = async {
            let place = Arc::clone(&shared.places).acquire_owned().await.ok()?;
            Some((place, socket.accept().await))
        };
        let (place, (stream, peer)) = tokio::select! {
            () = stop.cancelled() => return,
            next = next => match next {
                Some((place, Ok(accepted))) => (place, accepted),
                Some((_, Err(error))) => {
                    tracing::warn!(service = %service.name, %error, "the edge could not take a connection");
                    tokio::time::sleep(NO_ROOM_PAUSE).await;
                    continue;
                }
                None => return,
            },
        };
        let visit = Visit { shared: Arc::clone(&shared), service: Arc::clone(&service), peer, _place: place };
        shared.tasks.spawn(serve(Arc::new(visit), stream, stop.clone()));
    }
}

/// Sends small pieces at once, and has the system find out about clients that vanished without a word: a tunnel that is
/// silent by nature would otherwise stay open for them for ever. A system that can't is no reason not to serve.
fn tune(stream: &TcpStream) {
    let _unsupported = stream.set_nodelay(true);
    #[cfg(unix)]
    {
        let _unsupported = rustix::net::sockopt::set_socket_keepalive(stream, true);
    }
    #[cfg(any(target_os = "linux", target_os = "macos"))]
    {
        let _unsupported = rustix::net::sockopt::set_tcp_keepidle(stream, VANISHED_AFTER);
    }
}

async fn serve(visit: Arc<Visit>, stream: TcpStream, stop: CancellationToken) {
    tune(&stream);
    let cut = visit.shared.cut.clone();
    let options = &visit.shared.options;
    let stall_timeout = options.stall_timeout;
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(options.head_timeout)
        .max_header_size(options.head_max_bytes);
    let service = service_fn(move |request| {
        let visit = Arc::clone(&visit);
        async move { Ok::<_, Infallible>(answer(visit, request).await) }
    });
    let mut connection = std::pin::pin!(
        server.serve_connection(TokioIo::new(Stalling::new(stream, stall_timeout)), service).with_upgrades()
    );
    let mut stopping = false;
    loop {
        tokio::select! {
            // How a client's connection ends is the client's business.
            _ended = connection.as_mut() => return,
            () = cut.cancelled() => return,
            () = stop.cancelled(), if !stopping => {
                stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
