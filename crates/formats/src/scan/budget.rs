//! What a scan may cost, whatever the file.

/// The most opcodes that are read of a file.
const MAX_OPS: u64 = 32 << 20;

/// The most bytes that are inflated of a file.
const MAX_INFLATED: usize = 32 << 20;

/// How deep files are looked into files.
const MAX_DEPTH: u32 = 4;

/// What a scan has left.
#[derive(Debug)]
pub(super) struct Budget {
    ops: u64,
    inflated: usize,
    depth: u32,
}

impl Budget {
    pub fn new() -> Budget {
        Budget {
            ops: MAX_OPS,
            inflated: MAX_INFLATED,
            depth: MAX_DEPTH,
        }
    }

    /// Takes an opcode from it, if there is one.
    pub fn step(&mut self) -> bool {
        self.steps(1)
    }

    /// The same of what costs as much as so many opcodes.
    pub fn steps(&mut self, ops: u64) -> bool {
        let left = self.ops.checked_sub(ops);
        self.ops = left.unwrap_or(0);
        left.is_some()
    }

    /// Bytes that may be inflated now.
    pub fn inflatable(&self) -> usize {
        self.inflated
    }

    pub fn inflated(&mut self, len: usize) {
        self.inflated = self.inflated.saturating_sub(len);
    }

    /// Goes into a file in the file, if that is not too deep.
    pub fn enter(&mut self) -> bool {
        let left = self.depth.checked_sub(1);
        self.depth = left.unwrap_or(0);
        left.is_some()
    }

    pub fn leave(&mut self) {
        self.depth += 1;
    }
}
