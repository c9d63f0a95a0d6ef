//! Lists come in pages, each thing on one of them.

use serde_json::Value;
use sheaf_tests::{Access, Server};

/// All items of a list, a few at a time.
fn items(access: &Access, path: &str, limit: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let joint = if path.contains('?') { '&' } else { '?' };
        let page = access.get_json(&format!("{path}{joint}limit={limit}{cursor}"));
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= limit, "{page}");
        all.extend(items.iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
        assert_eq!(items.len(), limit, "a page before the last is full: {page}");
    }
}

#[track_caller]
fn same_in_any_size(access: &Access, path: &str, count: usize) -> Vec<Value> {
    let whole = items(access, path, 1000);
    assert_eq!(whole.len(), count, "{path}");
    for limit in [1, 2, count] {
        assert_eq!(items(access, path, limit), whole, "{path}");
    }
    whole
}

#[test]
fn what_can_be_long_has_pages() {
    let server = Server::start();
    let admin = server.admin();
    for name in ["acme/b", "Acme/a", "zeta/c", "mid/d", "acme/e"] {
        admin.create(name);
    }
    let repositories = same_in_any_size(&admin, "/api/v1/repositories", 5);
    let names: Vec<_> = repositories
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Acme/a", "acme/b", "acme/e", "mid/d", "zeta/c"]);
    same_in_any_size(&admin, "/api/v1/repositories?search=ACME", 3);

    for path in ["a.bin", "b/1.bin", "b/2.bin", "b.bin", "c.bin"] {
        admin.put("acme/b", path, path).expect(201);
    }
    let of = |rest: &str| format!("/api/v1/repositories/acme/b/{rest}");
    let tree = same_in_any_size(&admin, &of("tree/main"), 5);
    let paths: Vec<_> = tree
        .iter()
        .map(|item| item["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["a.bin", "b.bin", "b/1.bin", "b/2.bin", "c.bin"]);
    same_in_any_size(&admin, &of("tree/main?prefix=b%2F"), 2);

    let history = same_in_any_size(&admin, &of("revisions?ref=main"), 5);
    for pair in history.windows(2) {
        assert_eq!(pair[0]["parent"], pair[1]["id"], "newest first");
    }
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let server = Server::start();
    server.admin().create("acme/b");
    server.admin().put("acme/b", "a.bin", "x").expect(201);
    for list in ["?", "/acme/b/tree/main?", "/acme/b/revisions?ref=main&"] {
        for bad in ["limit=x", "limit=-1"] {
            let answer = server
                .admin()
                .get(&format!("/api/v1/repositories{list}{bad}"));
            answer.expect_error(400, "invalid");
        }
    }
}
