//! What only Discord can do to the bot, and the bot on Discord.
