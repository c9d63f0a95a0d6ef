//! A real Postgres: a cluster in a temporary folder, reached by a socket in it.

use std::env;
use std::fs::{self, File};
use std::os::unix::fs::chown;
use std::os::unix::process::parent_id;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::skip::skip;
use crate::tls::Tls;

/// Stops a cluster, at once, when the process that it is for has ended, however it did.
const WATCH: &str = "while kill -0 \"$1\" 2>/dev/null; do sleep 1; done; \
     kill -QUIT \"$(head -n 1 \"$2/data/postmaster.pid\")\"; rm -rf \"$2\"";

/// A running Postgres.
#[derive(Debug)]
pub struct Postgres {
    programs: Programs,
    folder: PathBuf,
    /// What it is started with beyond the usual.
    options: String,
    /// Where it is this test's own, it ends with the test.
    own: Option<TempDir>,
}

impl Postgres {
    /// The Postgres that all tests of one run share, started by whichever comes first. `None`, having
    /// said so, where there is none on this machine.
    pub fn shared() -> Option<Self> {
        let programs = Programs::find()?;
        // Whoever runs the tests: each may be a process of its own.
        let runner = parent_id();
        let folder = env::temp_dir().join(format!("sheaf-postgres-{runner}"));
        fs::create_dir_all(&folder).expect("a folder for Postgres");
        let lock = File::create(folder.join("lock")).expect("a file to lock");
        lock.lock().expect("a lock");
        let postgres = Self {
            programs,
            folder,
            options: String::new(),
            own: None,
        };
        if !postgres.folder.join("ready").exists() {
            postgres.make();
            postgres.start();
            postgres.watch(runner);
            File::create(postgres.folder.join("ready")).expect("a file that says so");
        }
        Some(postgres)
    }

    /// A Postgres for one test, which may do with it what it likes.
    pub fn own() -> Option<Self> {
        let postgres = Self::made()?;
        postgres.start();
        Some(postgres)
    }

    /// The same, which also listens at an address, where it wants TLS and, as the password, `secret`.
    pub fn with_tls(tls: &Tls) -> Option<Self> {
        let mut postgres = Self::made()?;
        postgres.options = format!("-c listen_addresses={} -c ssl=on", tls.address());
        let data = postgres.data();
        tls.certify(&data);
        let rules = "local all all trust\nhostssl all all all scram-sha-256\n";
        fs::write(data.join("pg_hba.conf"), rules).expect("a file in the folder");
        if let Some(user) = &postgres.programs.user {
            let key = data.join("server.key");
            chown(key, Some(user.uid), Some(user.gid)).expect("a key for Postgres");
        }
        postgres.start();
        let url = postgres.database();
        postgres.sql(&url, "ALTER ROLE sheaf PASSWORD 'secret'");
        Some(postgres)
    }

    /// A cluster that is not started yet.
    fn made() -> Option<Self> {
        let programs = Programs::find()?;
        let own = tempfile::tempdir().expect("a temporary folder");
        let postgres = Self {
            programs,
            folder: own.path().to_owned(),
            options: String::new(),
            own: Some(own),
        };
        postgres.make();
        Some(postgres)
    }

    /// Makes an empty database of a name that nobody else has, and gives its URL.
    pub fn database(&self) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            now.expect("a time after 1970").as_nanos()
        );
        // Not from the usual template, which takes only one copy at a time.
        run(self
            .programs
            .command("createdb")
            .args(["--username=sheaf", "--template=template0"])
            .arg("--host")
            .arg(&self.folder)
            .arg(&name));
        format!(
            "postgres://sheaf@localhost/{name}?host={}",
            self.folder.display()
        )
    }

    /// Runs statements in a database, as its administrator.
    pub fn sql(&self, url: &str, statements: &str) {
        run(self.programs.command("psql").args([
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            url,
            "--command",
            statements,
        ]));
    }

    /// Copies a database into an empty one, by way of pg_dump.
    pub fn copy(&self, from: &str, to: &str) {
        let dump = self
            .programs
            .command("pg_dump")
            .arg(from)
            .stdout(Stdio::piped())
            .spawn();
        let mut dump = dump.expect("a program of Postgres that starts");
        let dumped = dump.stdout.take().expect("its standard output");
        run(self
            .programs
            .command("psql")
            .args(["--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", to])
            .stdin(dumped));
        let status = dump.wait().expect("a program of Postgres that ends");
        assert!(status.success(), "pg_dump ended with {status}");
    }

    /// Ends the server as a power cut would, with every connection.
    pub fn kill(&self) {
        let pid = fs::read_to_string(self.data().join("postmaster.pid")).expect("its id");
        let pid = pid.lines().next().expect("its id");
        // Its children end when they see that it is gone; until then nothing can be started anew.
        run(Command::new("bash").args([
            "-c",
            "children=$(cat /proc/$0/task/$0/children); kill -KILL $0 $children; \
             for pid in $0 $children; do while kill -0 $pid 2>/dev/null; do sleep 0.01; done; done",
            pid,
        ]));
    }

    /// Starts the server again.
    pub fn start(&self) {
        let options = format!(
            "-k '{}' -c listen_addresses='' -c max_connections=400 -c fsync=off \
             -c shared_buffers=32MB -c max_prepared_transactions=0 {}",
            self.folder.display(),
            self.options
        );
        run(self
            .programs
            .command("pg_ctl")
            .args(["start", "--silent", "--wait", "--timeout=60"])
            .arg("--pgdata")
            .arg(self.data())
            .arg("--log")
            .arg(self.folder.join("log"))
            .args(["--options", &options]));
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn make(&self) {
        if let Some(user) = &self.programs.user {
            chown(&self.folder, Some(user.uid), Some(user.gid)).expect("a folder for Postgres");
        }
        run(self
            .programs
            .command("initdb")
            .args(["--username=sheaf", "--auth=trust", "--encoding=UTF8"])
            .args(["--locale=C.UTF-8", "--no-sync", "--no-instructions"])
            .arg("--pgdata")
            .arg(self.data()));
    }

    fn watch(&self, process: u32) {
        run(Command::new("setsid")
            .args(["--fork", "sh", "-c", WATCH, "watch", &process.to_string()])
            .arg(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null()));
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.own.is_none() {
            return;
        }
        // One that was killed is not there to be stopped.
        let _ = self
            .programs
            .command("pg_ctl")
            .args(["stop", "--silent", "--mode=immediate", "--pgdata"])
            .arg(self.data())
            .stderr(Stdio::null())
            .status();
    }
}

/// Where Postgres is, and who runs it: it refuses to be root.
#[derive(Debug)]
struct Programs {
    folder: PathBuf,
    user: Option<User>,
}

#[derive(Debug)]
struct User {
    uid: u32,
    gid: u32,
}

impl Programs {
    fn find() -> Option<Self> {
        let Some(folder) = folder() else {
            skip("there is no Postgres here: install the package postgresql");
            return None;
        };
        let root = id(&["-u"]) == Some(0);
        let user = root.then(|| User::named("postgres").or_else(|| User::named("nobody")));
        Some(Self {
            folder,
            user: user.flatten(),
        })
    }

    /// One of Postgres' programs, as the user who may run it.
    fn command(&self, program: &str) -> Command {
        let program = self.folder.join(program);
        let mut command = match &self.user {
            None => Command::new(program),
            Some(User { uid, gid }) => {
                let mut command = Command::new("setpriv");
                command
                    .args([format!("--reuid={uid}"), format!("--regid={gid}")])
                    .arg("--clear-groups")
                    .arg(program);
                command
            }
        };
        // The user may not be allowed into the folder where the tests run.
        command
            .current_dir("/")
            .env_remove("PGOPTIONS")
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

impl User {
    fn named(name: &str) -> Option<Self> {
        let (uid, gid) = (id(&["-u", name])?, id(&["-g", name])?);
        Some(Self { uid, gid })
    }
}

fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The folder with `initdb`: Debian keeps those of each version away from the PATH.
fn folder() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let in_path = env::split_paths(&path).collect::<Vec<_>>();
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<PathBuf> = versions
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .collect();
    versions.sort();
    let all = in_path.into_iter().chain(versions.into_iter().rev());
    all.into_iter().find(|folder| is_whole(folder))
}

fn is_whole(folder: &Path) -> bool {
    [
        "initdb", "pg_ctl", "postgres", "createdb", "pg_dump", "psql",
    ]
    .iter()
    .all(|program| folder.join(program).is_file())
}

fn run(command: &mut Command) {
    let status = command.status().expect("a program of Postgres that starts");
    assert!(status.success(), "{command:?} ended with {status}");
}
