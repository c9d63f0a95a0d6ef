use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A TCP proxy on this machine, which counts what passes and can do harm to it.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    passing: Arc<Passing>,
}

#[derive(Debug, Default)]
struct Passing {
    /// What clients sent.
    sent: Mutex<Vec<u8>>,
    /// Bytes that went back to them.
    came: AtomicU64,
    /// Answers with a status from 400 to 499.
    refused: AtomicU32,
    flips: AtomicBool,
    /// Requests that are still to be held up.
    late: AtomicU32,
    /// For how many milliseconds.
    by: AtomicU64,
}

impl Proxy {
    /// One that leads to `HOST:PORT`.
    pub fn to(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let passing = Arc::new(Passing::default());
        let (target, shared) = (target.to_owned(), Arc::clone(&passing));
        thread::spawn(move || accept(&listener, &target, &shared));
        Self { address, passing }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Bytes that went back to clients.
    pub fn came(&self) -> u64 {
        self.passing.came.load(Ordering::Relaxed)
    }

    /// All that clients sent.
    pub fn sent(&self) -> String {
        let sent = self.passing.sent.lock();
        let sent = sent.unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&sent).into_owned()
    }

    /// Answers with a status from 400 to 499.
    pub fn refused(&self) -> u32 {
        self.passing.refused.load(Ordering::Relaxed)
    }

    /// From now on bits of what goes back are flipped.
    pub fn flip(&self) {
        self.passing.flips.store(true, Ordering::Relaxed);
    }

    /// Holds up the next requests.
    pub fn delay(&self, requests: u32, by: Duration) {
        let by = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.passing.by.store(by, Ordering::Relaxed);
        self.passing.late.store(requests, Ordering::Relaxed);
    }
}

fn accept(listener: &TcpListener, target: &str, passing: &Arc<Passing>) {
    for client in listener.incoming().flatten() {
        // Whoever cannot be led on is hung up on.
        let Ok(server) = TcpStream::connect(target) else {
            continue;
        };
        let (Ok(from), Ok(to)) = (client.try_clone(), server.try_clone()) else {
            continue;
        };
        let shared = Arc::clone(passing);
        thread::spawn(move || pass(from, to, |bytes| shared.request(bytes)));
        let shared = Arc::clone(passing);
        thread::spawn(move || pass(server, client, |bytes| shared.answer(bytes)));
    }
}

/// Until one side hangs up, which the other is told.
fn pass(mut from: TcpStream, mut to: TcpStream, look: impl Fn(&mut [u8])) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        look(&mut buffer[..read]);
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

impl Passing {
    fn request(&self, bytes: &mut [u8]) {
        let sent = self.sent.lock();
        sent.unwrap_or_else(PoisonError::into_inner).extend(&*bytes);
        let one_less = |late: u32| late.checked_sub(1);
        let (set, fetch) = (Ordering::Relaxed, Ordering::Relaxed);
        if self.late.fetch_update(set, fetch, one_less).is_ok() {
            thread::sleep(Duration::from_millis(self.by.load(Ordering::Relaxed)));
        }
    }

    fn answer(&self, bytes: &mut [u8]) {
        self.came.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        if bytes.starts_with(b"HTTP/1.1 4") {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        // Not in the head of an answer.
        if self.flips.load(Ordering::Relaxed) && bytes.len() > 4000 {
            bytes[bytes.len() - 100] ^= 4;
        }
    }
}
