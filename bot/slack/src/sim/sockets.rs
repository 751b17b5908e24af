//! Socket Mode from Slack's side.

use std::sync::Weak;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_util::sync::CancellationToken;

use super::Inside;

pub(super) async fn serve(listener: TcpListener, inside: Weak<Inside>, stop: CancellationToken) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return,
        };
        if let Ok((stream, _)) = accepted {
            tokio::spawn(socket(stream, inside.clone(), stop.clone()));
        }
    }
}

async fn socket(stream: TcpStream, inside: Weak<Inside>, stop: CancellationToken) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    let (envelopes, mut outgoing) = mpsc::unbounded_channel::<String>();
    let hung_up = {
        let Some(inside) = inside.upgrade() else { return };
        let mut state = inside.state();
        state.sockets.retain(|socket| !socket.is_closed());
        state.sockets.push(envelopes);
        state.opened += 1;
        let hello = json!({
            "type": "hello", "num_connections": state.sockets.len(),
            "debug_info": { "host": "simulated", "build_number": 1, "approximate_connection_time": 18_060 },
            "connection_info": { "app_id": "A0SIM" },
        });
        if let Some(socket) = state.sockets.last() {
            // This very socket's own channel, which is open.
            let _ = socket.send(hello.to_string());
        }
        drop(state);
        inside.has_changed();
        inside.hung_up()
    };
    loop {
        tokio::select! {
            out = outgoing.recv() => {
                let Some(out) = out else { return };
                if socket.send(Frame::Text(out.into())).await.is_err() {
                    return;
                }
            }
            frame = socket.next() => match frame {
                Some(Ok(Frame::Text(text))) => {
                    let Some(inside) = inside.upgrade() else { return };
                    acknowledged(&inside, &text);
                }
                Some(Ok(Frame::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = hung_up.cancelled() => return,
            () = stop.cancelled() => return,
        }
    }
}

fn acknowledged(inside: &Inside, text: &str) {
    let Ok(reply) = serde_json::from_str::<Value>(text) else { return };
    let waiting = reply["envelope_id"].as_str().and_then(|id| inside.state().waiting.remove(id));
    if let Some(waiting) = waiting {
        // Whoever waited may have gone.
        let _ = waiting.send(reply["payload"].clone());
    }
}
