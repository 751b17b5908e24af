//! Synthetic checks on this machine: requests to an instance of the release itself, or a command beside it. What the pure part in
//! `engine::check` says of a failure holds no secret; the last line of a command goes through the redactor.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use engine::check::{Answered, Asked, BODY_MAX_BYTES, Session};
use engine::model::{Check, CheckDoes, CheckStep, EnvironmentKey, ServiceName};
use engine::ports::{Checked, PortError};
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::environment::Environment;
use super::machine::Machine;
use super::process::{Launch, Process};

/// How long a command that takes too long may take to end.
const GRACE: Duration = Duration::from_millis(500);
/// The most of a command's output that is read, in bytes.
const OUTPUT_MAX: u64 = 64 * 1024;
/// The most of its last line that is told, in characters.
const LINE_TOLD: usize = 200;

impl Machine {
    /// Makes a check of one release.
    pub(super) async fn check_make(
        &self,
        key: &EnvironmentKey,
        service: &ServiceName,
        release: u32,
        check: &Check,
    ) -> Result<Checked, PortError> {
        let absent = || PortError::retry(format!("{service}, release {release}, does not run in {key}"));
        let environment = self.environment(key).ok_or_else(absent)?;
        let variables = self.variables(&environment, service, release).await?;
        let at_most = Duration::from_secs(check.timeout_s.into());
        match &check.does {
            CheckDoes::Steps(steps) => {
                let serving =
                    environment.handles_of(service, release).iter().find_map(|handle| handle.serving());
                let Some(address) = serving else { return Ok(Checked::failed("no instance is healthy")) };
                Ok(match timeout(at_most, ask_all(address, steps, &variables)).await {
                    Ok(Ok(())) => Checked::passed(),
                    Ok(Err(says)) => Checked::failed(says),
                    Err(_late) => Checked::failed(format!("took longer than {} s", check.timeout_s)),
                })
            }
            CheckDoes::Command(command) => {
                self.check_command(&environment, service, release, command, variables, at_most).await
            }
        }
    }

    async fn check_command(
        &self,
        environment: &Environment,
        service: &ServiceName,
        release: u32,
        command: &str,
        variables: BTreeMap<String, String>,
        at_most: Duration,
    ) -> Result<Checked, PortError> {
        let set = environment.desired.lock().await.set(service, release).map(|wanted| wanted.set.clone());
        let Some(set) = set else { return Ok(Checked::failed("the release is not wanted any more")) };
        let mut process = Process::start(Launch {
            command: command.to_owned(),
            folder: self.build_folder_check(&set.build)?,
            variables,
            limits: set.limits,
            niceness: 0,
            marker: self.root_id.job(&environment.key, service),
            output: None,
        })?;
        let output = process.output_take();
        let run = async {
            let mut printed = Vec::new();
            if let Some(output) = output {
                let mut kept = output.take(OUTPUT_MAX);
                // A command whose output breaks off is judged by how it ends.
                let _read = kept.read_to_end(&mut printed).await;
                let _rest = tokio::io::copy(&mut kept.into_inner(), &mut tokio::io::sink()).await;
            }
            (process.wait().await, printed)
        };
        let ended = timeout(at_most, run).await;
        let Ok((ending, printed)) = ended else {
            process.end(GRACE).await;
            return Ok(Checked::failed(format!("took longer than {} s", at_most.as_secs())));
        };
        process.end_rest().await;
        if ending.code == Some(0) {
            return Ok(Checked::passed());
        }
        let printed = String::from_utf8_lossy(&printed);
        let last = printed.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
        let last: String = self.redactor.redact(last).chars().take(LINE_TOLD).collect();
        Ok(Checked::failed(format!("{}: {last}", ending.how).trim_end_matches([':', ' '])))
    }
}

async fn ask_all(
    address: SocketAddr,
    steps: &[CheckStep],
    variables: &BTreeMap<String, String>,
) -> Result<(), String> {
    let mut session = Session::new(variables);
    for (step, number) in steps.iter().zip(1..) {
        let told = |says: String| format!("step {number}, {} {}: {says}", step.method, step.path);
        let asked = session.ask(step).map_err(told)?;
        let (status, headers, body) = send(address, asked).await.map_err(told)?;
        let body = String::from_utf8_lossy(&body);
        session.take(step, &Answered { status, headers, body: &body }).map_err(told)?;
    }
    Ok(())
}

type Heard = (u16, Vec<(String, String)>, Bytes);

async fn send(address: SocketAddr, asked: Asked) -> Result<Heard, String> {
    let stream = TcpStream::connect(address).await.map_err(|_| "nothing listens there".to_owned())?;
    let broken = |_: hyper::Error| "got no proper answer".to_owned();
    let (mut line, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // It ends with the request.
    tokio::spawn(connection);
    let mut request = Request::builder().method(asked.method.as_str()).uri(asked.path.as_str());
    for (name, value) in &asked.headers {
        request = request.header(name.as_str(), value.as_str());
    }
    if !asked.headers.contains_key("host") {
        request = request.header("host", address.to_string());
    }
    let request = request
        .header("user-agent", "infra-chat-check")
        .header("connection", "close")
        .body(Full::new(Bytes::from(asked.body)))
        .map_err(|_| "can't be asked: what was filled in fits neither path nor header".to_owned())?;
    let answer = line.send_request(request).await.map_err(broken)?;
    let status = answer.status().as_u16();
    let text = |value: &hyper::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers =
        answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let body = Limited::new(answer.into_body(), BODY_MAX_BYTES).collect().await;
    let body = body.map_err(|_| format!("answered more than {} KiB, or broke off", BODY_MAX_BYTES / 1024))?;
    Ok((status, headers, body.to_bytes()))
}
