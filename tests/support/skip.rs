use std::env;

/// Says that a test is skipped for something that this machine lacks.
///
/// # Panics
/// When `CI=true`: there a skip is a failure.
pub fn skip(why: &str) {
    assert_ne!(
        env::var("CI").as_deref(),
        Ok("true"),
        "may not be skipped: {why}"
    );
    println!("skipped: {why}");
}
