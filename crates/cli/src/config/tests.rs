use std::collections::HashMap;
use std::fs;

use super::*;

const DOCUMENTED: &str = include_str!("../../../../config/sheaf.toml");

/// The documented file with its defaults no longer commented out.
fn uncommented() -> String {
    let is_key = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase());
    let lines = DOCUMENTED.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if is_key(rest) => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A value for each key that is not its default.
fn another(name: &str) -> &'static str {
    match name {
        "listen" => "0.0.0.0:1",
        "data" => "/srv/sheaf",
        "catalog.url" => "sqlite:/srv/c.sqlite",
        "blobs.url" => "s3://bucket/prefix",
        "blobs.endpoint" => "https://s3.example.org",
        "blobs.region" => "garage",
        "blobs.access_key_id" | "blobs.secret_access_key" | "blobs.session_token" => "a key",
        "blobs.path_style" | "blobs.allow_http" | "blobs.direct" => "true",
        "blobs.direct_endpoint" => "https://models.example.org",
        "blobs.direct_for" => "1m",
        "memory.ingest" | "memory.serve" | "uploads.spool_limit" => "1GB",
        "uploads.expire_after"
        | "collection.every"
        | "collection.grace"
        | "collection.writes_abandoned_after"
        | "jobs.lease"
        | "shutdown.announce_for" => "7d",
        "uploads.suspicious_pickles" => "refuse",
        "uploads.level" => "max",
        "cpu.threads" => "3",
        "log.filter" => "warn",
        "log.format" => "json",
        _ => panic!("say another value for {name}"),
    }
}

/// Loads from a file with this text and these variables.
fn load(text: &str, variables: &[(&str, &str)]) -> anyhow::Result<Config> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sheaf.toml");
    fs::write(&file, text).unwrap();
    let flags = Place {
        config: Some(file),
        ..Place::default()
    };
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    Config::load(flags, &|name| variables.get(name).map(OsString::from))
}

fn in_file(name: &str, value: &str) -> String {
    match name.split_once('.') {
        Some((section, key)) => format!("[{section}]\n{key} = '{value}'"),
        None => format!("{name} = '{value}'"),
    }
}

#[test]
fn every_key_is_documented_with_its_real_default() {
    let table: toml::Table = uncommented().parse().unwrap();
    for key in KEYS {
        let documented = match key.name.split_once('.') {
            Some((section, name)) => table[section].get(name),
            None => table.get(key.name),
        };
        assert!(documented.is_some(), "{} is not documented", key.name);
        let variable = key.variable();
        assert!(DOCUMENTED.contains(&variable), "{variable} is not named");
    }
    // Keys that are documented but not there would be refused.
    assert_eq!(load(&uncommented(), &[]).unwrap(), Config::default());
    assert_eq!(load(DOCUMENTED, &[]).unwrap(), Config::default());
}

#[test]
fn file_and_variable_set_every_key_and_the_variable_wins() {
    for key in KEYS {
        let (name, value) = (key.name, another(key.name));
        let by_file = load(&in_file(name, value), &[]).unwrap();
        assert_ne!(by_file, Config::default(), "{name} in the file");

        let by_variable = load("", &[(&key.variable(), value)]).unwrap();
        assert_eq!(by_variable, by_file, "{name} as a variable");

        let by_both = load(&uncommented(), &[(&key.variable(), value)]).unwrap();
        assert_eq!(by_both, by_file, "{name}: the variable wins");

        let by_empty = load("", &[(&key.variable(), "")]).unwrap();
        assert_eq!(by_empty, Config::default(), "{name}: empty is not set");
    }
}

#[test]
fn flags_win_over_variables() {
    let flags = Flags {
        listen: Some("[::1]:2".into()),
        place: Place {
            data: Some("/flag".into()),
            config: None,
        },
    };
    let config = Config::load(flags, &|name| match name {
        "SHEAF_LISTEN" => Some("0.0.0.0:1".into()),
        "SHEAF_DATA" => Some("/variable".into()),
        _ => None,
    });
    let config = config.unwrap();
    assert_eq!(config.listen, "[::1]:2");
    assert_eq!(config.data().unwrap(), Path::new("/flag"));
}

#[test]
fn the_file_in_the_data_folder_is_read_when_none_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("sheaf.toml"), "[cpu]\nthreads = 5").unwrap();
    let data = folder.path().as_os_str().to_owned();
    let config = Config::load(Flags::default(), &|name| {
        (name == "SHEAF_DATA").then(|| data.clone())
    });
    assert_eq!(config.unwrap().threads, 5);
}

#[test]
fn a_variable_can_name_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("other.toml");
    fs::write(&file, "[cpu]\nthreads = 5").unwrap();
    let config = Config::load(Flags::default(), &|name| {
        (name == "SHEAF_CONFIG").then(|| file.clone().into())
    });
    assert_eq!(config.unwrap().threads, 5);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let flags = Place {
        config: Some("/nowhere/sheaf.toml".into()),
        ..Place::default()
    };
    let error = Config::load(flags, &|_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot read the configuration /nowhere/sheaf.toml"
    );
}

#[test]
fn urls_of_the_bucket_are_for_a_bucket_and_no_longer_than_blobs_are_kept() {
    let direct = |text: &str| load(&format!("[blobs]\n{text}"), &[]).unwrap().direct();
    assert_eq!(direct("url = 's3://b'").unwrap(), None);
    let on = direct("url = 's3://b'\ndirect = true").unwrap();
    assert_eq!(on, Some(Duration::from_secs(900)));
    for (text, refusal) in [
        ("direct = true", "blobs.direct is only for a bucket"),
        (
            "url = 's3://b'\ndirect = true\ndirect_for = '0s'",
            "must be from 1s to 7d",
        ),
        (
            "url = 's3://b'\ndirect = true\ndirect_for = '2d'",
            "must not be longer than collection.grace",
        ),
    ] {
        let refused = direct(text).unwrap_err().to_string();
        assert!(refused.contains(refusal), "{text}: {refused}");
    }
}

#[test]
fn unknown_keys_are_refused_by_key_and_file() {
    for (text, key) in [
        ("[catalog]\nuri = 'x'", "catalog.uri"),
        ("catalog = 'x'", "catalog"),
        ("cpu.cores = 1", "cpu.cores"),
        ("[catlog]", "catlog"),
    ] {
        let error = format!("{:#}", load(text, &[]).unwrap_err());
        let part = format!("sheaf.toml: unknown key '{key}'");
        assert!(error.contains(&part), "{text}: {error}");
    }
}

#[test]
fn a_lease_lasts_a_second_at_least() {
    let error = load("", &[("SHEAF_JOBS_LEASE", "0s")]).unwrap_err();
    assert!(format!("{error:#}").contains("1s at least"), "{error:#}");
}

#[test]
fn a_bad_value_is_refused_with_where_it_was_set() {
    for key in KEYS {
        let bad = match key.name {
            "data" | "catalog.url" => continue,
            "blobs.path_style" | "blobs.allow_http" | "blobs.direct" | "blobs.direct_for" => {
                "no such value"
            }
            name if name.starts_with("blobs.") => continue,
            "log.filter" => "a=b=c",
            _ => "no such value",
        };
        let in_file = format!("{:#}", load(&in_file(key.name, bad), &[]).unwrap_err());
        let part = format!("sheaf.toml: {}: '{bad}' is no", key.name);
        assert!(in_file.contains(&part), "{in_file}");

        let variable = key.variable();
        let in_variable = format!("{:#}", load("", &[(&variable, bad)]).unwrap_err());
        let part = format!("{variable}: '{bad}' is no");
        assert!(in_variable.contains(&part), "{in_variable}");
    }
}
