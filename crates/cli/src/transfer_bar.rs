//! How far a push or a pull is: a bar on a terminal, a line for each file elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use sheaf_client::{NoProgress, Outcome, Progress};
use sheaf_types::FilePath;

use crate::globals::Globals;
use crate::output;

const BAR: &str = "{msg} {wide_bar} {decimal_bytes} of {decimal_total_bytes}, \
     {decimal_bytes_per_sec}, {eta} left";
const TICK: Duration = Duration::from_millis(100);

/// What is to be told of a transfer. `verb` says what happens to the bytes on the wire: `sent`.
pub fn new(globals: &Globals, verb: &'static str) -> Arc<dyn Progress> {
    if globals.quiet || globals.json {
        return Arc::new(NoProgress);
    }
    if std::io::stderr().is_terminal() {
        return Arc::new(Bar::new(verb));
    }
    Arc::new(Lines)
}

/// A bar over raw bytes. It vanishes when the transfer ends.
struct Bar {
    bar: ProgressBar,
    verb: &'static str,
    wire: AtomicU64,
}

impl Bar {
    fn new(verb: &'static str) -> Self {
        let bar = ProgressBar::no_length();
        if let Ok(style) = ProgressStyle::with_template(BAR) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(TICK);
        let wire = AtomicU64::new(0);
        let this = Self { bar, verb, wire };
        this.wire(0);
        this
    }
}

impl Progress for Bar {
    fn begin(&self, _files: u64, raw_bytes: u64) {
        self.bar.set_length(raw_bytes);
    }

    fn raw(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    fn wire(&self, bytes: u64) {
        let wire = self.wire.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.bar
            .set_message(format!("{} {}", output::size(wire), self.verb));
    }

    fn committing(&self) {
        self.bar.set_message("the server checks");
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line for each file.
struct Lines;

impl Progress for Lines {
    fn file(&self, path: &FilePath, outcome: Outcome) {
        output::note(match outcome {
            Outcome::Transferred => path.to_string(),
            Outcome::Unchanged => format!("{path} (unchanged)"),
        });
    }
}
