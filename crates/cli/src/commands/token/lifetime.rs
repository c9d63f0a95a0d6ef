use std::str::FromStr;

/// Seconds, written as a number and a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(pub u64);

impl FromStr for Lifetime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a time is a number and s, m, h, d or w: 30d".to_owned();
        let mut number = text.chars();
        let unit = match number.next_back() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 60 * 60,
            Some('d') => 24 * 60 * 60,
            Some('w') => 7 * 24 * 60 * 60,
            _ => return Err(wrong()),
        };
        let number: u64 = number.as_str().parse().map_err(|_| wrong())?;
        number.checked_mul(unit).map(Self).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_a_number_and_a_unit() {
        assert_eq!("90s".parse(), Ok(Lifetime(90)));
        assert_eq!("2w".parse(), Ok(Lifetime(14 * 86_400)));
        for wrong in ["", "d", "10", "-1d", "1.5h", "1ü", "99999999999999999999w"] {
            assert!(wrong.parse::<Lifetime>().is_err(), "{wrong}");
        }
    }
}
