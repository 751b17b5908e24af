//! Chat platforms beside everything else that `serve` does: one that does not take its token ends nothing.

use std::sync::Arc;

use engine::clock::SystemClock;

use crate::world::World;

#[test]
fn a_wrong_token_is_named_and_everything_else_goes_on() {
    let world = World::with_sample();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (slack, discord) = runtime.block_on(async {
        let clock = Arc::new(SystemClock);
        let slack = slack::sim::Sim::start(clock.clone(), false).await.unwrap();
        (slack, discord::sim::Sim::start(clock, false).await.unwrap())
    });
    let (slack_base, discord_base) = (slack.api_base(), discord.api_base());
    let mut serve = world.start(
        &["serve"],
        &[
            ("INFRA_CHAT_LISTEN", "127.0.0.1:0"),
            ("INFRA_CHAT_SLACK_API_BASE", &slack_base),
            ("INFRA_CHAT_SLACK_BOT_TOKEN", "xoxb-of-another-app"),
            ("INFRA_CHAT_SLACK_APP_TOKEN", "xapp-of-another-app"),
            ("INFRA_CHAT_DISCORD_API_BASE", &discord_base),
            ("INFRA_CHAT_DISCORD_TOKEN", discord::sim::TOKEN),
        ],
    );
    serve.wait_for("listens on http://");
    let said = serve.wait_for("slack.bot_token");
    assert_eq!(said.matches("slack.bot_token").count(), 1, "it is said once:\n{said}");
    runtime.block_on(discord.until(discord::sim::Sim::is_connected));
    serve.wait_for("discord is connected: infra on 1 server");
    let told = world.program(&["doctor"]).ended(0);
    told.says("Slack does not take slack.bot_token").says("`serve` is connected: discord, infra on 1 server");
    runtime.block_on(async { discord.hang_up() });
    let of_discord = [
        ("INFRA_CHAT_DISCORD_API_BASE", discord_base.as_str()),
        ("INFRA_CHAT_DISCORD_TOKEN", discord::sim::TOKEN),
    ];
    world.program_with(&["doctor"], "", &of_discord).ended(0).says("the token is infra on Simulated");
    let of_slack = [
        ("INFRA_CHAT_SLACK_API_BASE", slack_base.as_str()),
        ("INFRA_CHAT_SLACK_BOT_TOKEN", slack::sim::BOT_TOKEN),
        ("INFRA_CHAT_SLACK_APP_TOKEN", slack::sim::APP_TOKEN),
    ];
    world.program_with(&["doctor"], "", &of_slack).ended(0).says("the token is @infra").says("in Simulated");
    slack.without_scope("files:write");
    world.program_with(&["doctor"], "", &of_slack).ended(0).says("and lacks scopes: files:write.");
    world.program(&["status"]).ended(0).says("Slack does not take slack.bot_token").says("staging");
    serve.signal("TERM");
    serve.end().ended(0);
}

#[test]
fn an_environment_that_is_not_there_is_named_as_other_faults_are() {
    let world = World::with_sample();
    let slack = [
        ("INFRA_CHAT_LISTEN", "127.0.0.1:0"),
        ("INFRA_CHAT_SLACK_BOT_TOKEN", "xoxb-1"),
        ("INFRA_CHAT_SLACK_APP_TOKEN", "xapp-1"),
        ("INFRA_CHAT_SLACK_CHANNELS", "C123=nowhere, C124=staging"),
        ("INFRA_CHAT_DISCORD_TOKEN", "a.b.c"),
        // Nobody is there: it is of no matter here what they would say.
        ("INFRA_CHAT_SLACK_API_BASE", "http://127.0.0.1:9"),
        ("INFRA_CHAT_DISCORD_API_BASE", "http://127.0.0.1:9"),
        ("INFRA_CHAT_DISCORD_CHANNELS", "1032=elsewhere"),
    ];
    let told = world.program_with(&["serve"], "", &slack).ended(1);
    expect_test::expect![[r#"
        infra-chat: the configuration has 2 faults
          environment variable INFRA_CHAT_SLACK_CHANNELS: slack.channels `C123=nowhere` means nowhere, and neither a project nor an environment has that name: there is local, production and staging; write one of these, or the channel alone
          environment variable INFRA_CHAT_DISCORD_CHANNELS: discord.channels `1032=elsewhere` means elsewhere, and neither a project nor an environment has that name: there is local, production and staging; write one of these, or the channel alone
    "#]].assert_eq(told.err.split_once("infra-chat: ").map(|(_, rest)| format!("infra-chat: {rest}")).unwrap_or_default().as_str());
    world.program_with(&["doctor"], "", &slack).ended(1).says("`C123=nowhere` means nowhere");
}
