//! A list of values, in which the place of one is found.

/// Slots for each value that there may be: enough that most are found at their first.
const SLOTS: usize = 4;
/// What an empty slot has for a place.
const NONE: u16 = u16::MAX;
/// A number that spreads values over the slots.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Values and their places.
#[derive(Debug)]
pub(super) struct List {
    values: Vec<u64>,
    most: usize,
    /// By the top bits of a product; a value whose slot is taken has the next one.
    slots: Vec<(u64, u16)>,
    shift: u32,
}

impl List {
    /// An empty one, for at most so many values.
    pub fn new(most: usize) -> List {
        let slots = (SLOTS * most.max(1)).next_power_of_two();
        List {
            values: Vec::new(),
            most,
            slots: vec![(0, NONE); slots],
            shift: 64 - slots.trailing_zeros(),
        }
    }

    /// A list of these. One that comes again has a place of its own, at which nobody finds it.
    pub fn of(values: &[u64]) -> List {
        let mut list = List::new(values.len());
        for value in values {
            let _ = list.insert(*value);
        }
        list.values = values.to_vec();
        list
    }

    /// Puts a value in, if it is not there; nothing if that would be too many.
    #[inline]
    pub fn insert(&mut self, value: u64) -> Option<()> {
        let slot = self.slot(value);
        if self.slots[slot].1 == NONE {
            if self.values.len() == self.most {
                return None;
            }
            self.slots[slot] = (value, self.values.len() as u16);
            self.values.push(value);
        }
        Some(())
    }

    /// The place of a value, which is there.
    #[inline]
    pub fn place(&self, value: u64) -> u16 {
        self.slots[self.slot(value)].1
    }

    /// The slot that a value has, or would have. There are always empty ones.
    #[inline]
    fn slot(&self, value: u64) -> usize {
        let mut slot = (value.wrapping_mul(SPREAD) >> self.shift) as usize;
        while self.slots[slot].0 != value && self.slots[slot].1 != NONE {
            slot = (slot + 1) & (self.slots.len() - 1);
        }
        slot
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn into_values(self) -> Vec<u64> {
        self.values
    }
}
