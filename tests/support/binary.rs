use std::path::PathBuf;

/// The `sheaf` command that was built beside the running test.
///
/// # Panics
/// When it was not built: cargo builds it only for the tests of its own package.
pub fn sheaf() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    // target/PROFILE/deps/TEST
    let profile = test.ancestors().nth(2).expect("a folder above `deps`");
    let binary = profile.join("sheaf");
    assert!(
        binary.is_file(),
        "there is no {}: run `cargo build -p sheaf`, or `tests/run`, which does",
        binary.display()
    );
    binary
}
