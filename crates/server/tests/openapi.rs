//! The document that describes the API names every route, and every error its form.

#![allow(clippy::unwrap_used)]

use serde_json::Value;

fn document() -> Value {
    serde_json::from_str(&sheaf_server::openapi().to_json().unwrap()).unwrap()
}

#[test]
fn every_route_is_listed() {
    let document = document();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let body = match operation.get("requestBody") {
                Some(_) => " (body)",
                None => "",
            };
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
