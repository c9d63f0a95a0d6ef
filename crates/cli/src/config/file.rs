//! A configuration file as a list of keys and their texts.

use std::fs;
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use toml::{Table, Value};

use super::keys::{self, Key};

/// Reads the file's keys and their values as text.
pub fn read(path: &Path) -> anyhow::Result<Vec<(Key, String)>> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the configuration {}", path.display()))?;
    parse(&text).with_context(|| path.display().to_string())
}

fn parse(text: &str) -> anyhow::Result<Vec<(Key, String)>> {
    let table: Table = text.parse().map_err(|error| at_line(text, &error))?;
    let mut keys = Vec::new();
    flatten("", table, &mut keys)?;
    Ok(keys)
}

fn at_line(text: &str, error: &toml::de::Error) -> anyhow::Error {
    let before = error.span().and_then(|span| text.get(..span.start));
    match before {
        Some(before) => anyhow!(
            "line {}: {}",
            before.lines().count().max(1),
            error.message()
        ),
        None => anyhow!("{}", error.message()),
    }
}

fn flatten(prefix: &str, table: Table, keys: &mut Vec<(Key, String)>) -> anyhow::Result<()> {
    for (name, value) in table {
        let name = format!("{prefix}{name}");
        match value {
            Value::Table(section) if keys::is_section(&name) => {
                flatten(&format!("{name}."), section, keys)?;
            }
            value => keys.push((keys::find(&name)?, text_of(&name, value)?)),
        }
    }
    Ok(())
}

fn text_of(name: &str, value: Value) -> anyhow::Result<String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Integer(number) => Ok(number.to_string()),
        Value::Boolean(answer) => Ok(answer.to_string()),
        other => bail!(
            "{name}: a text, a number, true or false is wanted, not this {}",
            other.type_str()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_part_of_the_key() {
        let keys = parse("listen = 'x'\n[cpu]\nthreads = 3\n").unwrap();
        let text_of = |name| {
            keys.iter()
                .find(|(key, _)| key.name == name)
                .map(|(_, text)| text)
        };
        assert_eq!(text_of("listen").unwrap(), "x");
        assert_eq!(text_of("cpu.threads").unwrap(), "3");
    }

    #[test]
    fn what_is_no_toml_is_refused_with_its_line() {
        let error = parse("listen = 'x'\n\ndata = \n").unwrap_err().to_string();
        assert!(error.starts_with("line 3: "), "{error}");
    }

    #[test]
    fn a_value_of_another_kind_is_refused_by_name() {
        for (text, refusal) in [
            (
                "[cpu]\nthreads = [1]",
                "cpu.threads: a text, a number, true or false is wanted, not this array",
            ),
            (
                "[listen]\nport = 1",
                "listen: a text, a number, true or false is wanted, not this table",
            ),
        ] {
            assert_eq!(parse(text).err().unwrap().to_string(), refusal);
        }
    }
}
