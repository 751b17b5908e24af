//! Bodies on their way through, frame by frame: nothing is held back, so memory per request does not depend on size, and
//! the slower side sets the pace.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::backend::{Lease, Line};

/// How an upload goes on, for the one who waits for the answer.
#[derive(Debug, Default)]
pub(crate) struct Upload {
    moved: AtomicBool,
    done: AtomicBool,
}

impl Upload {
    /// Whether anything was sent since the last time this was asked.
    pub(crate) fn moved(&self) -> bool {
        self.moved.swap(false, Ordering::AcqRel)
    }

    /// Whether all of it was sent.
    pub(crate) fn done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }
}

/// A request's body on its way to a backend.
#[derive(Debug)]
pub(crate) struct RequestBody {
    inner: Option<Incoming>,
    upload: Option<Arc<Upload>>,
}

impl RequestBody {
    /// No body.
    pub(crate) fn empty() -> Self {
        Self { inner: None, upload: None }
    }

    /// The body a client sends.
    pub(crate) fn new(inner: Incoming) -> Self {
        if inner.is_end_stream() {
            return Self::empty();
        }
        Self { inner: Some(inner), upload: Some(Arc::default()) }
    }

    /// How it goes on; absent when there is no body.
    pub(crate) fn upload(&self) -> Option<Arc<Upload>> {
        self.upload.clone()
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(inner) = self.inner.as_mut() else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(&mut *inner).poll_frame(context));
        let over = frame.is_none() || inner.is_end_stream();
        if let Some(upload) = &self.upload {
            upload.moved.store(true, Ordering::Release);
            if over {
                upload.done.store(true, Ordering::Release);
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

/// An answer's body on its way to a client.
#[derive(Debug)]
pub(crate) enum ReplyBody {
    /// The edge's own words.
    Own(Option<Bytes>),
    /// What a backend sends.
    Relayed {
        /// The frames.
        inner: Incoming,
        /// What is held until the last of them.
        exchange: Option<Exchange>,
    },
}

/// A request under way: its place among the open ones of a backend, and the connection it uses.
#[derive(Debug)]
pub(crate) struct Exchange {
    /// The open request.
    pub(crate) lease: Lease,
    /// The connection.
    pub(crate) line: Line,
    /// The request's own body, when it has one.
    pub(crate) upload: Option<Arc<Upload>>,
}

impl Exchange {
    /// The whole answer is here. The connection can take the next request, unless the backend answered before it had
    /// the whole request: then what is still on its way would be taken for the next one.
    fn complete(self) {
        if self.upload.is_none_or(|upload| upload.done()) {
            self.lease.backend().line_return(self.line, Instant::now());
        }
    }
}

impl ReplyBody {
    /// Relays a backend's answer.
    pub(crate) fn relay(inner: Incoming, exchange: Exchange) -> Self {
        // The server never asks an empty body for a frame, so its end has to be seen here.
        if inner.is_end_stream() {
            exchange.complete();
            return Self::Relayed { inner, exchange: None };
        }
        Self::Relayed { inner, exchange: Some(exchange) }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match self.get_mut() {
            Self::Own(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::Relayed { inner, exchange } => {
                let frame = ready!(Pin::new(&mut *inner).poll_frame(context));
                match &frame {
                    Some(Err(_)) => *exchange = None,
                    Some(Ok(_)) if !inner.is_end_stream() => {}
                    Some(Ok(_)) | None => {
                        if let Some(exchange) = exchange.take() {
                            exchange.complete();
                        }
                    }
                }
                Poll::Ready(frame.map(|frame| frame.map_err(io::Error::other)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(text) => text.is_none(),
            Self::Relayed { inner, .. } => inner.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(text) => SizeHint::with_exact(text.as_ref().map_or(0, Bytes::len) as u64),
            Self::Relayed { inner, .. } => inner.size_hint(),
        }
    }
}
