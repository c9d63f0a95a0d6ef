//! What came of a file elsewhere so far, for whoever waits at a terminal.

use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use sheaf_client::remote::RemoteFile;
use sheaf_formats::ReadAt;

use crate::globals::Globals;
use crate::output::size;
use crate::words;

const TICK: Duration = Duration::from_millis(200);

/// A line that goes when it is dropped.
pub(super) struct Line(ProgressBar);

/// A line that tells what came of a file.
pub(super) fn of(file: &Arc<RemoteFile>, globals: &Globals) -> Line {
    if globals.quiet || globals.json || !std::io::stderr().is_terminal() {
        return Line(ProgressBar::hidden());
    }
    let bar = ProgressBar::new_spinner();
    let file = Arc::clone(file);
    let told = move |_: &ProgressState, out: &mut dyn Write| {
        let usage = file.usage();
        let requests = words::count(usage.requests, "request");
        // A line that cannot be written is one that nobody misses.
        let _ = write!(
            out,
            "{} of {}, {requests}",
            size(usage.received),
            size(file.size())
        );
    };
    if let Ok(style) = ProgressStyle::with_template("{spinner} read {told}") {
        bar.set_style(style.with_key("told", told));
    }
    bar.enable_steady_tick(TICK);
    Line(bar)
}

impl Drop for Line {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
