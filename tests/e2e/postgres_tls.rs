//! A Postgres on another machine, as far as one can have it on this: over TCP, with TLS and a password.

use std::fs;

use sheaf_tests::{Client, Postgres, Server, Tls, content};

/// The URL of a database for `sheaf serve`, by way of the network.
fn url(tls: &Tls, socket: &str, password: &str, options: &str) -> String {
    let name = socket.rsplit('/').find(|part| part.starts_with("test_"));
    let name = name.and_then(|name| name.split('?').next()).unwrap();
    let address = tls.address();
    format!("postgres://sheaf:{password}@{address}/{name}?{options}")
}

#[test]
fn the_catalog_is_reached_over_tls_and_only_by_a_certificate_that_is_right() {
    let tls = Tls::make();
    let Some(postgres) = Postgres::with_tls(&tls) else {
        return;
    };
    let database = postgres.database();
    let trusted = format!(
        "sslmode=verify-full&sslrootcert={}",
        tls.authority_file().display()
    );
    let other = tls.other_authority_file();
    let other = format!("sslmode=verify-full&sslrootcert={}", other.display());

    let refused = [
        (url(&tls, &database, "wrong", &trusted), "password"),
        (url(&tls, &database, "secret", &other), "certificate"),
        (
            url(&tls, &database, "secret", "sslmode=verify-full"),
            "certificate",
        ),
        (
            url(&tls, &database, "secret", "sslmode=disable"),
            "no encryption",
        ),
    ];
    for (url, why) in refused {
        let client = Client::bare();
        fs::write(
            client.path("sheaf.toml"),
            format!("[catalog]\nurl = \"{url}\"\n"),
        )
        .unwrap();
        let arguments = [
            "--config",
            "sheaf.toml",
            "--listen",
            "127.0.0.1:0",
            "--data",
            "data",
        ];
        let error = client.serve(&arguments).failure();
        assert!(error.contains(why), "{why}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }

    let mut command = std::process::Command::new(sheaf_tests::sheaf());
    command.env(
        "SHEAF_CATALOG_URL",
        url(&tls, &database, "secret", &trusted),
    );
    let server = Server::start_as(command);
    let client = server.client();
    let bytes = content::safetensors_of(1, &[70_000]);
    fs::write(client.path("model.safetensors"), &bytes).unwrap();
    client
        .run(["push", "model.safetensors", "acme/model"])
        .success();
    client.run(["pull", "acme/model", "copy"]).success();
    assert!(fs::read(client.path("copy/model.safetensors")).unwrap() == bytes);
}
