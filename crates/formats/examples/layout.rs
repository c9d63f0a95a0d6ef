//! Prints what is in a file and how it is cut: `cargo run -p sheaf-formats --example layout FILE`.
#![allow(clippy::print_stdout)]

use std::fs::File;
use std::io::{self, Read};
use std::time::Instant;

use sheaf_formats::{Chunk, Chunker, layout};

fn main() -> io::Result<()> {
    for path in std::env::args_os().skip(1) {
        let mut file = File::open(&path)?;
        let started = Instant::now();
        let layout = layout(&file)?;
        println!(
            "{}: {} ({:?})",
            path.display(),
            layout.format,
            started.elapsed()
        );
        for (key, value) in &layout.metadata {
            println!("  {key}: {value}");
        }
        for tensor in &layout.tensors {
            let (name, dtype, shape) = (&tensor.name, &tensor.dtype_name, &tensor.shape);
            println!("  {:?} {name} {dtype} {shape:?}", tensor.range);
        }
        let mut chunker = Chunker::for_file(&file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let mut chunks = Vec::new();
        let mut take = |chunk: Chunk| chunks.push((chunk.offset, chunk.raw.len(), chunk.hint));
        let started = Instant::now();
        for part in bytes.chunks(1 << 20) {
            chunker.push(part, &mut take);
        }
        chunker.finish(&mut take);
        let speed = bytes.len() as f64 / started.elapsed().as_secs_f64() / 1e9;
        for (offset, len, hint) in &chunks {
            println!("  at {offset} {len} {hint:?}");
        }
        println!(
            "  {} bytes in {} chunks, {speed:.2} GB/s",
            bytes.len(),
            chunks.len()
        );
    }
    Ok(())
}
