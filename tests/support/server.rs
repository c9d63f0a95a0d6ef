use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::binary::sheaf;
use crate::client::{Client, temporary_folder, without_settings};
use crate::{Access, Ran};

/// A free port, on this machine alone.
const ANY_PORT: &str = "127.0.0.1:0";

/// A running `sheaf serve` with a home folder of its own. It ends with this value.
#[derive(Debug)]
pub struct Server {
    process: Child,
    /// Kept open: a server whose standard output is gone might mind.
    _stdout: BufReader<ChildStdout>,
    url: String,
    token: String,
    /// What was set for it, and is set again when it is started again.
    settings: Vec<(OsString, OsString)>,
    home: Arc<TempDir>,
    data: PathBuf,
}

impl Server {
    /// Starts a server on a free port, with nothing in it.
    pub fn start() -> Self {
        Self::start_as(Command::new(sheaf()))
    }

    /// Starts a server from the `sheaf` command with whatever was set for it, or below another
    /// command that has `sheaf` as its last word.
    pub fn start_as(command: Command) -> Self {
        let home = temporary_folder();
        let data = home.path().join("data");
        Self::launch(command, ANY_PORT, home, data)
    }

    /// Starts a server of a user who says nothing of where its data is.
    pub fn start_at_home() -> Self {
        let home = temporary_folder();
        let data = home.path().join(".local/share/sheaf");
        Self::launch(Command::new(sheaf()), ANY_PORT, home, data)
    }

    fn launch(mut command: Command, listen: &str, home: Arc<TempDir>, data: PathBuf) -> Self {
        command.args(["serve", "--listen", listen]);
        if !data.ends_with(".local/share/sheaf") {
            command.arg("--data").arg(&data);
        }
        without_settings(&mut command, home.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let settings: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        let mut process = command.spawn().expect("a server that starts");
        let stdout = process.stdout.take().expect("its standard output");
        let mut stdout = BufReader::new(stdout);
        let url = address(&mut stdout);
        // There is none where it was given.
        let given = settings
            .iter()
            .find(|(name, _)| name == "SHEAF_ADMIN_TOKEN");
        let token = match given {
            Some((_, token)) => token.to_string_lossy().into_owned(),
            None => fs::read_to_string(data.join("admin-token")).unwrap_or_default(),
        };
        Self {
            process,
            _stdout: stdout,
            url,
            token: token.trim().to_owned(),
            settings,
            home,
            data,
        }
    }

    /// Ends the server as a power cut would, and starts another on the same data.
    pub fn restart_after_kill(&mut self) {
        self.kill();
        self.relaunch();
    }

    /// Ends the server as an administrator would, which must work, and starts another on the same
    /// data.
    pub fn restart(&mut self) {
        self.terminate();
        let ended = self.wait_for_end();
        assert!(
            ended.success(),
            "the server ended with {ended} after SIGTERM"
        );
        self.relaunch();
    }

    /// Changes a setting, for when it is started again.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.settings.push((name.into(), value.into()));
    }

    /// Forgets a setting: when it is started again it goes without.
    pub fn unset(&mut self, name: &str) {
        self.settings.retain(|(set, _)| set != name);
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let pid = self.process.id().to_string();
        // The shell has a `kill` of its own, the system may have none.
        Ran::of(Command::new("sh").args(["-c", "kill -TERM $0", &pid])).success();
    }

    /// Waits until the server has ended by itself; how it did.
    pub fn wait_for_end(&mut self) -> ExitStatus {
        self.process.wait().expect("a server that ends")
    }

    /// Ends the server with `kill -9`.
    pub fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// At the address where clients know it.
    fn relaunch(&mut self) {
        let (home, data) = (self.home.clone(), self.data.clone());
        let mut command = Command::new(sheaf());
        command.envs(self.settings.iter().cloned());
        *self = Self::launch(command, self.address(), home, data);
    }

    /// Where it listens: `http://ADDRESS:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// `ADDRESS:PORT`.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Sends bytes over TCP, ends the sending side, and gives all that comes back.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address()).expect("a connection");
        // The server may refuse what it has read so far, and hang up.
        let _ = stream.write_all(bytes);
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The server's process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The folder of the object store.
    pub fn object_store(&self) -> PathBuf {
        self.data.join("blobs")
    }

    /// The admin token's secret.
    pub fn admin_token(&self) -> &str {
        &self.token
    }

    /// The server as its administrator sees it.
    pub fn admin(&self) -> Access {
        Access::new(self, Some(&self.token))
    }

    /// The server as somebody without a token sees it.
    pub fn anybody(&self) -> Access {
        Access::new(self, None)
    }

    /// The server as the holder of a secret sees it.
    pub fn with_secret(&self, secret: &str) -> Access {
        Access::new(self, Some(secret))
    }

    /// Makes a token with this role and scope, and gives its secret.
    #[track_caller]
    pub fn token(&self, role: &str, scope: &str) -> String {
        let body = serde_json::json!({"name": "test", "role": role, "scope": scope});
        let token = self
            .admin()
            .post("/api/v1/tokens", &body)
            .expect(201)
            .json();
        token["secret"].as_str().expect("a secret").to_owned()
    }

    /// The `sheaf` command of an administrator on a machine where it was never used.
    pub fn client(&self) -> Client {
        Client::new(&self.url, Some(&self.token))
    }

    /// The same, who reaches the server by another address.
    pub fn client_through(&self, url: &str) -> Client {
        Client::new(url, Some(&self.token))
    }

    /// The `sheaf` command of the server's own user, who was told no token.
    pub fn client_at_home(&self) -> Client {
        Client::at_home(&self.url, self.home.clone())
    }

    /// The same for the holder of another secret, or of none.
    pub fn client_with(&self, secret: Option<&str>) -> Client {
        Client::new(&self.url, secret)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Reads where the server listens, which it says once it does.
fn address(stdout: &mut impl BufRead) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line of the server");
    let url = line.trim_end().strip_prefix("listening on ");
    let url = url.unwrap_or_else(|| panic!("the server said {line:?}, see its errors above"));
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    url.to_owned()
}
