//! `sheaf inspect` of what servers elsewhere send that mean no good, or are none.

use sheaf_tests::{Asked, Client, HttpServer, Reply};

use crate::inspect_remote::{inspect, model};

/// A way to answer badly.
type Answer = fn(&[u8], &Asked, &mut Reply<'_>);

/// Ways to answer badly, and what is said of each.
const HOSTILE: &[(&str, Answer)] = &[
    (
        "answered with status 404: there is no such file",
        |_, _, reply| {
            reply.head("404 Not Found", &["Content-Length: 0"]);
        },
    ),
    (
        "does not let us read it (status 401) (--token-from",
        |_, _, reply| {
            reply.head("401 Unauthorized", &["Content-Length: 0"]);
        },
    ),
    (
        "answered with status 503: it has troubles of its own",
        |_, _, reply| {
            reply.head("503 Service Unavailable", &["Content-Length: 0"]);
        },
    ),
    ("answered with status 416", |_, _, reply| {
        reply.head("416 Range Not Satisfiable", &["Content-Range: bytes */500"]);
    }),
    (
        "a web page; give the address of the file itself",
        |_, _, reply| {
            reply.head("200 OK", &["Content-Type: text/html; charset=utf-8"]);
            reply.body(b"<!doctype html>");
        },
    ),
    ("bytes compressed with gzip", |file, asked, reply| {
        reply.part_of(file, asked, &["Content-Encoding: gzip"]);
    }),
    ("a part without its place", |_, _, reply| {
        reply.head("206 Partial Content", &["Content-Length: 4"]);
        reply.body(b"abcd");
    }),
    ("a part at 'bytes 0-99/*'", |_, _, reply| {
        reply.head("206 Partial Content", &["Content-Range: bytes 0-99/*"]);
        reply.body(&[0; 100]);
    }),
    ("bytes 5 to 104, which were not asked for", |_, _, reply| {
        reply.head("206 Partial Content", &["Content-Range: bytes 5-104/1000"]);
        reply.body(&[0; 100]);
    }),
    (
        "bytes 0 to 131070, which were not asked for",
        |_, _, reply| {
            let place = "Content-Range: bytes 0-131070/18446744073709551615";
            reply.head("206 Partial Content", &[place, "Content-Length: 131071"]);
            reply.body(&[0; 131_071]);
        },
    ),
    ("100 bytes that are said to be 7", |_, _, reply| {
        let place = "Content-Range: bytes 0-99/100";
        reply.head("206 Partial Content", &[place, "Content-Length: 7"]);
        reply.body(&[0; 7]);
    }),
    ("more bytes than it says", |_, _, reply| {
        reply.head("206 Partial Content", &["Content-Range: bytes 0-99/100"]);
        while reply.body(&[0; 1 << 16]) {}
    }),
    ("fewer bytes than it says", |_, _, reply| {
        reply.head("206 Partial Content", &["Content-Range: bytes 0-99/100"]);
        reply.body(&[0; 50]);
    }),
    ("does not serve parts of files", |_, _, reply| {
        reply.head("200 OK", &[]);
        while reply.body(&[0; 1 << 16]) {}
    }),
    ("broke: ", |_, _, reply| {
        let place = "Content-Range: bytes 0-99/100";
        reply.head("206 Partial Content", &[place, "Content-Length: 100"]);
        reply.body(&[0; 50]);
    }),
    ("it sends us from one address to the next", |_, _, reply| {
        reply.head("302 Found", &["Location: /again", "Content-Length: 0"]);
    }),
    ("broke: ", |_, _, reply| {
        reply.body(b"SSH-2.0-nothing of HTTP\r\n");
    }),
    ("broke: it does not answer in time", |_, _, reply| {
        reply.wait()
    }),
    ("broke: it does not answer in time", |_, _, reply| {
        reply.head("206 Partial Content", &["Content-Range: bytes 0-99/100"]);
        reply.wait();
    }),
    ("changed while it was read", |file, asked, reply| {
        let etag = match asked.range() {
            Some(range) if range.start > 0 => "ETag: \"two\"",
            _ => "ETag: \"one\"",
        };
        reply.part_of(file, asked, &[etag]);
    }),
    (
        "changed while it was read",
        |file, asked, reply| match asked.header("If-Range") {
            None => reply.part_of(file, asked, &["ETag: \"one\""]),
            Some(_) => {
                reply.head("200 OK", &[&format!("Content-Length: {}", file.len())]);
                reply.body(file);
            }
        },
    ),
    (
        "changed while it was read",
        |file, asked, reply| match asked.range() {
            Some(range) if range.start > 0 => reply.part_of(&file[1..], asked, &[]),
            _ => reply.part_of(file, asked, &[]),
        },
    ),
    (
        "answered with status 404",
        |file, asked, reply| match asked.range() {
            Some(range) if range.start > 0 => reply.head("404 Not Found", &["Content-Length: 0"]),
            _ => reply.part_of(file, asked, &[]),
        },
    ),
];

#[test]
fn hostile_servers_get_a_line_each() {
    let client = Client::bare();
    for (number, (said, answer)) in HOSTILE.iter().enumerate() {
        let file = model(1_000_000);
        let server = HttpServer::start(move |asked, reply| answer(&file, asked, reply));
        let url = server.url("/model.safetensors");
        let mut arguments = vec!["inspect", &url];
        if said.contains("in time") {
            arguments.extend(["--timeout", "1"]);
        }
        let error = client.run(arguments).failure();
        assert!(error.contains(said), "{number}: {error} instead of {said}");
        assert!(
            error.contains(&format!("cannot inspect {url}: ")),
            "{error}"
        );
        assert!(server.sent() < 100 << 20, "{number}: {}", server.sent());
    }
}

#[test]
fn what_is_no_server_gets_a_line_too() {
    let client = Client::bare();
    let plain = HttpServer::of(model(10));
    let https = format!("https://{}/m", plain.address());
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = format!("http://{}/m", gone.local_addr().unwrap());
    drop(gone);
    for (url, said) in [
        (&*https, "cannot reach 127.0.0.1:"),
        (&nobody, "connection refused"),
        ("https://", "the address must be like"),
        ("http://a b/c", "the address must be like"),
    ] {
        let error = client.run(["inspect", url]).failure();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_size_beyond_all_bounds_is_only_a_number() {
    let server = HttpServer::start(|asked, reply| {
        let range = asked.range().expect("a range");
        let (first, last) = (range.start, range.end - 1);
        let place = format!("Content-Range: bytes {first}-{last}/{}", u64::MAX);
        reply.head("206 Partial Content", &[&place]);
        reply.body(&vec![0; range.len()]);
    });
    let report = inspect(&Client::bare(), &server.url("/m.pt"), &["--measure"]);
    assert_eq!(report["raw_bytes"], u64::MAX);
    assert!(server.sent() < 64 << 20, "{}", server.sent());
}
