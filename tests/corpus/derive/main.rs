//! Derives from real fp32 weights the versions that hubs hold:
//! `corpus-derive HOW SOURCE.safetensors FOLDER` writes into the folder. The same input always
//! gives the same bytes.

mod cast;
mod narrow;
mod safetensors;
mod shards;

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use safetensors::Model;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The name that hubs give to weights in one file.
const MODEL: &str = "model.safetensors";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [how, source, folder] = &arguments[..] else {
        return fail("usage: corpus-derive HOW SOURCE.safetensors FOLDER");
    };
    match derive(how, Path::new(source), Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}

#[expect(clippy::print_stderr, reason = "a command says why it failed")]
fn fail(why: impl std::fmt::Display) -> ExitCode {
    eprintln!("corpus-derive: {why}");
    ExitCode::FAILURE
}

fn derive(how: &str, source: &Path, folder: &Path) -> Outcome<()> {
    let model = Model::read(&fs::read(source)?)?;
    if how == "sharded" {
        return shards::write(&model, folder);
    }
    let cast = cast::named(how).ok_or_else(|| format!("no way to derive is named '{how}'"))?;
    fs::write(folder.join(MODEL), cast(&model)?.write())?;
    Ok(())
}
