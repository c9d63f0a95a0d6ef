//! The document that describes the API names every route, and every error its form.

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;

use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&sheaf_server::openapi().to_json().unwrap()).unwrap()
}

#[test]
fn every_route_is_listed() {
    let document = document();
    let mut routes = Vec::new();
    let mut ids = HashSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = match operation.get("requestBody") {
                Some(_) => " (body)",
                None => "",
            };
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id), "{id} names two operations");
            for (status, response) in operation["responses"].as_object().unwrap() {
                let described = response["description"].as_str();
                assert!(
                    described.is_some_and(|d| !d.is_empty()),
                    "{method} {path} {status}"
                );
            }
            routes.push(format!("{} {path}{body}", method.to_uppercase()));
        }
    }
    insta::assert_snapshot!(routes.join("\n"));
}

#[test]
fn every_schema_that_is_named_is_there() {
    let document = document();
    let text = document.to_string();
    for named in text.split("#/components/schemas/").skip(1) {
        let name = named.split('"').next().unwrap();
        assert!(
            document["components"]["schemas"].get(name).is_some(),
            "{name}"
        );
    }
    assert!(document["components"]["securitySchemes"]["token"].is_object());
}
