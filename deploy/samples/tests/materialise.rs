//! The maker: the same repository everywhere, made once, whole or not at all.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::Command;
use std::{env, fs, thread};

use expect_test::expect;
use samples::{Materialised, PROJECT_FILE, PROJECT_YAML, materialise};

/// The commit of `main`. It changes with every change of the sample, and with nothing else.
const MAIN: &str = "6a741a154e4b1e68e2c672342fde19261b92125d";

fn git(repository: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn sorted_names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_history_reads_like_a_projects() {
    let home = tempfile::tempdir().unwrap();
    let sample = materialise(&home.path().join("sample")).unwrap();
    expect![[r#"
        Fix the build, and release currencies (HEAD -> main, tag: v1.6.0), Ben, 2026-03-09
        Fix the currency index, and print currency symbols (tag: v1.5.1), Ana, 2026-03-02
        Say in which currency an invoice is (tag: v1.5.0), Ben, 2026-02-23
        Revert "Cache rendered totals", Ana, 2026-02-16
        Cache rendered totals (tag: v1.4.0), Ben, 2026-02-09
        Revert "Remind customers of overdue invoices", Ana, 2026-02-02
        Remind customers of overdue invoices (tag: v1.3.0), Ben, 2026-01-26
        Know the time zone of each customer (tag: v1.2.0), Ana, 2026-01-19
        Give invoices a due date, and mark the overdue ones (tag: v1.1.0), Ben, 2026-01-12
        Invoices, customers, and pages to see them (tag: v1.0.0), Ana, 2026-01-05
    "#]]
    .assert_eq(&git(&sample.repository, &["log", "--format=%s%d, %an, %as"]));
    assert_eq!(git(&sample.repository, &["status", "--porcelain"]), "", "main is checked out, and clean");
    assert_eq!(
        git(&sample.repository, &["cat-file", "-t", "v1.0.0"]),
        "tag\n",
        "releases are annotated tags"
    );
    assert_eq!(fs::read_to_string(&sample.project_file).unwrap(), PROJECT_YAML);
}

#[test]
fn the_commits_are_the_same_on_every_machine() {
    let home = tempfile::tempdir().unwrap();
    let first = materialise(&home.path().join("first")).unwrap();
    let second = materialise(&home.path().join("deep/er/second")).unwrap();
    assert_eq!((&first.main, &first.tags), (&second.main, &second.tags));
    assert_eq!(git(&first.repository, &["fsck", "--strict"]), "");
    assert_eq!(first.main, MAIN, "when the sample was changed, change MAIN too");
}

#[test]
fn a_reverted_release_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let sample = materialise(&home.path().join("sample")).unwrap();
    for reverted in ["v1.3.0", "v1.4.0"] {
        let after =
            git(&sample.repository, &["log", "--format=%H", "--reverse", &format!("{reverted}..main")]);
        let revert = after.lines().next().unwrap();
        assert_eq!(git(&sample.repository, &["diff", "--stat", "v1.2.0", revert]), "", "after {reverted}");
    }
}

#[test]
fn what_is_there_is_left_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sample");
    let made = materialise(&folder).unwrap();
    assert!(made.created);
    let theirs =
        ["-c", "user.name=Zoe", "-c", "user.email=zoe@example.com", "commit", "--allow-empty", "-qm", "Mine"];
    git(&made.repository, &theirs);

    let again = materialise(&folder).unwrap();
    assert!(!again.created);
    assert_ne!(again.main, made.main, "somebody's own commit is still there");
    assert_eq!(again.tags, made.tags);
    assert_eq!(sorted_names(home.path()), ["sample"], "no draft is left beside it");
}

#[test]
fn an_empty_folder_is_filled_and_a_strange_one_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let empty = home.path().join("empty");
    fs::create_dir(&empty).unwrap();
    assert!(materialise(&empty).unwrap().created);

    let strange = home.path().join("strange");
    fs::create_dir(&strange).unwrap();
    fs::write(strange.join(PROJECT_FILE), "project: somebody-elses\n").unwrap();
    let said = materialise(&strange).unwrap_err().to_string().replace(home.path().to_str().unwrap(), "");
    expect!["/strange is there, but is not a whole sample project: move or delete it, then start again, and it is made anew"]
        .assert_eq(&said);
    assert_eq!(sorted_names(&strange), [PROJECT_FILE]);
}

#[test]
fn of_several_at_once_one_makes_it_and_all_succeed() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("sample");
    let made: Vec<Materialised> = thread::scope(|scope| {
        let callers: Vec<_> = (0..4).map(|_| scope.spawn(|| materialise(&folder).unwrap())).collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });
    assert_eq!(made.iter().filter(|sample| sample.created).count(), 1);
    assert!(made.iter().all(|sample| sample.main == made[0].main));
    assert_eq!(sorted_names(home.path()), ["sample"]);
}

#[test]
fn a_home_that_cannot_be_written_is_named() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let error = materialise(&file.join("sample")).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
}

#[test]
fn a_missing_git_is_named() {
    if env::var_os(AGAIN).is_none() {
        return again("a_missing_git_is_named", &[("PATH", "/nowhere")]);
    }
    let home = tempfile::tempdir().unwrap();
    let said = materialise(&home.path().join("sample")).unwrap_err().to_string();
    expect!["`git` was not found, and the sample project is a git repository: install git, then start again"]
        .assert_eq(&said);
    assert!(sorted_names(home.path()).is_empty(), "no draft is left");
}

#[test]
fn the_git_settings_of_whoever_runs_it_change_nothing() {
    let settings = [
        ("GIT_DIR", "/nowhere"),
        ("GIT_DEFAULT_HASH", "sha256"),
        ("GIT_AUTHOR_NAME", "Zoe"),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "core.autocrlf"),
        ("GIT_CONFIG_VALUE_0", "true"),
        ("TZ", "Asia/Kolkata"),
    ];
    if env::var_os(AGAIN).is_none() {
        return again("the_git_settings_of_whoever_runs_it_change_nothing", &settings);
    }
    let home = tempfile::tempdir().unwrap();
    let sample = materialise(&home.path().join("sample")).unwrap();
    assert_eq!(sample.main, MAIN);
    let style = fs::read_to_string(sample.repository.join("static/style.css")).unwrap();
    assert!(!style.contains('\r'));
}

/// Set in a test program that was started again with another environment.
const AGAIN: &str = "SAMPLES_TEST_AGAIN";

/// Runs one test of this program once more with `variables` set, as a running program can't safely change its own.
fn again(test: &str, variables: &[(&str, &str)]) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", test]).env(AGAIN, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
