//! A folder of things that can be made again. Losing it costs time, never data.

use crate::config;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    pub fn from_environment() -> Result<Cache, String> {
        Ok(Cache {
            folder: config::required("CACHE_DIR", "a folder for things that can be made again")?.into(),
        })
    }

    /// What was stored under `name` less than `max_age` ago.
    pub fn get(&self, name: &str, max_age: Duration) -> Option<String> {
        let path = self.folder.join(name);
        if age(&path)? > max_age {
            return None;
        }
        fs::read_to_string(path).ok()
    }

    pub fn put(&self, name: &str, text: &str) -> Result<(), String> {
        let store = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            // Written beside and renamed, so that a reader never sees half of it.
            let draft = self.folder.join(format!(".{name}.{}.{:?}", std::process::id(), std::thread::current().id()));
            fs::write(&draft, text)?;
            fs::rename(draft, self.folder.join(name))
        };
        store().map_err(|error| format!("cannot write to the cache {}: {error}", self.folder.display()))
    }

    pub fn forget(&self, name: &str) {
        let _ = fs::remove_file(self.folder.join(name));
    }

    /// Whether something can be stored and found again.
    pub fn check(&self) -> Result<(), String> {
        self.put("health", "ok")?;
        self.get("health", Duration::from_secs(60))
            .map(|_| ())
            .ok_or("the cache forgets what it is given".to_string())
    }

    /// Removes entries older than `max_age`, or only counts them.
    pub fn purge(&self, max_age: Duration, dry_run: bool) -> Result<i64, String> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(error) => return Err(format!("cannot read the cache {}: {error}", self.folder.display())),
        };
        let old = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| age(path).is_some_and(|age| age > max_age));
        Ok(old.filter(|path| dry_run || fs::remove_file(path).is_ok()).count() as i64)
    }
}

fn age(path: &Path) -> Option<Duration> {
    let changed = fs::metadata(path).ok()?.modified().ok()?;
    // A clock that went back makes things look younger than new: call that new.
    Some(changed.elapsed().unwrap_or_default())
}
