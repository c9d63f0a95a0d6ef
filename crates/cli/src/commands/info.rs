//! `sheaf info`: what a repository is and what its storage costs and saves.

use std::fmt::Write;

use serde::Serialize;
use sheaf_types::repositories::Repository;
use sheaf_types::revisions::{Revision, TreeEntry};
use sheaf_types::savings::Savings;

use crate::globals::Globals;
use crate::target::Target;
use crate::{near_lossless, output, remote, words};

/// Shows a repository: what is in it, what it costs, what is saved
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The repository [default branch: main]
    #[arg(value_name = "NAMESPACE/NAME[@REF]")]
    target: Target,
}

#[derive(Serialize)]
struct Info {
    #[serde(flatten)]
    repository: Repository,
    /// Absent where nothing was pushed yet.
    revision: Option<Revision>,
    /// Its files whose weights were rounded before they were pushed.
    near_lossless: Vec<TreeEntry>,
    #[serde(flatten)]
    savings: Savings,
}

/// Prints it.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let target = args.target;
    let client = remote::connect(globals)?;
    let repository = client.repository(&target.name).await?;
    let tree = match client.whole_tree(&target.name, &target.reference()).await {
        // A repository is there before anything is in it.
        Err(error) if error.is_not_found() && target.reference.is_none() => None,
        tree => Some(tree?),
    };
    let (revision, mut files) = tree.unzip();
    files
        .iter_mut()
        .for_each(|files| files.retain(|file| file.near_lossless_bits.is_some()));
    let info = Info {
        repository,
        revision,
        near_lossless: files.unwrap_or_default(),
        savings: client.savings(&target.name).await?,
    };
    if globals.json {
        return output::json(&info);
    }
    Ok(output::line(describe(&info, &target)?.trim_end())?)
}

fn describe(info: &Info, target: &Target) -> anyhow::Result<String> {
    let repository = &info.repository;
    let mut text = String::new();
    let visibility = words::visibility(repository.private);
    writeln!(text, "{} ({visibility})", repository.name)?;
    if !repository.description.is_empty() {
        writeln!(text, "{}", output::one_line(&repository.description))?;
    }
    match &info.revision {
        None => writeln!(text, "holds nothing yet")?,
        Some(revision) => revision_words(&mut text, revision, target)?,
    }
    near_lossless_words(&mut text, &info.near_lossless)?;
    savings_words(&mut text, &info.savings)?;
    Ok(text)
}

fn revision_words(text: &mut String, revision: &Revision, target: &Target) -> anyhow::Result<()> {
    let Revision { id, files, .. } = revision;
    writeln!(text, "{} is {id}", target.reference())?;
    let time = words::time(revision.created_at);
    let message = output::one_line(&revision.message);
    writeln!(text, "  {time}  {message}")?;
    let size = output::size(revision.bytes);
    writeln!(text, "  {}, {size}", words::count(*files, "file"))?;
    Ok(())
}

/// Which files are not as they were before they were pushed.
fn near_lossless_words(text: &mut String, files: &[TreeEntry]) -> anyhow::Result<()> {
    for file in files {
        let bits = file.near_lossless_bits.unwrap_or_default();
        writeln!(text, "  {}: {}", near_lossless::note(bits), file.path)?;
    }
    Ok(())
}

fn savings_words(text: &mut String, savings: &Savings) -> anyhow::Result<()> {
    let size = output::size;
    let Savings {
        raw_bytes,
        stored_bytes,
        saved_by,
        ..
    } = *savings;
    let share = 100.0 * stored_bytes as f64 / (raw_bytes.max(1)) as f64;
    writeln!(text, "All revisions together")?;
    writeln!(
        text,
        "  {} of files, stored in {} ({share:.1} %)",
        size(raw_bytes),
        size(stored_bytes)
    )?;
    writeln!(
        text,
        "  saved: {} by storing once what comes twice, {} by encoding, {} by deltas",
        words::signed_size(saved_by.dedup),
        words::signed_size(saved_by.encoding),
        words::signed_size(saved_by.delta),
    )?;
    if savings.base_bytes > 0 {
        let bases = size(savings.base_bytes);
        writeln!(
            text,
            "  needs {bases} of other repositories' blobs as bases"
        )?;
    }
    let exclusive = size(savings.exclusive_bytes);
    writeln!(text, "  deleting the repository would free {exclusive}")?;
    if savings.sent_raw_bytes > 0 {
        writeln!(
            text,
            "  sent to readers: {} of files as {} on the wire",
            size(savings.sent_raw_bytes),
            size(savings.sent_wire_bytes)
        )?;
    }
    if savings.direct_raw_bytes > 0 {
        writeln!(
            text,
            "  handed out to be read in the bucket: {} of files as {} of blobs",
            size(savings.direct_raw_bytes),
            size(savings.direct_wire_bytes)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sheaf_types::Sha256;
    use sheaf_types::savings::SavedBy;

    use super::*;

    fn info() -> Info {
        Info {
            repository: Repository {
                name: "acme/model".parse().unwrap(),
                private: true,
                description: String::new(),
                created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
                updated_at: "2026-01-02T03:04:05Z".parse().unwrap(),
            },
            revision: None,
            near_lossless: vec![TreeEntry {
                path: "w.safetensors".parse().unwrap(),
                size: 1,
                sha256: Sha256([0; 32]),
                near_lossless_bits: Some(16),
                pickles: None,
            }],
            savings: Savings {
                raw_bytes: 2_000_000_000,
                stored_bytes: 1_300_000_000,
                saved_by: SavedBy {
                    dedup: 0,
                    encoding: 700_000_000,
                    delta: -5_000,
                },
                ..Savings::default()
            },
        }
    }

    #[test]
    fn people_read_sizes_and_shares() {
        let text = describe(&info(), &"acme/model".parse().unwrap()).unwrap();
        for part in [
            "acme/model (private)",
            "holds nothing yet",
            "  near-lossless, 16 bits: w.safetensors\n",
            "2.00 GB of files, stored in 1.30 GB (65.0 %)",
            "700 MB by encoding, -5.00 kB by deltas",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn scripts_read_the_words_of_savings() {
        let json = serde_json::to_value(info()).unwrap();
        assert_eq!(json["name"], "acme/model");
        assert_eq!(json["raw_bytes"], 2_000_000_000_u64);
        assert_eq!(json["saved_by"]["encoding"], 700_000_000);
        assert!(json["revision"].is_null());
        assert_eq!(json["near_lossless"][0]["near_lossless_bits"], 16);
    }
}
