//! What Slack takes at most: messages that break one of these are refused whole.

/// Characters of a confirm dialog's text.
pub const CONFIRM_CHARS: usize = 300;
/// Blocks of a message.
pub const BLOCKS: usize = 50;
/// Characters of a section's text.
pub const SECTION_CHARS: usize = 3_000;
/// Fields of a section.
pub const FIELDS: usize = 10;
/// Characters of a field.
pub const FIELD_CHARS: usize = 2_000;
/// Elements of an actions block.
pub const ELEMENTS: usize = 25;
/// Characters on a button.
pub const BUTTON_CHARS: usize = 75;
/// Characters a button says.
pub const VALUE_CHARS: usize = 2_000;
/// Characters of a context element.
pub const CONTEXT_CHARS: usize = 2_000;
/// Characters of a modal's title.
pub const TITLE_CHARS: usize = 24;
/// Blocks of a view.
pub const VIEW_BLOCKS: usize = 100;
/// Options of a select menu.
pub const OPTIONS: usize = 100;
/// Characters of an option.
pub const OPTION_CHARS: usize = 75;

/// Ours: rows of buttons, so that a message is not made of them.
pub const BUTTON_ROWS: usize = 5;
/// Ours: buttons in a row.
pub const ROW_BUTTONS: usize = 5;
/// Ours: characters of all blocks of a message. Slack refuses messages a little above this.
pub const MESSAGE_CHARS: usize = 12_000;
/// Ours: characters of what is read where blocks are not. Slack cuts unseen above 4,000.
pub const FALLBACK_CHARS: usize = 3_900;
/// Characters of what a picture says to whoever does not see it (`alt_txt` of `files.getUploadURLExternal`).
pub(crate) const ALT_CHARS: usize = 1_000;
