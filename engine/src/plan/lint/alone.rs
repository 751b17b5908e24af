//! Statements that PostgreSQL refuses in a transaction.

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alone {
    /// The statement.
    pub sql: String,
    /// What it is: `CREATE INDEX CONCURRENTLY`.
    pub what: String,
    /// The index it makes, as it is written there.
    pub makes_index: Option<String>,
}

impl Alone {
    /// The statement, if it is one of them; without comments, as [`super::statements`] gives it.
    pub fn of(statement: &str) -> Option<Self> {
        let words: Vec<&str> =
            statement.split(|c: char| c.is_whitespace() || c == '(').filter(|it| !it.is_empty()).collect();
        let upper: Vec<String> = words.iter().take(8).map(|word| word.to_ascii_uppercase()).collect();
        let is = |at: usize, word: &str| upper.get(at).is_some_and(|it| it == word);
        let index = usize::from(is(1, "UNIQUE")) + 1;
        let concurrently = upper.iter().any(|word| word.trim_end_matches([')', ',']) == "CONCURRENTLY");
        let (what, makes_index) = match upper.first()?.as_str() {
            "CREATE" if is(index, "INDEX") && is(index + 1, "CONCURRENTLY") => {
                let exists =
                    [is(index + 2, "IF"), is(index + 3, "NOT"), is(index + 4, "EXISTS")] == [true; 3];
                let name = words.get(index + if exists { 5 } else { 2 });
                let name = name.filter(|name| !name.eq_ignore_ascii_case("on"));
                ("CREATE INDEX CONCURRENTLY".to_owned(), name.map(|name| (*name).to_owned()))
            }
            "DROP" if is(1, "INDEX") && is(2, "CONCURRENTLY") => ("DROP INDEX CONCURRENTLY".to_owned(), None),
            "REINDEX" if concurrently => ("REINDEX CONCURRENTLY".to_owned(), None),
            "VACUUM" => ("VACUUM".to_owned(), None),
            "CREATE" | "DROP" if is(1, "DATABASE") || is(1, "TABLESPACE") => (upper[..2].join(" "), None),
            "ALTER" if is(1, "SYSTEM") => ("ALTER SYSTEM".to_owned(), None),
            _ => return None,
        };
        Some(Self { sql: statement.to_owned(), what, makes_index })
    }
}

#[cfg(test)]
mod tests {
    use super::Alone;

    #[test]
    fn what_runs_in_no_transaction_is_known_by_its_words() {
        let check = |sql: &str, expected: Option<(&str, Option<&str>)>| {
            let found = Alone::of(sql);
            let found = found.as_ref().map(|it| (it.what.as_str(), it.makes_index.as_deref()));
            assert_eq!(found, expected, "{sql}");
        };
        let made = |name| Some(("CREATE INDEX CONCURRENTLY", name));
        check("CREATE INDEX CONCURRENTLY by_due ON a (due)", made(Some("by_due")));
        check("create unique index concurrently if not exists s.\"By due\" on a(due)", made(Some("s.\"By")));
        check("CREATE INDEX CONCURRENTLY ON a (due)", made(None));
        check("CREATE INDEX by_due ON a (due)", None);
        check("DROP INDEX CONCURRENTLY by_due", Some(("DROP INDEX CONCURRENTLY", None)));
        check("REINDEX (CONCURRENTLY, VERBOSE) TABLE a", Some(("REINDEX CONCURRENTLY", None)));
        check("REINDEX TABLE a", None);
        check("VACUUM a", Some(("VACUUM", None)));
        check("ALTER TABLE a ADD COLUMN concurrently INT", None);
        check("INSERT INTO a VALUES ('VACUUM')", None);
    }
}
