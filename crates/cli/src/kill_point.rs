//! The step at which a server dies, which tests ask for by a variable. A released binary does not.

use sheaf_registry::StepHook;

/// Ends the server at a step: `push_written`, or `push_written:3` when it comes to it the third time.
#[cfg(debug_assertions)]
const VARIABLE: &str = "SHEAF_TEST_KILL_AT";

/// What a test wants.
#[cfg(debug_assertions)]
pub fn of_the_tests() -> anyhow::Result<Option<StepHook>> {
    use anyhow::Context;

    match std::env::var(VARIABLE) {
        Ok(text) => parse(&text).context(VARIABLE).map(Some),
        Err(_) => Ok(None),
    }
}

/// None: this binary is for use.
#[cfg(not(debug_assertions))]
pub fn of_the_tests() -> anyhow::Result<Option<StepHook>> {
    Ok(None)
}

#[cfg(debug_assertions)]
fn parse(text: &str) -> anyhow::Result<StepHook> {
    use std::sync::atomic::{AtomicU32, Ordering};

    use anyhow::Context;
    use sheaf_registry::Step;

    let (name, count) = text.split_once(':').unwrap_or((text, "1"));
    let count: u32 = count.parse().context("the count is no number")?;
    let wanted = Step::ALL.iter().copied().find(|step| step.name() == name);
    let wanted = wanted.with_context(|| {
        let names: Vec<_> = Step::ALL.iter().map(|step| step.name()).collect();
        format!("the steps are {}", names.join(", "))
    })?;
    let made = AtomicU32::new(0);
    Ok(StepHook::new(move |step| {
        if step == wanted && made.fetch_add(1, Ordering::SeqCst) + 1 == count {
            tracing::warn!(step = step.name(), "the server dies on purpose");
            // As by `kill -9`: no destructor runs. The signal tells it from every other end.
            std::process::abort();
        }
    }))
}
