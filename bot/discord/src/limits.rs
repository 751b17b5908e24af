//! What Discord takes at most: messages that break one of these are refused whole.

/// Characters of a message's text.
pub const CONTENT_CHARS: usize = 2_000;
/// Embeds of a message.
pub const EMBEDS: usize = 10;
/// Characters of an embed's description.
pub const DESCRIPTION_CHARS: usize = 4_096;
/// Fields of an embed.
pub const FIELDS: usize = 25;
/// Characters of a field's name.
pub const FIELD_NAME_CHARS: usize = 256;
/// Characters of a field's value.
pub const FIELD_VALUE_CHARS: usize = 1_024;
/// Characters of an embed's footer.
pub const FOOTER_CHARS: usize = 2_048;
/// Characters of all embeds of a message together.
pub const EMBEDS_CHARS: usize = 6_000;
/// Rows of buttons and menus.
pub const ROWS: usize = 5;
/// Buttons in a row.
pub const ROW_BUTTONS: usize = 5;
/// Characters on a button.
pub const LABEL_CHARS: usize = 80;
/// Characters of a component's identifier.
pub const CUSTOM_ID_CHARS: usize = 100;
/// Options of a menu, and choices proposed to somebody who types a command.
pub const OPTIONS: usize = 25;
/// Characters of an option's or a choice's name and value.
pub const OPTION_CHARS: usize = 100;
/// Characters of a form's title, and of a label in it.
pub const FORM_CHARS: usize = 45;
/// Characters of a thread's name.
pub const THREAD_NAME_CHARS: usize = 100;
/// Characters of a command's or an option's description.
pub const HELP_CHARS: usize = 100;
/// Options of a command.
pub const COMMAND_OPTIONS: usize = 25;
/// Commands of an application.
pub const COMMANDS: usize = 100;

/// Ours: buttons that stand side by side; where there are more, those without danger become a menu.
pub const BUTTONS: usize = 10;
