//! Faults of the object store, which tests ask for by two variables. A released binary has none.

use sheaf_registry::Faults;

/// What goes wrong: `seed=7,put.fail=0.1,get.flip=0.02`.
#[cfg(debug_assertions)]
const PLAN: &str = "SHEAF_TEST_BLOB_FAULTS";

/// The file to which a line is added for each fault.
#[cfg(debug_assertions)]
const LOG: &str = "SHEAF_TEST_BLOB_FAULTS_LOG";

/// The faults that a test wants.
#[cfg(debug_assertions)]
pub fn of_the_tests() -> anyhow::Result<Option<Faults>> {
    use std::fs::OpenOptions;
    use std::io::Write;

    use anyhow::Context;
    use sheaf_registry::FaultPlan;

    let Ok(plan) = std::env::var(PLAN) else {
        return Ok(None);
    };
    let plan: FaultPlan = plan.parse().context(PLAN)?;
    let path = std::env::var_os(LOG).context(LOG)?;
    let log = OpenOptions::new().create(true).append(true).open(path);
    let log = log.context(LOG)?;
    tracing::warn!(?plan, "the object store fails on purpose");
    // One write for each line, so that lines of several threads do not mix.
    let told = move |line: &str| drop((&log).write_all(format!("{line}\n").as_bytes()));
    Ok(Some(Faults::new(plan, told)))
}

/// None: this binary is for use.
#[cfg(not(debug_assertions))]
pub fn of_the_tests() -> anyhow::Result<Option<Faults>> {
    Ok(None)
}
