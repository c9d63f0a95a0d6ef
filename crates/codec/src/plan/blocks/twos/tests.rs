//! Groups taken apart and put together, on any machine.

use super::*;
use crate::Dtype;
use crate::plan::blocks::marks;

#[test]
fn groups_come_back_on_any_machine() {
    for dtype in Dtype::ALL {
        let Some(kind) = Kind::of(*dtype) else {
            continue;
        };
        for number in 0..=MOST {
            let Some(twos) = Twos::of(&kind, number) else {
                continue;
            };
            let mut quants = vec![0; 200 * GROUP];
            blake3::Hasher::new().finalize_xof().fill(&mut quants);
            let most = 255 >> (8 - kind.bits);
            for (i, quant) in quants.iter_mut().enumerate() {
                // Groups that have marks, and some that have none.
                *quant = (*quant & most).clamp(u8::from(i % 3000 > 2000) * 3, most);
                if i % 5000 > 4000 {
                    *quant = 2;
                }
            }
            let mut places = Places::default();
            for (ends, places) in twos.ends().iter().zip(&mut places) {
                marks::find(&quants, *ends, places);
            }
            let scales: Vec<u8> = (0..200)
                .map(|i| i as u8 & ((1 << twos.lent()) - 1))
                .collect();
            let split = || {
                let (mut extras, mut taken) = (Vec::new(), Taken::default());
                twos.extras(
                    &quants,
                    spots(&places, 0..200),
                    &scales,
                    &mut extras,
                    &mut taken.exceptions,
                );
                twos.split(&quants, spots(&places, 0..200), &extras, &mut taken);
                taken
            };
            let mut taken = split();
            let len = 200 * twos.symbols();
            for other in [crate::cpu::plainly(split), crate::cpu::narrowly(split)] {
                assert!(other.symbols[..len] == taken.symbols[..len]);
                assert!(other.low == taken.low && other.exceptions == taken.exceptions);
            }
            let (low, exceptions) = (taken.low.clone(), taken.exceptions.clone());
            let mut join = || {
                let mut back = vec![7; quants.len()];
                let mut exceptions = exceptions.as_slice();
                twos.join(&mut taken, &low, spots(&places, 0..200), &mut back)
                    .unwrap();
                twos.mark(&low, spots(&places, 0..200), &mut exceptions, &mut back)
                    .unwrap();
                assert!(exceptions.is_empty());
                back
            };
            assert!(join() == quants, "{} {number}", dtype.name());
            assert!(crate::cpu::plainly(&mut join) == quants);
            assert!(crate::cpu::narrowly(&mut join) == quants);
            if twos.lent() > 0 {
                let mut lent = Vec::new();
                twos.scales(&low, &mut lent);
                assert!(lent == scales);
            }
        }
    }
}
