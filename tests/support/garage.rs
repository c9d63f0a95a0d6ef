use std::env;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::skip;

const KEY: &str = "GK0123456789abcdef01234567";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const REGION: &str = "garage";

/// How often a node that was just started is asked whether it is there.
const TRIES: usize = 600;

/// A real S3 store: nodes of Garage on this machine, with the bucket `models`. They end with this value.
#[derive(Debug)]
pub struct Garage {
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    folder: TempDir,
    process: Child,
    port: u16,
    rpc: u16,
}

impl Garage {
    /// Starts a node. None, after saying so, when Garage was not installed.
    ///
    /// # Panics
    /// When it was not installed though `CI=true`.
    pub fn start() -> Option<Self> {
        Self::of(1)
    }

    /// Starts three nodes, each of which keeps all: one may be gone.
    pub fn start_three() -> Option<Self> {
        Self::of(3)
    }

    fn of(nodes: usize) -> Option<Self> {
        let binary = binary();
        if !binary.is_file() {
            skip(&format!("there is no {}", binary.display()));
            return None;
        }
        let garage = Self {
            nodes: (0..nodes).map(|_| Node::start(nodes)).collect(),
        };
        garage.set_up();
        Some(garage)
    }

    /// Where the first node listens for S3.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.nodes[0].port)
    }

    /// The region that it is in.
    pub fn region(&self) -> &'static str {
        REGION
    }

    /// Name and secret of a key that may do all in the bucket.
    pub fn key(&self) -> (&'static str, &'static str) {
        (KEY, SECRET)
    }

    /// Tells a command how it is reached, in the usual variables.
    pub fn set(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", self.endpoint())
            .env("AWS_REGION", REGION)
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_ALLOW_HTTP", "true");
    }

    /// Ends the first node as a power cut would.
    pub fn kill(&mut self) {
        self.kill_node(0);
    }

    /// Starts it again, at the same address.
    pub fn start_again(&mut self) {
        self.start_node(0);
    }

    /// Ends a node as a power cut would.
    pub fn kill_node(&mut self, number: usize) {
        self.nodes[number].kill();
    }

    /// Starts a node again, at the same address.
    pub fn start_node(&mut self, number: usize) {
        let node = &mut self.nodes[number];
        node.process = serve(&node.folder);
        node.wait(&["status"]);
        // Those that saw it go try again only after a while.
        let name = self.nodes[number].name();
        for other in self.nodes.iter().filter(|other| other.name() != name) {
            other.command(&["node", "connect", &name]);
        }
        self.nodes[number].wait(&["bucket", "list"]);
    }

    fn set_up(&self) {
        let first = &self.nodes[0];
        let names: Vec<String> = self.nodes.iter().map(Node::name).collect();
        for other in &names[1..] {
            first.run(&["node", "connect", other]);
        }
        for name in &names {
            let id = name.split('@').next().unwrap_or_default();
            first.run(&["layout", "assign", "-z", "here", "-c", "1G", id]);
        }
        first.run(&["layout", "apply", "--version", "1"]);
        // The others hear of the layout a little later.
        first.wait(&["key", "import", "--yes", "-n", "tests", KEY, SECRET]);
        first.wait(&["bucket", "create", "models"]);
        let allow = ["bucket", "allow", "--read", "--write", "--owner", "models"];
        first.wait(&[&allow[..], &["--key", "tests"][..]].concat());
        for node in &self.nodes {
            node.wait(&["bucket", "info", "models"]);
        }
    }
}

impl Node {
    /// Starts one of so many.
    fn start(nodes: usize) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (port, rpc) = free_ports();
        let text = configuration(folder.path(), port, rpc, nodes);
        fs::write(config(&folder), text).expect("a file");
        let node = Self {
            process: serve(&folder),
            folder,
            port,
            rpc,
        };
        // Without a layout, which is said then, it has no buckets to tell of.
        node.wait(&["status"]);
        node
    }

    /// `ID@HOST:PORT`.
    fn name(&self) -> String {
        let id = self.run(&["node", "id", "-q"]);
        let id = id.trim().split('@').next().unwrap_or_default();
        format!("{id}@127.0.0.1:{}", self.rpc)
    }

    fn kill(&mut self) {
        // An error says that it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Until the node does this.
    fn wait(&self, question: &[&str]) {
        let there = |_| self.command(question).status.success();
        assert!((0..TRIES).any(there), "Garage does not {question:?}");
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "garage {arguments:?}: {said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self, arguments: &[&str]) -> Output {
        let mut command = garage(&self.folder);
        let output = command.args(arguments).output();
        output.expect("a command that starts")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Where `tests/run` installs it.
fn binary() -> PathBuf {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let home = || PathBuf::from(set("HOME").expect("a home folder")).join(".cache");
    set("XDG_CACHE_HOME")
        .map_or_else(home, PathBuf::from)
        .join("sheaf/garage/bin/garage")
}

fn config(folder: &TempDir) -> PathBuf {
    folder.path().join("garage.toml")
}

fn garage(folder: &TempDir) -> Command {
    let mut command = Command::new(binary());
    command.arg("-c").arg(config(folder));
    command
}

fn serve(folder: &TempDir) -> Child {
    let log = fs::File::create(folder.path().join("log")).expect("a file");
    let mut command = garage(folder);
    command.arg("server").env("RUST_LOG", "garage=info");
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(log).spawn().expect("a node that starts")
}

fn configuration(folder: &Path, port: u16, rpc: u16, nodes: usize) -> String {
    let folder = folder.display();
    format!(
        r#"metadata_dir = "{folder}/meta"
data_dir = "{folder}/data"
db_engine = "sqlite"
replication_factor = {nodes}
rpc_bind_addr = "127.0.0.1:{rpc}"
rpc_public_addr = "127.0.0.1:{rpc}"
rpc_secret = "{SECRET}"

[s3_api]
s3_region = "{REGION}"
api_bind_addr = "127.0.0.1:{port}"
"#
    )
}

/// Two ports that nobody has at this moment.
fn free_ports() -> (u16, u16) {
    let listen = || TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let (one, other) = (listen(), listen());
    (port(&one), port(&other))
}
