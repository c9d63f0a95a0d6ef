//! A server that dies at any step, as by `kill -9`, loses nothing that it acknowledged and leaves nothing
//! behind: on SQLite, where it is started again, and on Postgres, where another takes over.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use sheaf_tests::{Answer, Client, Cluster, Postgres, Server, content, objects, sheaf};

/// Ends a server at a step.
const KILL_AT: &str = "SHEAF_TEST_KILL_AT";

/// The signal that it ends by there: SIGABRT, as of nothing else.
const ABORTED: i32 = 6;

/// What makes a server reach a step.
struct Scenario {
    /// Before it is one that dies.
    prepare: fn(&mut World),
    /// What it dies of, begun; a client that may still wait for it.
    begin: fn(&World) -> Option<Child>,
}

/// Every step, and what makes a server reach it. One that is not here fails a test.
macro_rules! steps {
    ($($step:ident: $scenario:ident,)*) => {
        const TESTED: &[&str] = &[$(stringify!($step),)*];
        $(mod $step {
            #[test]
            fn on_sqlite() {
                super::dies_at(stringify!($step), &super::$scenario, super::World::on_sqlite());
            }

            #[test]
            fn on_postgres() {
                if let Some(world) = super::World::on_postgres() {
                    super::dies_at(stringify!($step), &super::$scenario, world);
                }
            }
        })*
    };
}

steps! {
    push_announced: PUSH,
    push_written: PUSH,
    push_live: PUSH,
    commit_promised: PUSH,
    commit_hashed: PUSH,
    commit_judged: PUSH,
    commit_tree_built: PUSH,
    commit_committed: PUSH,
    commit_upload_ended: PUSH,
    record_written: PUSH,
    record_noted: PUSH,
    reencode_begun: REENCODE,
    reencode_read: REENCODE,
    reencode_announced: REENCODE,
    reencode_written: REENCODE,
    reencode_swapped: REENCODE,
    reencode_noted: REENCODE,
    collect_revisions_marked: COLLECT,
    collect_revisions_taken: COLLECT,
    collect_chunks_marked: COLLECT,
    collect_chunks_taken: COLLECT,
    collect_intents_taken: COLLECT,
    collect_object_deleted: COLLECT,
    collect_object_forgotten: COLLECT,
    collect_record_deleted: COLLECT,
}

#[test]
fn every_step_is_tested() {
    let client = Client::bare();
    let mut command = client.command();
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "data"]);
    let output = command.env(KILL_AT, "?").output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let (_, names) = said.trim().split_once("the steps are ").expect(&said);
    let there: BTreeSet<&str> = names.split(", ").collect();
    assert_eq!(there, TESTED.iter().copied().collect());
}

/// A new model is pushed.
const PUSH: Scenario = Scenario {
    prepare: |_| {},
    begin: |world| Some(world.begin_push()),
};

/// An acknowledged model is made smaller.
const REENCODE: Scenario = Scenario {
    prepare: |_| {},
    begin: |world| {
        world.reencode();
        None
    },
};

/// There is something for each step of a collection, also a blob that was replaced.
const COLLECT: Scenario = Scenario {
    prepare: |world| {
        world.push("acme/gone", "other");
        world.reencode().expect(201);
        world.wait_for_jobs();
        let path = "/api/v1/repositories/acme/gone/refs/main";
        world.server.admin().delete(path).expect(204);
        // A write that never comes to its end.
        world.die_at("push_written", &PUSH);
        world.server.unset(KILL_AT);
        world.server.restart_after_kill();
    },
    begin: |world| {
        let collect = json!({"kind": "collect"});
        world.server.admin().post("/api/v1/jobs", &collect);
        None
    },
};

fn dies_at(step: &str, scenario: &Scenario, mut world: World) {
    (scenario.prepare)(&mut world);
    world.die_at(step, scenario);
    world.survive();

    world.wait_for_jobs();
    world.is_whole("kept");
    if world.paths().contains(&file("new")) {
        world.is_whole("new");
    }
    world.push("acme/model", "new");
    world.is_whole("kept");
    world.is_whole("new");
    world.nothing_is_left_over();
}

/// A registry with an acknowledged model in it, and a client with the files of others.
struct World {
    cluster: Option<Cluster>,
    server: Server,
    client: Client,
}

/// The one file of a model.
fn file(model: &str) -> String {
    format!("{model}.safetensors")
}

impl World {
    fn on_sqlite() -> Self {
        Self::new(None, Server::start_as(settings()))
    }

    fn on_postgres() -> Option<Self> {
        let cluster = Cluster::new(Postgres::shared()?);
        let server = cluster.server_as(settings());
        Some(Self::new(Some(cluster), server))
    }

    fn new(cluster: Option<Cluster>, server: Server) -> Self {
        let client = server.client();
        for (seed, model) in (1..).zip(["kept", "new", "other"]) {
            fs::create_dir(client.path(model)).unwrap();
            let bytes = content::safetensors_of(seed, &[100_000, 70_000, 3]);
            fs::write(client.path(model).join(file(model)), bytes).unwrap();
        }
        let world = Self {
            cluster,
            server,
            client,
        };
        world.push("acme/model", "kept");
        world
    }

    /// Starts the server again as one that dies at a step, and lets it.
    fn die_at(&mut self, step: &str, scenario: &Scenario) {
        self.server.set(KILL_AT, step);
        self.server.restart_after_kill();
        let waiting = (scenario.begin)(self);
        let ended = self.server.wait_for_end();
        assert_eq!(ended.signal(), Some(ABORTED), "{step} was not reached");
        if let Some(mut client) = waiting {
            client.kill().unwrap();
            client.wait().unwrap();
        }
    }

    /// Another server takes over where there may be several, and the same is started again elsewhere.
    fn survive(&mut self) {
        match &self.cluster {
            Some(cluster) => self.server = cluster.server_as(settings()),
            None => {
                self.server.unset(KILL_AT);
                self.server.restart_after_kill();
            }
        }
    }

    /// Waits until all that was promised is done.
    fn wait_for_jobs(&self) {
        let admin = self.server.admin();
        loop {
            let jobs = admin.get_json("/api/v1/jobs");
            let jobs = jobs["items"].as_array().unwrap();
            assert!(jobs.iter().all(|job| job["state"] != "failed"), "{jobs:?}");
            let Some(job) = jobs.iter().find(|job| job["state"] != "done") else {
                return;
            };
            // It is gone when it is a commit that is done.
            admin.get(&format!("/api/v1/jobs/{}?wait=30", job["id"]));
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.client.command();
        command
            .args(arguments)
            .args(["--server", self.server.url()]);
        command.args(["--token", self.server.admin_token()]);
        command
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    fn push(&self, repository: &str, model: &str) {
        self.run(&["push", model, repository, "--level", "fast"]);
    }

    /// Asks for the model at the highest level.
    fn reencode(&self) -> Answer {
        let job = json!({"kind": "reencode", "repository": "acme/model", "level": "max"});
        self.server.admin().post("/api/v1/jobs", &job)
    }

    fn begin_push(&self) -> Child {
        let mut push = self.command(&["push", "new", "acme/model", "--quiet"]);
        push.stderr(Stdio::null()).spawn().unwrap()
    }

    /// A model is pulled as it was pushed.
    #[track_caller]
    fn is_whole(&self, model: &str) {
        let copy = self.client.path("copy");
        let _ = fs::remove_dir_all(&copy);
        self.run(&["pull", "acme/model", "copy"]);
        let [sent, back] = [self.client.path(model), copy].map(|at| fs::read(at.join(file(model))));
        assert!(back.unwrap() == sent.unwrap(), "{model}");
    }

    fn paths(&self) -> Vec<String> {
        let tree = "/api/v1/repositories/acme/model/tree/main";
        let tree = self.server.admin().get_json(tree);
        let files = tree["items"].as_array().unwrap().iter();
        files
            .map(|file| file["path"].as_str().unwrap().to_owned())
            .collect()
    }

    /// After a collection the objects are those that rows name.
    #[track_caller]
    fn nothing_is_left_over(&self) {
        let admin = self.server.admin();
        let done = admin.post("/api/v1/collection", &json!({})).expect(200);
        assert_eq!(done.json()["objects"]["waiting"], 0, "{}", done.json());
        let store = match &self.cluster {
            Some(cluster) => cluster.object_store(),
            None => self.server.object_store(),
        };
        let disk: u64 = objects(&store).iter().map(|object| object.size).sum();
        assert_eq!(admin.all_savings()["stored_bytes"], disk);
    }
}

/// A server that collects only when it is asked, and then all that nothing reaches.
fn settings() -> Command {
    let mut command = Command::new(sheaf());
    command.envs([
        ("SHEAF_COLLECTION_EVERY", "0s"),
        ("SHEAF_COLLECTION_GRACE", "0s"),
        ("SHEAF_COLLECTION_WRITES_ABANDONED_AFTER", "0s"),
        ("SHEAF_JOBS_LEASE", "3s"),
    ]);
    command
}
