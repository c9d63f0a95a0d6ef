//! A bit that flips in a stored blob is noticed wherever it is: what a reader gets is never taken for
//! the file.

use std::fs;
use std::ops::Range;
use std::path::PathBuf;

use serde_json::Value;
use sheaf_tests::{Access, Answer, Server, content, objects};

const FILE: &str = "model.safetensors";

/// A server with a file of several chunks, the largest of several frames.
struct Fixture {
    server: Server,
    bytes: Vec<u8>,
}

/// A stored blob, the largest of the file.
struct Victim {
    path: PathBuf,
    blob: Vec<u8>,
    id: String,
    /// Its raw bytes in the file.
    raw: Range<usize>,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        let bytes = content::safetensors_of(1, &[70_000, 200_000, 70_000]);
        server.admin().create("acme/model");
        server.admin().put("acme/model", FILE, &bytes).expect(201);
        Self { server, bytes }
    }

    fn anybody(&self) -> Access {
        self.server.anybody()
    }

    fn victim(&self) -> Victim {
        let manifest = self.server.admin().manifest("acme/model", FILE);
        let chunks = manifest["chunks"].as_array().unwrap();
        let size = |chunk: &Value| chunk["size"].as_u64().unwrap() as usize;
        let largest = (0..chunks.len())
            .max_by_key(|at| size(&chunks[*at]))
            .unwrap();
        let start = chunks[..largest].iter().map(size).sum();
        let id = chunks[largest]["blob"].as_str().unwrap().to_owned();
        let stored = objects(&self.server.object_store());
        let named = |path: &PathBuf| path.to_str().unwrap().contains(&id);
        let path = stored
            .into_iter()
            .map(|object| object.path)
            .find(named)
            .unwrap();
        Victim {
            blob: fs::read(&path).unwrap(),
            raw: start..start + size(&chunks[largest]),
            path,
            id,
        }
    }

    fn raw(&self) -> Answer {
        self.anybody().file("acme/model", FILE)
    }

    fn compressed(&self) -> Answer {
        let request = self
            .anybody()
            .request(&format!("/acme/model/resolve/main/{FILE}"));
        request.header("Accept-Encoding: sheaf").send()
    }

    fn range(&self, range: Range<usize>) -> Answer {
        let header = format!("Range: bytes={}-{}", range.start, range.end - 1);
        let request = self
            .anybody()
            .request(&format!("/acme/model/resolve/main/{FILE}"));
        request.header(&header).send()
    }

    fn blob(&self, victim: &Victim) -> Answer {
        let path = format!("/api/v1/repositories/acme/model/blobs/{}", victim.id);
        self.anybody().get(&path)
    }

    /// No way to read the file succeeds, and the client leaves nothing behind.
    #[track_caller]
    fn nothing_reads(&self, victim: &Victim, what: &str) {
        assert!(!self.raw().is_complete_success(), "{what}: raw");
        assert!(
            !self.compressed().is_complete_success(),
            "{what}: compressed"
        );
        assert!(
            !self.range(victim.raw.clone()).is_complete_success(),
            "{what}: range"
        );
        assert!(!self.blob(victim).is_complete_success(), "{what}: blob");
    }

    #[track_caller]
    fn cannot_be_pulled(&self) {
        let client = self.server.client();
        client.run(["pull", "acme/model", "here"]).failure();
        assert!(!client.path("here").join(FILE).exists());
    }

    #[track_caller]
    fn all_reads(&self, victim: &Victim) {
        assert!(self.raw().expect(200).body == self.bytes);
        assert!(self.range(victim.raw.clone()).expect(206).body == self.bytes[victim.raw.clone()]);
        assert!(self.blob(victim).expect(200).body == victim.blob);
    }
}

impl Victim {
    /// Offsets in every region: the fields of the header, of the index, and of each frame. See
    /// docs/format.md.
    fn regions(&self) -> Vec<(String, usize)> {
        let fields = [
            ("magic", 0),
            ("version", 4),
            ("header length", 5),
            ("raw length", 9),
            ("chunk id", 13),
            ("residual", 45),
            ("dtype", 46),
            ("row", 47),
            ("offset", 51),
            ("lead", 59),
            ("plan", 60),
            ("length of what is shared", 61),
        ];
        let mut regions: Vec<_> = fields.map(|(name, at)| (name.to_owned(), at)).to_vec();
        let number = |at: usize| u32::from_le_bytes(self.blob[at..at + 4].try_into().unwrap());
        let header = number(5) as usize;
        let index = 65 + number(61) as usize;
        if index > 65 {
            regions.push(("what is shared".to_owned(), (65 + index) / 2));
        }
        let mut start = header;
        for (frame, entry) in (index..header).step_by(28).enumerate() {
            let end = start + number(entry) as usize;
            for (field, at) in [
                ("stored length", entry),
                ("hash", entry + 4),
                ("check", entry + 20),
            ] {
                regions.push((format!("{field} of frame {frame}"), at));
            }
            for at in [start, (start + end) / 2, end - 1] {
                regions.push((format!("frame {frame}, byte {at}"), at));
            }
            start = end;
        }
        assert_eq!(start, self.blob.len());
        regions
    }
}

#[test]
fn a_flipped_bit_anywhere_is_noticed() {
    let fixture = Fixture::new();
    let victim = fixture.victim();
    let regions = victim.regions();
    assert!(regions.len() >= 12 + 2 * 6, "one frame alone: {regions:?}");
    for (number, (what, at)) in regions.iter().enumerate() {
        let mut blob = victim.blob.clone();
        blob[*at] ^= 1 << (number % 8);
        fs::write(&victim.path, blob).unwrap();
        fixture.nothing_reads(&victim, what);
    }
    fs::write(&victim.path, &victim.blob).unwrap();
    fixture.all_reads(&victim);
}

#[test]
fn the_client_leaves_nothing_of_a_damaged_file() {
    let fixture = Fixture::new();
    let victim = fixture.victim();
    for at in [0, 20, 70, victim.blob.len() - 1] {
        let mut blob = victim.blob.clone();
        blob[at] ^= 1;
        fs::write(&victim.path, blob).unwrap();
        fixture.cannot_be_pulled();
    }
}

#[test]
fn an_object_that_is_cut_replaced_or_gone_is_noticed() {
    let fixture = Fixture::new();
    let victim = fixture.victim();
    let longer = [victim.blob.as_slice(), b"more"].concat();
    let stored = objects(&fixture.server.object_store());
    let other = stored
        .iter()
        .find(|object| object.path != victim.path)
        .unwrap();
    let other = fs::read(&other.path).unwrap();
    let cut = &victim.blob[..victim.blob.len() / 2];
    for (what, bytes) in [("cut", cut), ("empty", b""), ("replaced", &other)] {
        fs::write(&victim.path, bytes).unwrap();
        fixture.nothing_reads(&victim, what);
    }
    fs::write(&victim.path, longer).unwrap();
    let raw = fixture.raw();
    assert!(
        !raw.is_complete_success() || raw.body == fixture.bytes,
        "longer"
    );
    fs::remove_file(&victim.path).unwrap();
    fixture.nothing_reads(&victim, "gone");
    fixture.cannot_be_pulled();

    fs::write(&victim.path, &victim.blob).unwrap();
    fixture.all_reads(&victim);
}

#[test]
fn what_is_sound_beside_it_is_still_served() {
    let fixture = Fixture::new();
    let victim = fixture.victim();
    let mut blob = victim.blob.clone();
    *blob.last_mut().unwrap() ^= 1;
    fs::write(&victim.path, blob).unwrap();
    for range in [0..victim.raw.start, victim.raw.end..fixture.bytes.len()] {
        assert!(fixture.range(range.clone()).expect(206).body == fixture.bytes[range]);
    }
    // Frames are verified one by one, and only the last is damaged.
    let first = victim.raw.start..victim.raw.start + 1000;
    assert!(fixture.range(first.clone()).expect(206).body == fixture.bytes[first]);
}
