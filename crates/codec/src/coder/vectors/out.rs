//! Where vectors go, one after the other: near, to be read again soon, or far, past the caches.
//!
//! What goes far goes in lines that begin where the cache's do, unlike the vectors: each has the end of one vector and
//! the beginning of the next. Writing half a line waits for memory.

use std::arch::x86_64::*;

use super::super::rows::Lines;
use super::{LEN, Wide, load_bytes, store_bytes};

type Line = Lines<[u8; LEN]>;

/// What was put of vectors, and has not gone far yet.
pub(crate) struct Owed {
    /// The last vector.
    last: [u8; LEN],
    /// How many bytes of it are owed, its last: less than all.
    len: usize,
}

impl Owed {
    pub(crate) fn nothing() -> Owed {
        Owed {
            last: [0; LEN],
            len: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Takes where vectors of so many bytes go: from what is owed before them on, and but for what is owed after them.
    pub(crate) fn take<'a>(&mut self, from: &mut &'a mut [u8], len: usize) -> &'a mut [u8] {
        let past = from.as_ptr().addr() % LEN;
        if past > 0 {
            self.len = past;
        }
        from.split_off_mut(..len - past).unwrap_or_default()
    }

    /// Puts what is owed where it belongs, before what is left.
    pub(crate) fn settle(&mut self, to: &mut &mut [u8]) {
        let own = to.split_off_mut(..self.len).unwrap_or_default();
        own.copy_from_slice(&self.last[LEN - own.len()..]);
        self.len = 0;
    }
}

/// Room for some whole vectors.
pub(crate) struct Out<'a, const FAR: bool> {
    /// All of it, where it is near.
    near: &'a mut [[u8; LEN]],
    /// Where it is far, what the first vector of all has before the first line.
    head: &'a mut [u8],
    lines: &'a mut [Line],
    owed: Option<&'a mut Owed>,
}

impl<'a, const FAR: bool> Out<'a, FAR> {
    /// What is owed is that of the vectors before, where they go far.
    pub(crate) fn new(room: &'a mut [u8], owed: Option<&'a mut Owed>) -> Out<'a, FAR> {
        let (near, far) = match FAR {
            true => (Default::default(), room),
            false => (room, Default::default()),
        };
        // SAFETY: a line is bytes, and any bytes are one.
        #[allow(unsafe_code)]
        let (head, lines, _) = unsafe { far.align_to_mut::<Line>() };
        Out {
            near: near.as_chunks_mut().0,
            head,
            lines,
            owed,
        }
    }

    /// The last vector that was put, for [`Out::put`].
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn last(&self) -> __m512i {
        match &self.owed {
            Some(owed) => load_bytes(&owed.last),
            None => _mm512_setzero_si512(),
        }
    }

    /// Keeps the last vector that was put.
    #[inline]
    #[target_feature(enable = "avx512f")]
    pub(crate) fn keep(&mut self, last: __m512i) {
        if let Some(owed) = &mut self.owed {
            store_bytes(last, &mut owed.last);
        }
    }

    /// Puts vectors from this number on, which come after another, and gives the last of them. What is near is brought
    /// nearer so many bytes ahead.
    #[inline(always)]
    pub(crate) fn put<const N: usize>(
        &mut self,
        _: Wide,
        at: usize,
        last: __m512i,
        vectors: [__m512i; N],
        ahead: usize,
    ) -> __m512i {
        // SAFETY: a `Wide` exists only where there are the features. They are asked for in the functions that are
        // called, since one that asks for some is not made part of its caller each time.
        #[allow(unsafe_code)]
        unsafe {
            if FAR {
                return self.put_far(at, last, vectors);
            }
            for (vector, to) in vectors.iter().zip(&mut self.near[at..][..N]) {
                _mm_prefetch::<_MM_HINT_ET0>(to.as_ptr().wrapping_add(ahead).cast());
                store_bytes(*vector, to);
            }
            last
        }
    }

    /// Asks for the features of a `Wide`.
    #[allow(unsafe_code)]
    #[inline(always)]
    unsafe fn put_far<const N: usize>(
        &mut self,
        at: usize,
        last: __m512i,
        vectors: [__m512i; N],
    ) -> __m512i {
        let from = at.wrapping_sub(usize::from(!self.head.is_empty()));
        let owed = self.owed.as_ref().map_or(0, |owed| owed.len);
        // SAFETY: as above.
        unsafe {
            let places = places(owed);
            let lines = self.lines.get_mut(from..);
            let Some(lines) = lines.and_then(<[Line]>::first_chunk_mut::<N>) else {
                return self.begin(places, vectors);
            };
            let mut before = last;
            for (line, vector) in lines.iter_mut().zip(vectors) {
                stream(_mm512_permutex2var_epi8(before, places, vector), line);
                before = vector;
            }
            before
        }
    }

    /// Puts the first vectors of all.
    #[cold]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn begin<const N: usize>(&mut self, places: __m512i, vectors: [__m512i; N]) -> __m512i {
        let mut bytes = [0; LEN];
        store_bytes(vectors[0], &mut bytes);
        let len = self.head.len();
        self.head.copy_from_slice(&bytes[..len]);
        for (line, pair) in self.lines.iter_mut().zip(vectors.windows(2)) {
            stream(_mm512_permutex2var_epi8(pair[0], places, pair[1]), line);
        }
        vectors[N - 1]
    }

    /// All of it, where it is near.
    pub(crate) fn near(&self) -> &[[u8; LEN]] {
        self.near
    }
}

/// Which bytes of a vector, of which some are owed, and the next one are a line.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn places(owed: usize) -> __m512i {
    const IN_TURN: [u8; LEN] = {
        let (mut all, mut at) = ([0; LEN], 0);
        while at < LEN {
            all[at] = at as u8;
            at += 1;
        }
        all
    };
    _mm512_add_epi8(load_bytes(&IN_TURN), _mm512_set1_epi8((LEN - owed) as i8))
}

#[inline]
#[target_feature(enable = "avx512f")]
fn stream(vector: __m512i, to: &mut Line) {
    // SAFETY: a line is 64 bytes and begins where those of the cache do.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_stream_si512(to.0.as_mut_ptr().cast(), vector);
    }
}

/// What went far is there for all who see what is done after this.
pub(crate) fn fence() {
    // SAFETY: all of these machines have the instruction, which orders stores and does nothing else.
    #[allow(unsafe_code)]
    unsafe {
        _mm_sfence();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts bytes by runs, each of some vectors, so many of them at a time.
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    fn put<const N: usize>(machine: Wide, bytes: &[u8], run: usize, mut to: &mut [u8]) {
        let mut owed = Owed::nothing();
        for run in bytes.chunks(run * LEN) {
            let room = owed.take(&mut to, run.len());
            let mut out = Out::<true>::new(room, Some(&mut owed));
            let mut last = out.last();
            let vectors = run.as_chunks::<LEN>().0.as_chunks::<N>().0;
            for (at, vectors) in vectors.iter().enumerate() {
                last = out.put(
                    machine,
                    N * at,
                    last,
                    vectors.map(|vector| load_bytes(&vector)),
                    0,
                );
            }
            out.keep(last);
        }
        owed.settle(&mut to);
        assert!(to.is_empty());
        fence();
    }

    #[test]
    fn all_is_where_it_belongs_wherever_that_begins() {
        let Some(machine) = Wide::here() else {
            return;
        };
        let bytes: Vec<u8> = (0..24 * LEN).map(|i| (i * 167 + i / 256) as u8).collect();
        for before in 0..2 * LEN {
            for run in [4, 8, 24] {
                for each in [1, 2, 4] {
                    let mut to = vec![7; bytes.len() + 3 * LEN];
                    let room = &mut to[before..][..bytes.len()];
                    // SAFETY: the machine was just asked.
                    #[allow(unsafe_code)]
                    unsafe {
                        match each {
                            1 => put::<1>(machine, &bytes, run, room),
                            2 => put::<2>(machine, &bytes, run, room),
                            _ => put::<4>(machine, &bytes, run, room),
                        }
                    }
                    let (start, rest) = to.split_at(before);
                    let (own, rest) = rest.split_at(bytes.len());
                    assert!(own == bytes, "{before} {run} {each}");
                    assert!(start.iter().chain(rest).all(|byte| *byte == 7));
                }
            }
        }
    }
}
