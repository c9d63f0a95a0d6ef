//! A private repository does not exist for whoever may not see it, on any route.

use serde_json::{Value, json};
use sheaf_tests::{Access, Server, Upload, content};

const FILE: &str = "model.safetensors";

/// A server with a private repository, and a name in it for each parameter of a route.
struct Fixture {
    server: Server,
    names: Vec<(&'static str, String)>,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        let admin = server.admin();
        admin.create_private("acme/secret");
        admin
            .put("acme/secret", FILE, content::safetensors(1, 100_000))
            .expect(201);
        let manifest = admin.manifest("acme/secret", FILE);
        let upload = Upload::open(&admin, "acme/secret");
        let id = upload.path.rsplit('/').next().unwrap().to_owned();
        let of_chunk = |key: &str| manifest["chunks"][0][key].as_str().unwrap().to_owned();
        let names = vec![
            ("ref", "main".into()),
            ("path", FILE.into()),
            ("blob", of_chunk("blob")),
            ("chunk", of_chunk("id")),
            ("upload", id),
            ("token", "0".repeat(16)),
        ];
        Self { server, names }
    }

    /// A route with its parameters filled in, for a repository.
    fn fill(&self, template: &str, repository: &str) -> String {
        let (namespace, name) = repository.split_once('/').unwrap();
        let segments = template.split('/').map(|segment| {
            let Some(parameter) = segment.strip_prefix('{').and_then(|s| s.strip_suffix('}'))
            else {
                return segment;
            };
            match parameter.trim_start_matches('*') {
                "ns" | "namespace" => namespace,
                "name" => name,
                other => self.named(other.trim_end_matches("_id"), template),
            }
        });
        segments.collect::<Vec<_>>().join("/")
    }

    fn named(&self, parameter: &str, template: &str) -> &str {
        let aliases = |known: &str| known == parameter || (known, parameter) == ("upload", "id");
        let found = self.names.iter().find(|(known, _)| aliases(known));
        let found = found.unwrap_or_else(|| panic!("what is {{{parameter}}} in {template}?"));
        &found.1
    }
}

/// Every route below a repository, with each of its methods.
fn routes(openapi: &Value) -> Vec<(String, String)> {
    let mut routes = Vec::new();
    for (template, item) in openapi["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            if ["get", "head", "put", "post", "patch", "delete"].contains(&method.as_str()) {
                routes.push((template.clone(), method.to_ascii_uppercase()));
            }
        }
    }
    routes.retain(|(template, _)| template.contains("name}"));
    routes
}

/// A body that the route would take.
fn body(template: &str) -> Value {
    match template.rsplit('/').next().unwrap() {
        "missing" => json!({"chunks": []}),
        "commit" => json!({"branch": "main"}),
        "{ref}" => json!({"target": "main"}),
        _ => json!({}),
    }
}

fn send(access: &Access, method: &str, template: &str, path: &str) -> (u16, String) {
    let request = access.request(path);
    let request = match method {
        "GET" | "HEAD" | "DELETE" => request.method(method),
        _ if template.ends_with("/{path}") || template.contains("/chunks/") => {
            request.method(method).bytes("bytes")
        }
        _ => request.method(method).json(&body(template)),
    };
    let answer = request.send();
    let code = match answer.body.as_slice() {
        b"" => String::new(),
        _ => answer.json()["error"]["code"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    (answer.status, code)
}

#[test]
fn no_route_tells_a_private_repository_from_none() {
    let fixture = Fixture::new();
    let routes = routes(&fixture.server.admin().get_json("/openapi.json"));
    assert!(
        routes.len() >= 20,
        "only {} routes: {routes:?}",
        routes.len()
    );
    let elsewhere = fixture.server.token("write", "other");
    let before = fixture.server.admin().savings("acme/secret");

    for (template, method) in &routes {
        let answer_to = |access: &Access, repository: &str| {
            send(
                access,
                method,
                template,
                &fixture.fill(template, repository),
            )
        };
        let anybody = fixture.server.anybody();
        let answer = answer_to(&anybody, "acme/secret");
        assert_eq!(
            answer,
            answer_to(&anybody, "acme/nothing"),
            "{method} {template}"
        );
        // Without a token a write can be told to bring one before anything is looked up.
        let write = !["GET", "HEAD"].contains(&method.as_str());
        assert!(
            answer.0 == 404 || write && answer.0 == 401,
            "{method} {template}: {answer:?}"
        );

        let other = fixture.server.with_secret(&elsewhere);
        let answer = answer_to(&other, "acme/secret");
        assert_eq!(
            answer,
            answer_to(&other, "acme/nothing"),
            "{method} {template}"
        );
        assert_eq!(answer.0, 404, "{method} {template}: {answer:?}");
    }
    assert_eq!(fixture.server.admin().savings("acme/secret"), before);
}

#[test]
fn the_routes_do_exist_for_one_who_may_see_it() {
    let fixture = Fixture::new();
    let reader = fixture.server.token("read", "acme/secret");
    let access = fixture.server.with_secret(&reader);
    for (template, method) in routes(&fixture.server.admin().get_json("/openapi.json")) {
        if method == "GET" && !template.contains("/uploads") {
            let path = fixture.fill(&template, "Acme/SECRET");
            assert_eq!(access.get(&path).status, 200, "{path}");
        }
    }
}

#[test]
fn lists_leave_out_what_may_not_be_seen() {
    let fixture = Fixture::new();
    let admin = fixture.server.admin();
    admin.create("acme/open");
    let listed = |access: &Access, query: &str| -> Vec<String> {
        let page = access.get_json(&format!("/api/v1/repositories{query}"));
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    let anybody = fixture.server.anybody();
    assert_eq!(listed(&anybody, ""), ["acme/open"]);
    assert!(listed(&anybody, "?search=secret").is_empty());
    assert_eq!(listed(&admin, "?search=secret"), ["acme/secret"]);
    assert_eq!(anybody.all_savings()["raw_bytes"], 0);
    assert_ne!(admin.all_savings()["raw_bytes"], 0);
}

#[test]
fn a_repository_that_is_opened_can_be_read_by_all() {
    let fixture = Fixture::new();
    let path = "/api/v1/repositories/acme/secret";
    let open = json!({"private": false});
    let change = fixture
        .server
        .admin()
        .request(path)
        .method("PATCH")
        .json(&open);
    change.send().expect(200);
    fixture
        .server
        .anybody()
        .file("acme/secret", FILE)
        .expect(200);
    fixture
        .server
        .anybody()
        .put("acme/secret", FILE, "x")
        .expect_error(401, "token_needed");
}
