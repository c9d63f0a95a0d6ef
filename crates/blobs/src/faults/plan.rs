//! Which faults, and how often: `seed=7,put.fail=0.1,get.flip=0.02,stall=300ms`.

use std::str::FromStr;
use std::time::Duration;

use super::{Fault, Operation};

/// How often what goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub(super) seed: u64,
    /// How long a stall takes.
    pub(super) stall: Duration,
    /// How late what is late is at most.
    pub(super) late: Duration,
    rates: Vec<(Operation, Fault, f64)>,
}

/// A text that is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is no part of a plan of faults, such as seed=7, put.fail=0.1, get.flip=0.02 or stall=300ms"
)]
pub struct BadPlan(String);

impl Plan {
    /// The fault that a number means, as each has its share of all numbers.
    pub(super) fn choose(&self, operation: Operation, number: u64) -> Option<Fault> {
        let mut left = number as f64 / u64::MAX as f64;
        let of_it = self.rates.iter().filter(|(of, ..)| *of == operation);
        for (_, fault, rate) in of_it {
            if left < *rate {
                return Some(*fault);
            }
            left -= rate;
        }
        None
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "seed" => self.seed = value.parse().ok()?,
            "stall" => self.stall = milliseconds(value)?,
            "late" => self.late = milliseconds(value)?,
            _ => self.rates.push(rate(name, value)?),
        }
        Some(())
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 0,
            stall: Duration::from_secs(1),
            late: Duration::from_millis(50),
            rates: vec![],
        }
    }
}

impl FromStr for Plan {
    type Err = BadPlan;

    fn from_str(text: &str) -> Result<Self, BadPlan> {
        let mut plan = Self::default();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            plan.set(name, value).ok_or_else(|| BadPlan(part.into()))?;
        }
        Ok(plan)
    }
}

fn milliseconds(value: &str) -> Option<Duration> {
    let number = value.strip_suffix("ms")?.parse().ok()?;
    Some(Duration::from_millis(number))
}

fn rate(name: &str, value: &str) -> Option<(Operation, Fault, f64)> {
    let (operation, fault) = name.split_once('.')?;
    let operation = find(&Operation::ALL, operation)?;
    let fault = find(&Fault::ALL, fault).filter(|fault| fault.befalls(operation))?;
    let rate = value.parse().ok();
    let rate = rate.filter(|rate| (0.0..=1.0).contains(rate))?;
    Some((operation, fault, rate))
}

fn find<T: Copy>(all: &[(&str, T)], name: &str) -> Option<T> {
    all.iter()
        .find(|(other, _)| *other == name)
        .map(|(_, item)| *item)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_about_as_often_as_planned() {
        let plan: Plan = "put.fail=0.25,put.lost=0.5,get.flip=1".parse().unwrap();
        let part = u64::MAX / 16;
        let of = |number: u64| plan.choose(Operation::Put, number * part);
        assert_eq!(of(1), Some(Fault::Fail));
        assert_eq!(of(3), Some(Fault::Fail));
        assert_eq!(of(5), Some(Fault::Lost));
        assert_eq!(of(11), Some(Fault::Lost));
        assert_eq!(of(13), None);
        assert_eq!(plan.choose(Operation::Get, part), Some(Fault::Flip));
        assert_eq!(plan.choose(Operation::List, part), None);
    }

    #[test]
    fn what_is_no_plan_is_refused_by_its_part() {
        for bad in [
            "seed",
            "seed=x",
            "put.explode=0.1",
            "put.flip=0.1",
            "list.lost=0.1",
            "get.fail=1.1",
            "get.fail=-1",
            "get.fail=NaN",
            "stall=3s",
        ] {
            let refused = format!("seed=1,{bad}").parse::<Plan>();
            assert_eq!(refused, Err(BadPlan(bad.into())));
        }
        assert_eq!("".parse(), Ok(Plan::default()));
    }
}
