use std::time::Duration;

use tokio::time::Instant;

/// Keeps what is read under so many bytes a second, from where it was begun.
pub(super) struct Pace {
    bytes_per_second: Option<u64>,
    began: Instant,
    bytes: u64,
}

impl Pace {
    pub fn new(bytes_per_second: Option<u64>) -> Self {
        Self {
            bytes_per_second,
            began: Instant::now(),
            bytes: 0,
        }
    }

    /// Counts what was read, and waits until more may be.
    pub async fn read(&mut self, bytes: u64) {
        self.bytes += bytes;
        if let Some(rate) = self.bytes_per_second {
            let due = Duration::from_secs_f64(self.bytes as f64 / rate as f64);
            tokio::time::sleep_until(self.began + due).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_read_takes_its_time() {
        let began = Instant::now();
        let mut pace = Pace::new(Some(1000));
        pace.read(500).await;
        pace.read(1500).await;
        assert_eq!(began.elapsed().as_secs(), 2);
        let mut free = Pace::new(None);
        free.read(1 << 40).await;
        assert_eq!(began.elapsed().as_secs(), 2);
    }
}
