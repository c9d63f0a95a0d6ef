use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::command::{refusal, sheaf, success};
use crate::server::{Server, serve};

/// A connection on which a server that says nothing is a failure.
fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    stream
}

/// Sends a request and gives the status of its answer.
fn status(address: &str, request: &str) -> u16 {
    let mut stream = connect(address);
    stream.write_all(request.as_bytes()).unwrap();
    read_status(&mut BufReader::new(stream))
}

/// Reads the beginning of an answer, up to the empty line.
fn read_status(stream: &mut impl BufRead) -> u16 {
    let mut lines = stream.lines().map(Result::unwrap);
    let first = lines.next().unwrap();
    lines.take_while(|line| !line.is_empty()).count();
    first.split(' ').nth(1).unwrap().parse().unwrap()
}

fn whoami(address: &str, secret: &str) -> u16 {
    let request = format!(
        "GET /api/v1/tokens HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
         authorization: Bearer {secret}\r\n\r\n"
    );
    status(address, &request)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn one_line_says_where_it_listens_and_sigterm_ends_it_well() {
    let home = TempDir::new().unwrap();
    for signal in ["TERM", "INT"] {
        let server = Server::start(&mut serve(home.path(), "data"));
        assert!(server.line.starts_with("listening on http://127.0.0.1:"));
        assert!(!server.line.ends_with(":0\n"));
        let request = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
        assert_eq!(status(server.address(), request), 200);

        server.signal(signal);
        let (status, more) = server.end();
        assert_eq!(status.code(), Some(0));
        assert_eq!(more, "");
    }
}

#[test]
fn the_platforms_data_folder_is_the_default() {
    let home = TempDir::new().unwrap();
    let _server = Server::start(sheaf(home.path()).args(["serve", "--listen", "127.0.0.1:0"]));
    let data = home.path().join(".local/share/sheaf");
    assert!(data.join("catalog.sqlite").exists());
    assert!(data.join("blobs").exists());
    assert_eq!(mode(&data), 0o700);
}

#[test]
fn a_second_server_on_a_data_folder_is_refused() {
    let home = TempDir::new().unwrap();
    let server = Server::start(&mut serve(home.path(), "data"));
    let (code, stderr) = refusal(&mut serve(home.path(), "./data/../data"));
    assert_eq!(code, Some(1));
    assert_eq!(stderr.lines().count(), 1);
    assert!(
        stderr.starts_with("error: another server uses the data folder "),
        "{stderr}"
    );

    // The lock dies with its process, however that ends.
    server.signal("KILL");
    server.end();
    Server::start(&mut serve(home.path(), "data")).address();
}

#[test]
fn the_admin_token_is_made_once_for_this_user_alone() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("data/admin-token");

    let server = Server::start(&mut serve(home.path(), "data"));
    let text = fs::read_to_string(&path).unwrap();
    let secret = text.strip_suffix('\n').unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(secret.len(), 49);
    assert_eq!(whoami(server.address(), secret), 200);
    assert_eq!(whoami(server.address(), "sheaf_wrong"), 401);
    drop(server);

    let server = Server::start(&mut serve(home.path(), "data"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(whoami(server.address(), secret), 200);
}

#[test]
fn the_command_line_finds_the_admin_token_of_its_machine() {
    let home = TempDir::new().unwrap();
    let server = Server::start(sheaf(home.path()).args(["serve", "--listen", "127.0.0.1:0"]));
    let tokens = |home: &Path| {
        let mut command = sheaf(home);
        command.args(["--json", "token", "ls", "--server"]);
        command.arg(format!("http://{}", server.address()));
        command
    };
    assert_eq!(success(&mut tokens(home.path())), "[]\n");

    let stranger = TempDir::new().unwrap();
    let (code, stderr) = refusal(&mut tokens(stranger.path()));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("needs a token"), "{stderr}");
}

#[test]
fn a_list_whose_reader_has_enough_is_no_error() {
    let home = TempDir::new().unwrap();
    let server = Server::start(&mut serve(home.path(), "data"));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = sheaf(home.path());
    command.args(["--json", "ls", "--server"]);
    command.arg(format!("http://{}", server.address()));
    let output = command.stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stderr, b"");
}

#[test]
fn the_admin_token_can_be_given() {
    let home = TempDir::new().unwrap();
    let secret = "chosen-by-the-administrator";
    let server = Server::start(serve(home.path(), "data").env("SHEAF_ADMIN_TOKEN", secret));
    assert_eq!(whoami(server.address(), secret), 200);
    assert!(!home.path().join("data/admin-token").exists());
}

#[test]
fn an_admin_token_that_could_be_guessed_is_refused() {
    let home = TempDir::new().unwrap();
    let (code, stderr) = refusal(serve(home.path(), "data").env("SHEAF_ADMIN_TOKEN", "short"));
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("short-admin-token", stderr);
}

#[test]
fn a_port_that_is_taken_is_an_error() {
    let home = TempDir::new().unwrap();
    let first = Server::start(&mut serve(home.path(), "first"));
    let mut second = sheaf(home.path());
    second.args(["serve", "--data", "second", "--listen", first.address()]);
    let (code, stderr) = refusal(&mut second);
    assert_eq!(code, Some(1));
    let start = format!("error: cannot listen on {}: ", first.address());
    assert!(stderr.starts_with(&start), "{stderr}");
    assert_eq!(stderr.lines().count(), 1);
}

#[test]
fn backends_that_are_not_there_yet_are_refused() {
    for (name, variable, url) in [
        ("mysql", "SHEAF_CATALOG_URL", "mysql://localhost/sheaf"),
        ("gs", "SHEAF_BLOBS_URL", "gs://bucket/prefix"),
    ] {
        let home = TempDir::new().unwrap();
        let mut command = serve(home.path(), "data");
        command.env(variable, url);
        let (code, stderr) = refusal(&mut command);
        assert_eq!(code, Some(1));
        insta::assert_snapshot!(name, stderr);
    }
}

#[test]
fn the_log_can_be_json() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(serve(home.path(), "data").env("SHEAF_LOG_FORMAT", "json"));
    server.wait_for_log(r#""level":"INFO""#);
}

#[test]
fn a_data_folder_may_have_any_name() {
    let home = TempDir::new().unwrap();
    let name = "a b%41?c=d#é";
    let _server = Server::start(&mut serve(home.path(), name));
    assert!(home.path().join(name).join("catalog.sqlite").exists());
    assert!(home.path().join(name).join("blobs").exists());
}

/// A request whose body is not sent yet, and of which the server has seen the beginning.
fn open_upload(server: &Server, home: &Path) -> BufReader<TcpStream> {
    let secret = fs::read_to_string(home.join("data/admin-token")).unwrap();
    let body = r#"{"name":"a/b"}"#;
    let mut stream = BufReader::new(connect(server.address()));
    write!(
        stream.get_mut(),
        "POST /api/v1/repositories HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
        secret.trim(),
        body.len()
    )
    .unwrap();
    assert_eq!(read_status(&mut stream), 100);
    stream
}

#[test]
fn requests_under_way_are_answered_before_the_end() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(&mut serve(home.path(), "data"));
    let mut request = open_upload(&server, home.path());

    server.signal("TERM");
    server.wait_for_log("stopping");
    request.get_mut().write_all(br#"{"name":"a/b"}"#).unwrap();
    assert_eq!(read_status(&mut request), 201);
    drop(request);
    assert_eq!(server.end().0.code(), Some(0));
}

#[test]
fn a_second_signal_cuts_them_off() {
    let home = TempDir::new().unwrap();
    let mut server = Server::start(&mut serve(home.path(), "data"));
    let mut request = open_upload(&server, home.path());

    server.signal("TERM");
    server.wait_for_log("stopping");
    server.signal("TERM");
    server.wait_for_log("a second signal");
    assert_eq!(server.end().0.code(), Some(0));
    assert_eq!(request.read_to_end(&mut Vec::new()).unwrap_or(0), 0);
}
