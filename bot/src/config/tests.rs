#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use engine::model::{Provider, Role};
use expect_test::{Expect, expect};

use super::{Config, Surroundings};

fn around(toml: Option<&str>, variables: &[(&str, &str)]) -> (tempfile::TempDir, Surroundings) {
    let folder = tempfile::tempdir().unwrap();
    if let Some(toml) = toml {
        std::fs::write(folder.path().join("infra-chat.toml"), toml).unwrap();
    }
    let surroundings = Surroundings {
        directory: folder.path().to_owned(),
        data_dir_default: Some(PathBuf::from("/var/lib/infra-chat")),
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        ..Surroundings::default()
    };
    (folder, surroundings)
}

fn faults(toml: Option<&str>, variables: &[(&str, &str)], expected: &Expect) {
    let (_folder, surroundings) = around(toml, variables);
    expected.assert_eq(&Config::load(&surroundings).unwrap_err().to_string());
}

#[test]
fn without_anything_the_defaults_hold() {
    let (_folder, surroundings) = around(None, &[]);
    expect![[r#"
        Config {
            data_dir: "/var/lib/infra-chat",
            database: "/var/lib/infra-chat/infra-chat.db",
            listen: 127.0.0.1:7480,
            api_token: None,
            rules_dir: None,
            artifacts: "/var/lib/infra-chat/artifacts",
            master_key: None,
            master_keys_before: 0,
            builds_kept: None,
            log: "info",
            log_format: Text,
            slack: None,
            discord: None,
            prometheus: None,
            api_bases: {},
            twilio: None,
            texts_link: None,
            meant: [],
            stand_ins: StandIns {
                all_hosts_at: None,
                repositories: {},
            },
        }
    "#]]
    .assert_debug_eq(&Config::load(&surroundings).unwrap());
}

#[test]
fn variables_win_over_the_file_and_flags_over_both() {
    let toml = "data_dir = \"state\"\nbuilds_kept = 3\nlisten = \"127.0.0.1:1\"\n";
    let (folder, mut surroundings) = around(Some(toml), &[("INFRA_CHAT_LISTEN", "127.0.0.1:2")]);
    let config = Config::load(&surroundings).unwrap();
    assert_eq!(config.listen.port(), 2);
    assert_eq!(config.builds_kept, Some(3));
    assert_eq!(config.data_dir, folder.path().join("state"));
    surroundings.data_dir = Some(PathBuf::from("/elsewhere"));
    assert_eq!(Config::load(&surroundings).unwrap().data_dir, PathBuf::from("/elsewhere"));
}

#[test]
fn every_fault_is_named_at_once_with_its_place() {
    faults(
        Some(
            "data_folder = \"x\"\nlisten = \"everywhere\"\nbuilds_kept = 0\napi_token = \"short\"\nmaster_key = \"aa\"\nlog_format = true\n",
        ),
        &[
            ("DATABASE_URL", "mysql://root@localhost/x"),
            ("INFRA_CHAT_LOG_FORMT", "json"),
            ("INFRA_CHAT_RULES_DIR", ""),
        ],
        &expect![[r#"
            the configuration has 9 faults
              infra-chat.toml:1:1: data_folder is no key: did you mean `data_dir`?
              environment variable INFRA_CHAT_LOG_FORMT: is no setting: did you mean INFRA_CHAT_LOG_FORMAT?
              environment variable DATABASE_URL: database_url is no address of a database: use postgres://user:password@host/database, or sqlite:PATH
              infra-chat.toml:4:13: api_token is shorter than 16 characters: make one with `openssl rand -hex 32`
              infra-chat.toml:2:10: listen `everywhere` is no address to listen on: write it like 127.0.0.1:7480
              infra-chat.toml:5:14: master_key does not belong in a file: set INFRA_CHAT_MASTER_KEY, or leave it out: a key file is made
              infra-chat.toml:3:15: builds_kept `0` is no number of builds: give a whole number from 1 to 1000
              infra-chat.toml:6:14: log_format must be text: put the value in quotes
              environment variable INFRA_CHAT_RULES_DIR: rules_dir is empty: give a value, or leave it out"#]],
    );
}

#[test]
fn a_file_that_is_no_toml_is_named_with_the_line() {
    faults(
        Some("listen = \"127.0.0.1:1\"\nlog = info\n"),
        &[],
        &expect![[r#"
        the configuration has a fault
          infra-chat.toml: is no TOML at line 2, column 10 (expected newline, `#`): mend that line; text stands in quotes"#]],
    );
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let (_folder, mut surroundings) = around(None, &[]);
    surroundings.file = Some(PathBuf::from("mine.toml"));
    let told = Config::load(&surroundings).unwrap_err().to_string();
    assert!(told.contains("mine.toml: can't be read"), "{told}");
}

#[test]
fn secrets_do_not_show() {
    let key = "ab".repeat(32);
    let token = "a-token-nobody-must-see";
    let (_folder, surroundings) = around(
        None,
        &[
            ("INFRA_CHAT_MASTER_KEY", &key),
            ("INFRA_CHAT_API_TOKEN", token),
            ("DATABASE_URL", "postgres://ana:hunter2@db/x"),
        ],
    );
    let shown = format!("{:?}", Config::load(&surroundings).unwrap());
    for secret in [key.as_str(), token, "hunter2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn what_services_are_given_is_not_ours() {
    let (_folder, surroundings) = around(None, &[("INFRA_CHAT_SQL", "infra-chat sql")]);
    Config::load(&surroundings).unwrap();
}

#[test]
fn slack_is_read_from_file_and_variables() {
    let toml = "[slack]\nbot_token = \"xoxb-from-the-file\"\nchannels = \"C042, C043=staging\"\n";
    let (_folder, surroundings) = around(
        Some(toml),
        &[
            ("INFRA_CHAT_SLACK_APP_TOKEN", "xapp-secret"),
            ("INFRA_CHAT_SLACK_API_BASE", "http://127.0.0.1:9/api/"),
        ],
    );
    let config = Config::load(&surroundings).unwrap();
    let slack = config.slack.as_ref().unwrap();
    assert_eq!(slack.api_base, "http://127.0.0.1:9/api");
    assert!(slack.channels.listens("C043"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("xoxb-") && !shown.contains("xapp-"), "{shown}");
}

#[test]
fn what_slack_needs_and_does_not_have_is_named() {
    faults(
        Some("[slack]\nmode = \"carrier pigeon\"\nchanels = \"C1\"\n"),
        &[("INFRA_CHAT_SLACK_BOT_TOKEN", "xapp-mixed-up"), ("INFRA_CHAT_SLACK_CHANNELS", "#deploys")],
        &expect![[r#"
            the configuration has 5 faults
              infra-chat.toml:3:1: slack.chanels is no key: did you mean `slack.channels`?
              infra-chat.toml:2:8: slack.mode `carrier pigeon` is no mode: write `socket` or `http`
              environment variable INFRA_CHAT_SLACK_BOT_TOKEN: slack.bot_token does not begin with `xoxb-`: the README's part about Slack says where it is found
              the configuration: slack.app_token is missing: the README's part about Slack says where it is found
              environment variable INFRA_CHAT_SLACK_CHANNELS: slack.channels `#deploys` is no channel: write identifiers as in `C0420ABCD, C0421EFGH=staging`: Slack shows a channel's identifier at the end of its details"#]],
    );
    faults(
        Some("[slack]\nmode = \"http\"\nbot_token = \"xoxb-1\"\n"),
        &[],
        &expect![[r#"
        the configuration has a fault
          the configuration: slack.signing_secret is missing: the README's part about Slack says where it is found"#]],
    );
}

#[test]
fn discord_is_read_from_file_and_variables() {
    let toml = "[discord]\nchannels = \"1042, 1043=staging\"\nroles = \"77=deployer\"\n";
    let (_folder, surroundings) = around(
        Some(toml),
        &[
            ("INFRA_CHAT_DISCORD_TOKEN", "Bot MTA.secret-token"),
            ("INFRA_CHAT_DISCORD_API_BASE", "http://127.0.0.1:9"),
        ],
    );
    let config = Config::load(&surroundings).unwrap();
    let discord = config.discord.as_ref().unwrap();
    assert_eq!(discord.api_base, "http://127.0.0.1:9/api/v10");
    assert!(discord.channels.listens("1043"));
    assert_eq!(discord.roles.of(["77"]), Some(Role::Deployer));
    let shown = format!("{config:?}");
    assert!(!shown.contains("secret-token"), "{shown}");
}

#[test]
fn what_discord_needs_and_does_not_have_is_named() {
    faults(
        Some("[discord]\nchannels = \"#deploys\"\nroles = \"77=captain\"\nunknown_people = \"guests\"\n"),
        &[("INFRA_CHAT_DISCORD_API_BASE", "discord.com")],
        &expect![[r#"
            the configuration has 5 faults
              environment variable INFRA_CHAT_DISCORD_API_BASE: discord.api_base `discord.com` is no address: write it like https://discord.com/api/v10
              the configuration: discord.token is missing: the README's part about Discord says where it is found
              infra-chat.toml:2:12: discord.channels `#deploys` is no channel: write identifiers as in `1032456789012345678, 1032456789012345679=staging`: with Discord's developer mode on, *Copy ID* is in the menu of every channel and role
              infra-chat.toml:3:9: discord.roles `77=captain` gives nobody a role: write it as in `1032456789012345678=deployer, 1032456789012345679=admin`: with Discord's developer mode on, *Copy ID* is in the menu of every channel and role
              infra-chat.toml:4:18: discord.unknown_people `guests` is no way to treat them: write `nobody` or `viewer`"#]],
    );
}

#[test]
fn a_value_of_another_type_is_a_fault() {
    faults(
        Some("data_dir = 5\nartifacts = 1.5\nbuilds_kept = true\n"),
        &[],
        &expect![[r#"
        the configuration has 3 faults
          infra-chat.toml:1:12: data_dir must be text: put the value in quotes
          infra-chat.toml:3:15: builds_kept must be a number: write digits, without quotes
          infra-chat.toml:2:13: artifacts must be text: put the value in quotes"#]],
    );
}

#[test]
fn providers_may_be_at_addresses_of_ones_own_but_no_token_travels_in_the_clear() {
    let toml = "[railway]\napi_base = \"https://railway.proxy.example/\"\n";
    let stripe = ("INFRA_CHAT_STRIPE_API_BASE", "http://127.0.0.1:12111");
    let (_folder, surroundings) = around(Some(toml), &[stripe]);
    let config = Config::load(&surroundings).unwrap();
    let expected = [(Provider::Railway, "https://railway.proxy.example"), (Provider::Stripe, stripe.1)];
    assert_eq!(config.api_bases, expected.map(|(provider, base)| (provider, base.to_owned())).into());
    faults(
        Some("[cloudflare]\napi_base = \"http://proxy.example\"\n[github]\napi_base = \"api.github.com\"\n"),
        &[],
        &expect![[r#"
            the configuration has 2 faults
              infra-chat.toml: cloudflare.api_base `http://proxy.example` is not encrypted, and everybody on the way could read the token: write https://, or an address of this machine
              infra-chat.toml: github.api_base `api.github.com` is no address: write it like https://api.example.com"#]],
    );
}

#[test]
fn prometheus_has_an_address_and_its_token_is_never_shown() {
    let toml = "[prometheus]\nurl = \"https://metrics.example/prom/\"\n";
    let (_folder, surroundings) = around(Some(toml), &[("INFRA_CHAT_PROMETHEUS_TOKEN", "s3cret-t0ken")]);
    let config = Config::load(&surroundings).unwrap();
    assert_eq!(config.prometheus.as_ref().unwrap().url, "https://metrics.example/prom");
    let shown = format!("{config:?}");
    assert!(shown.contains("metrics.example") && !shown.contains("s3cret"), "{shown}");
    faults(
        Some("[prometheus]\nurl = \"ana:pw@metrics\"\ntoken = \"a b\"\n"),
        &[],
        &expect![[r#"
        the configuration has 2 faults
          infra-chat.toml: prometheus.url is no address of a Prometheus: write it like http://127.0.0.1:9090, without a login
          infra-chat.toml: prometheus.token holds what no token holds: give the token alone, without `Bearer`"#]],
    );
    faults(
        None,
        &[("INFRA_CHAT_PROMETHEUS_TOKEN", "x")],
        &expect![[r#"
        the configuration has a fault
          the configuration: prometheus.url is missing: write it like http://127.0.0.1:9090"#]],
    );
}

#[test]
fn texts_need_an_account_a_token_and_one_sender() {
    let sid = format!("AC{}", "5".repeat(32));
    faults(
        Some("[twilio]\nlinks = \"germany\"\naccount_sid = \"5\"\n[texts]\nlink = \"http://x\"\n"),
        &[("INFRA_CHAT_TWILIO_PUBLIC_URL", "infra.example")],
        &expect![[r#"
            the configuration has 6 faults
              infra-chat.toml: twilio.account_sid is no account: they are AC and 32 hexadecimal digits: the README's part about texts says where it is found
              environment variable INFRA_CHAT_TWILIO_PUBLIC_URL: twilio.public_url `infra.example` is no address: write it like https://infra.example
              infra-chat.toml: twilio.links `germany` says not where: write `everywhere`, `nowhere`, or countries: `+49, +43`
              the configuration: twilio.auth_token is missing: the README's part about texts says where it is found
              the configuration: twilio.from is missing: the README's part about texts says where it is found
              infra-chat.toml: texts.link `http://x` is no https address: write it like https://infra.example"#]],
    );
    let all = [
        ("INFRA_CHAT_TWILIO_ACCOUNT_SID", sid.as_str()),
        ("INFRA_CHAT_TWILIO_AUTH_TOKEN", "0123456789abcdef0123456789abcdef"),
        ("INFRA_CHAT_TWILIO_FROM", "+49 171 3920000"),
        ("INFRA_CHAT_TWILIO_PUBLIC_URL", "https://infra.example/"),
        ("INFRA_CHAT_TEXTS_LINK", "https://infra.example/now"),
    ];
    let (_folder, surroundings) = around(None, &all);
    let config = Config::load(&surroundings).unwrap();
    let twilio = config.twilio.as_ref().unwrap();
    assert_eq!(twilio.public_url.as_deref(), Some("https://infra.example"));
    assert_eq!(twilio.api_base, "https://api.twilio.com");
    assert_eq!(config.texts_link.as_deref(), Some("https://infra.example/now"));
    assert!(!format!("{config:?}").contains("0123456789abcdef"), "a token is shown");
}
