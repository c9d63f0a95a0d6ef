//! The compose files, as far as they can be checked without containers: they parse, and what they name is
//! there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value};
use sheaf_tests::{Server, skip};

const FILES: [&str; 2] = ["docker-compose.yml", "docker-compose.production.yml"];

/// Parses a compose file and turns it into JSON; fails as compose would where it is no YAML.
const TO_JSON: &str = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// None, after saying so, where Python has no YAML.
fn parse(name: &str) -> Option<Value> {
    let there = Command::new("python3").args(["-c", "import yaml"]).output();
    if !there.is_ok_and(|output| output.status.success()) {
        skip("python3 has no yaml: install the package python3-yaml");
        return None;
    }
    let file = fs::File::open(root().join(name)).unwrap();
    let mut python = Command::new("python3");
    let output = python
        .args(["-c", TO_JSON])
        .stdin(Stdio::from(file))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn services(file: &Value) -> &Map<String, Value> {
    file["services"].as_object().unwrap()
}

fn environment(service: &Value) -> impl Iterator<Item = (&str, &str)> {
    let all = service["environment"].as_object().into_iter().flatten();
    all.map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
}

fn text<'a>(service: &'a Value, name: &str) -> &'a str {
    service["environment"][name].as_str().unwrap()
}

/// `HOST:PORT` of a URL, or of itself.
fn place(url: &str) -> (&str, &str) {
    let rest = url.rsplit_once("//").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap();
    rest.split_once(':').unwrap()
}

#[test]
fn every_image_is_named_with_its_version_and_every_file_is_there() {
    for name in FILES {
        let Some(file) = parse(name) else { return };
        for (service, what) in services(&file) {
            match what["image"].as_str() {
                Some(image) => {
                    let version = image.rsplit_once(':').map(|(_, version)| version);
                    assert!(version.is_some_and(|v| v != "latest"), "{service}: {image}");
                }
                None => assert_eq!(what["build"], ".", "{service} in {name}"),
            }
            for volume in what["volumes"].as_array().into_iter().flatten() {
                let source = volume.as_str().unwrap().split(':').next().unwrap();
                let there = match source.starts_with('.') {
                    true => root().join(source).is_file(),
                    false => file["volumes"].as_object().unwrap().contains_key(source),
                };
                assert!(there, "{service} in {name}: {source}");
            }
        }
    }
    assert!(root().join("Dockerfile").is_file());
}

#[test]
fn servers_are_given_variables_that_they_know() {
    let documented = read("config/sheaf.toml");
    for name in FILES {
        let Some(file) = parse(name) else { return };
        let servers = services(&file).values().filter(|what| what["build"] == ".");
        let given: Vec<_> = servers.flat_map(environment).collect();
        assert!(!given.is_empty(), "{name}");
        for (variable, _) in given {
            let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
            assert!(
                documented.split(word).any(|known| known == variable),
                "{variable} in {name}"
            );
        }
    }
}

#[test]
fn services_are_reached_where_they_listen() {
    let Some(file) = parse("docker-compose.production.yml") else {
        return;
    };
    let services = services(&file);
    let (balancer, garage) = (&services["balancer"], &services["garage"]);
    let listens = |file: &str, line: &str| assert!(read(file).contains(line), "{line} in {file}");
    for (variable, server) in environment(balancer).filter(|(name, _)| name.contains("_SERVER_")) {
        let (host, port) = place(server);
        assert_eq!(services[host]["build"], ".", "{server}");
        listens("Dockerfile", &format!("SHEAF_LISTEN=0.0.0.0:{port}"));
        listens("deploy/haproxy.cfg", &format!("\"${{{variable}}}\""));
    }
    let (_, port) = text(balancer, "SHEAF_BALANCER").split_once(':').unwrap();
    let published = balancer["ports"][0].as_str().unwrap();
    assert!(published.ends_with(&format!(":{port}")), "{published}");
    for server in ["sheaf-1", "sheaf-2"] {
        let server = &services[server];
        let database = text(server, "SHEAF_CATALOG_URL");
        assert_eq!(place(database), ("postgres", "5432"));
        let user = text(&services["postgres"], "POSTGRES_USER");
        assert!(database.starts_with(&format!("postgres://{user}:${{POSTGRES_PASSWORD:?}}@")));
        let name = text(&services["postgres"], "POSTGRES_DB");
        assert!(database.ends_with(&format!("/{name}")));
        let (host, port) = place(text(server, "AWS_ENDPOINT_URL"));
        assert_eq!(host, "garage");
        listens("deploy/garage.toml", &format!("0.0.0.0:{port}"));
        let region = format!("s3_region = \"{}\"", text(server, "AWS_REGION"));
        listens("deploy/garage.toml", &region);
        let bucket = text(garage, "GARAGE_DEFAULT_BUCKET");
        assert!(text(server, "SHEAF_BLOBS_URL").starts_with(&format!("s3://{bucket}/")));
        for (of, key) in [
            ("GARAGE_DEFAULT_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
            ("GARAGE_DEFAULT_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
        ] {
            assert_eq!(text(garage, of), text(server, key));
        }
    }
    for (name, what) in services {
        let list = what["depends_on"].as_array().into_iter().flatten();
        let named: Vec<&str> = match what["depends_on"].as_object() {
            Some(map) => map.keys().map(String::as_str).collect(),
            None => list.map(|name| name.as_str().unwrap()).collect(),
        };
        assert!(
            named.iter().all(|other| services.contains_key(*other)),
            "{name}: {named:?}"
        );
    }
}

#[test]
fn the_script_makes_every_secret_that_is_asked_for() {
    let made = Command::new(root().join("deploy/secrets"))
        .output()
        .unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let file = read("docker-compose.production.yml");
    let asked = file
        .split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once(":?}"));
    let asked: BTreeSet<&str> = asked.map(|(name, _)| name).collect();
    let named: BTreeSet<&str> = made
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(asked, named);
    assert!(made.lines().all(|line| line.len() > 40), "{made}");
}

#[test]
fn the_check_of_a_servers_health_tells_one_that_is_ready_from_one_that_is_not() {
    let Some(file) = parse("docker-compose.production.yml") else {
        return;
    };
    let check = file["services"]["sheaf-1"]["healthcheck"]["test"]
        .as_array()
        .unwrap();
    let words: Vec<&str> = check.iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words[..3], ["CMD", "bash", "-c"]);
    let mut server = Server::start();
    let address = server.address().replace(':', "/");
    let script = words[3].replace("127.0.0.1/8080", &address);
    assert_ne!(script, words[3]);
    let healthy = || {
        Command::new("bash")
            .args(["-c", &script])
            .status()
            .unwrap()
            .success()
    };
    assert!(healthy());
    fs::rename(server.object_store(), server.data().join("elsewhere")).unwrap();
    assert!(
        (0..2000).any(|_| !healthy()),
        "it is still well without its blobs"
    );
    server.kill();
    assert!(!healthy());
}
