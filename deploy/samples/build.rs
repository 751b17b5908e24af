//! Embeds every file of `invoice-perfect/` as a table of path and text, so that the program carries its sample with it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const SAMPLE: &str = "invoice-perfect";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={SAMPLE}");
    let sample = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(SAMPLE);
    let mut files = Vec::new();
    collect(&sample, &mut files)?;
    files.sort();

    let mut table = String::from("&[\n");
    for file in files {
        let inside: Vec<_> = file.strip_prefix(&sample)?.iter().map(|part| part.to_string_lossy()).collect();
        writeln!(table, "({:?}, include_str!({:?})),", inside.join("/"), file.display().to_string())?;
    }
    table.push(']');
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("files.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
