//! Command lines told from talk: what a service is built or started with may be nearly anything, and people talk while they
//! look it up.

/// Programs that services are commonly built and started with.
const PROGRAMS: [&str; 66] = [
    "air", "ant", "bash", "bazel", "buck2", "bun", "bundle", "cargo", "celery", "clojure", "cmake",
    "composer", "conda", "crystal", "dart", "deno", "dotnet", "elixir", "env", "exec", "expo", "flask",
    "flutter", "gatsby", "gcc", "gleam", "go", "gradle", "gulp", "gunicorn", "hugo", "java", "julia",
    "jekyll", "just", "lein", "make", "meson", "mix", "mvn", "next", "nim", "ninja", "node", "npm", "npx",
    "nuxt", "php", "pip", "pip3", "pnpm", "poetry", "python", "python3", "rails", "rake", "ruby", "rustc",
    "sbt", "sh", "swift", "task", "uv", "uvicorn", "yarn", "zig",
];
/// Behind these, a program's name is a word: "go with that", "make it quick", "just ask ben".
const OF_TALK: [&str; 24] = [
    "a", "an", "and", "ask", "as", "for", "in", "is", "it", "like", "me", "of", "one", "on", "sure", "take",
    "that", "the", "this", "to", "us", "use", "we", "with",
];
/// Characters that are common in command lines and not in talk.
const SIGNS: [char; 11] = ['/', '$', '=', '|', '&', '>', '<', ';', '{', '*', '\\'];

/// Whether words are a command line beyond doubt: they begin with a known program, hold what only command lines hold, or
/// are a single word.
pub(super) fn reads_as_command(said: &str) -> bool {
    let mut words = said.split_whitespace();
    let Some(first) = words.next() else { return false };
    if !first.contains(|c: char| c.is_ascii_alphabetic()) || said.ends_with('?') {
        return false;
    }
    let Some(second) = words.next() else { return true };
    let talks = OF_TALK.contains(&second.to_lowercase().as_str());
    if PROGRAMS.contains(&first) && !talks {
        return true;
    }
    let flag = |word: &str| word.len() > 1 && word.starts_with('-') && !word.starts_with("---");
    let file = |word: &str| {
        word.rsplit_once('.').is_some_and(|(name, kind)| {
            !name.is_empty() && kind.starts_with(|c: char| c.is_ascii_alphabetic())
        })
    };
    said.contains(SIGNS)
        || said.split_whitespace().skip(1).any(|word| flag(word) || file(word))
        || file(first)
}

#[cfg(test)]
mod tests {
    use super::reads_as_command;

    #[test]
    fn command_lines_are_told_from_talk() {
        for said in [
            "make",
            "make release",
            "cargo build --release",
            "./api",
            "./bin/shop serve",
            "npm run build",
            "node server.js",
            "serve",
            "PORT=80 shop",
            "shop --listen",
            "shop serve.toml",
            "go build ./...",
            "bundle exec puma",
            "just build",
            "a && b",
        ] {
            assert!(reads_as_command(said), "{said}");
        }
        for said in [
            "we use the usual one",
            "the same as api",
            "go with the default",
            "just ask ben",
            "make it quick",
            "that depends",
            "3",
            "is there one?",
            "ben knows that",
            "I would have to look",
            "...",
        ] {
            assert!(!reads_as_command(said), "{said}");
        }
    }
}
