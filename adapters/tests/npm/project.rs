//! Projects of npm that tests run: installed once, exactly as their lock file says, where npm is there. In continuous integration
//! it must be.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

const CI: &str = "CI";

/// The folder `node_modules` of a project; none where it can't be had. It is made anew when the lock file changes.
pub(crate) fn node_modules(project: &Path, name: &str) -> Option<PathBuf> {
    // Two that install into one folder at once take each other's files away.
    static INSTALLS: Mutex<()> = Mutex::new(());
    let _turn = INSTALLS.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let lock = std::fs::read_to_string(project.join("package-lock.json")).unwrap();
    let modules = folder.join("node_modules");
    let installed_lock = folder.join("installed.json");
    if std::fs::read_to_string(&installed_lock).is_ok_and(|installed| installed == lock) {
        return Some(modules);
    }
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(project.join(file), folder.join(file)).unwrap();
    }
    let install = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output();
    let why = match install {
        Ok(output) if output.status.success() => {
            std::fs::write(&installed_lock, lock).unwrap();
            return Some(modules);
        }
        Ok(output) => String::from_utf8_lossy(&output.stderr).into_owned(),
        Err(error) => format!("npm: {error}"),
    };
    assert!(std::env::var_os(CI).is_none(), "{name} can't be installed: {why}");
    #[expect(clippy::print_stderr, reason = "says what is not checked")]
    {
        eprintln!("{name} can't be installed, so nothing is tried on it: {why}");
    }
    None
}
