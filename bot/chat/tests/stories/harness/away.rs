//! The database is away for a while: it answers nobody, and nothing can be written down.

use super::Chat;

impl Chat {
    /// Nobody can write anything down, nor is answered whether they could.
    #[allow(dead_code, reason = "for stories of single fronts")]
    pub(crate) async fn database_goes_away(&self) {
        self.database.run(self.folder.path(), "ALTER TABLE heads RENAME TO heads_gone").await;
    }

    /// It is back.
    #[allow(dead_code, reason = "for stories of single fronts")]
    pub(crate) async fn database_comes_back(&self) {
        self.database.run(self.folder.path(), "ALTER TABLE heads_gone RENAME TO heads").await;
    }

    /// Time goes by, and nothing of the program moves.
    #[allow(dead_code, reason = "for stories of single fronts")]
    pub(crate) fn time_goes_by(&self, ms: i64) {
        self.clock.advance(ms);
    }
}
