//! What runs leave behind among the artifacts.

use engine::model::Actor;
use expect_test::Expect;

use super::Chat;

impl Chat {
    /// The names of what a run left behind; runs count from 1. Receipts, which are many, are counted.
    pub(crate) async fn artifacts(&self, number: usize, expected: Expect) {
        let run = self.room.run_id(number);
        let (mut names, mut receipts) = (String::new(), 0);
        for listed in self.engine().artifacts().list(&run).await.unwrap() {
            match listed.name.to_string() {
                name if name.starts_with("receipts/") => receipts += 1,
                name => names.extend([name.as_str(), "\n"]),
            }
        }
        assert!(receipts > 0 || !names.contains("incident"), "an incident comes of effects");
        expected.assert_eq(&names);
    }

    /// An artifact, without what differs from telling to telling.
    pub(crate) async fn artifact(&self, number: usize, name: &str, expected: Expect) {
        let run = self.room.run_id(number);
        let kept = self.engine().artifacts().get(&run, &name.parse().unwrap()).await.unwrap();
        let text = String::from_utf8(kept).unwrap();
        let tables = text.find("\n## Files").unwrap_or(text.len());
        expected.assert_eq(&self.room.with_story_ids(&text[..tables]));
    }

    /// The incident's story names every other file of its run with the hash it really has.
    pub(crate) async fn manifest_holds(&self, number: usize) {
        let run = self.room.run_id(number);
        let artifacts = self.engine().artifacts();
        let story = artifacts.get(&run, &"incident.md".parse().unwrap()).await.unwrap();
        let story = String::from_utf8(story).unwrap();
        for listed in artifacts.list(&run).await.unwrap() {
            let name = listed.name.to_string();
            let kept = artifacts.get(&run, &listed.name).await.unwrap();
            let real = artifacts.reference(&run, &listed.name, &kept);
            let row = format!("| {} | {} | `{}` |", real.path, listed.size, real.sha256);
            let is_told = !matches!(name.as_str(), "incident.md" | "manifest.json");
            assert_eq!(story.contains(&row), is_told, "{row}\n{story}");
        }
        let bundle = self.engine().incident_bundle(&run.as_str().replace("r-", "i-"), &Actor::system()).await;
        assert!(bundle.unwrap().files.contains_key("manifest.json"));
    }

    /// All text of all artifacts of a run.
    pub(crate) async fn everything_kept(&self, number: usize) -> String {
        let run = self.room.run_id(number);
        let mut all = String::new();
        for listed in self.engine().artifacts().list(&run).await.unwrap() {
            let kept = self.engine().artifacts().get(&run, &listed.name).await.unwrap();
            all += std::str::from_utf8(&kept).unwrap();
        }
        all
    }

    /// What the program does at its start about runs that ended when it did.
    pub(crate) async fn catches_up(&self) {
        self.engine().keep_missing_artifacts(50, || true).await.unwrap();
    }
}
