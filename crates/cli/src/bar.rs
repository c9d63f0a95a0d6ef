//! How far something is.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressStyle};

use crate::globals::Globals;

/// A bar, where somebody looks at it.
pub fn new(globals: &Globals, template: &str) -> ProgressBar {
    if globals.quiet || globals.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}
