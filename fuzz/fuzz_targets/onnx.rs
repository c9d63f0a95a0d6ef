//! Any bytes as the graph of an ONNX model, or as the tensors of one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::common::onnx::{Message, model};
use sheaf_fuzz::cut_all_ways;

/// The most tensors that are long.
const LONG: usize = 4;

fuzz_target!(|input: (bool, u8, &[u8])| {
    let (graph, long, bytes) = input;
    if graph {
        return cut_all_ways(&model(&Message(bytes.to_vec())));
    }
    // Tensors of which some are long enough to stand alone: few, since it is their bytes that take time.
    let tensors = bytes.chunks(64).enumerate();
    let tensors = tensors.fold(Message::default(), |graph, (i, fields)| {
        let mut tensor = Message(fields.to_vec());
        if long % 8 == 0 && i < LONG {
            tensor = tensor.bytes(9, vec![long; 300_000]);
        }
        graph.message(5, &tensor)
    });
    cut_all_ways(&model(&tensors));
});
