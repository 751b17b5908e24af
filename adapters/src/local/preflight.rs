//! What would be in the way of a change: tools, disk, folder, ports.

use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use engine::model::EnvironmentKey;
use engine::ports::{Finding, PortError, Shape};

use super::environment::locked;
use super::files::blocking;
use super::machine::Machine;

/// Less free space than this stops a change, in bytes: a build alone may need it.
const FREE_MIN: u64 = 200 * 1024 * 1024;
/// Programs that every process is started with.
const TOOLS: [&str; 2] = ["sh", "nice"];

impl Machine {
    /// All that is in the way.
    pub(super) async fn preflight(
        &self,
        key: &EnvironmentKey,
        shape: &Shape,
    ) -> Result<Vec<Finding>, PortError> {
        let mut findings = Vec::new();
        if let Err(error) = self.git.available().await {
            findings.push(blocks(sentence(&error)));
        }
        for tool in TOOLS {
            if let Err(cause) = tool_probe(tool).await {
                findings
                    .push(blocks(format!("`{tool}` can't be run ({cause}). Install it, or mend the PATH.")));
            }
        }
        let root = self.root.clone();
        findings.extend(blocking(move || Ok(folder_findings(&root))).await?);
        findings.extend(self.port_findings(key, shape));
        Ok(findings)
    }

    fn port_findings(&self, key: &EnvironmentKey, shape: &Shape) -> Vec<Finding> {
        let listening = locked(&self.listening).clone();
        let mut findings = Vec::new();
        for (service, address) in &shape.edge {
            let holder = listening.iter().find(|(_, used)| *used == address).map(|(holder, _)| holder);
            match holder {
                Some((environment, other)) if environment == key && other == service => {}
                Some((environment, other)) => findings.push(blocks(format!(
                    "{address}, wanted for {service} of {key}, is the address of {other} of {environment}. \
                     Give one of them another edge address."
                ))),
                None => match TcpListener::bind(address.as_str()) {
                    Ok(_) => {}
                    Err(cause) if cause.kind() == std::io::ErrorKind::AddrInUse => {
                        findings.push(blocks(format!(
                            "{address}, wanted for {service}, is taken by another program. \
                             End it, or give {service} another edge address."
                        )));
                    }
                    Err(cause) => findings.push(blocks(format!(
                        "{address}, wanted for {service}, can't be listened on: {cause}. \
                         Give {service} an edge address of this machine, such as 127.0.0.1:7401."
                    ))),
                },
            }
        }
        findings
    }
}

async fn tool_probe(tool: &str) -> std::io::Result<()> {
    let mut command = tokio::process::Command::new(tool);
    command
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    // Whatever it answers, it is there.
    command.status().await.map(drop)
}

fn blocks(says: String) -> Finding {
    Finding { blocks: true, says }
}

fn sentence(error: &PortError) -> String {
    match error {
        PortError::Fail { what, hint } => format!("{what}. {hint}").trim_end().to_owned(),
        other => other.to_string(),
    }
}

fn folder_findings(root: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    let probe = root.join(format!(".probe-{}", uuid::Uuid::new_v4().simple()));
    let written = std::fs::write(&probe, b"x").and_then(|()| std::fs::remove_file(&probe));
    if let Err(cause) = written {
        findings.push(blocks(sentence(&super::files::explain("write to", root, &cause))));
    }
    if let Some(free) = free_bytes(root).filter(|free| *free < FREE_MIN) {
        findings.push(blocks(format!(
            "only {} MB are free at {}; {} MB are needed. Free some space, then retry.",
            free / 1024 / 1024,
            root.display(),
            FREE_MIN / 1024 / 1024
        )));
    }
    findings
}

/// How much may still be written below a folder, in bytes; nothing when the system does not say.
pub(super) fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}
