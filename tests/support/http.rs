//! A small HTTP server that answers as a test wants, also as no server should.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server on this machine, until the test ends.
#[derive(Debug)]
pub struct HttpServer {
    address: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    sent: Arc<AtomicU64>,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its path and query.
    pub path: String,
    head: String,
}

/// Where an answer goes.
#[derive(Debug)]
pub struct Reply<'a> {
    stream: &'a mut TcpStream,
    sent: &'a AtomicU64,
}

impl HttpServer {
    /// Starts a server with this way of answering. Each connection takes one request.
    pub fn start(answer: impl Fn(&Asked, &mut Reply<'_>) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("its address").to_string();
        let (asked, sent) = (Arc::new(Mutex::new(vec![])), Arc::new(AtomicU64::new(0)));
        let server = Self {
            address,
            asked: asked.clone(),
            sent: sent.clone(),
        };
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (answer, asked, sent) = (answer.clone(), asked.clone(), sent.clone());
                thread::spawn(move || {
                    let request = read_request(&mut stream);
                    asked.lock().expect("no panic").push(request.clone());
                    let mut reply = Reply {
                        stream: &mut stream,
                        sent: &sent,
                    };
                    answer(&request, &mut reply);
                });
            }
        });
        server
    }

    /// Starts a server that answers with parts of a file, as servers should.
    pub fn of(file: Vec<u8>) -> Self {
        Self::start(move |asked, reply| reply.part_of(&file, asked, &["ETag: \"one\""]))
    }

    /// `ADDRESS:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }

    /// Bytes of bodies that were sent so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

impl Asked {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The part that is asked for.
    pub fn range(&self) -> Option<Range<usize>> {
        let range = self.header("Range")?.strip_prefix("bytes=")?;
        let (first, last) = range.split_once('-')?;
        Some(first.parse().ok()?..last.parse::<usize>().ok()? + 1)
    }
}

impl Reply<'_> {
    /// Sends a status and headers. The connection ends with the answer.
    pub fn head(&mut self, status: &str, headers: &[&str]) {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n");
        let _ = self.stream.write_all(head.as_bytes());
    }

    /// Sends bytes of a body; whether somebody still takes them.
    pub fn body(&mut self, bytes: &[u8]) -> bool {
        let taken = self.stream.write_all(bytes).is_ok();
        if taken {
            self.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        }
        taken
    }

    /// Waits until the other side hangs up.
    pub fn wait(&mut self) {
        let mut rest = [0; 64];
        while matches!(self.stream.read(&mut rest), Ok(1..)) {}
    }

    /// The part of a file that is asked for, with more headers.
    pub fn part_of(&mut self, file: &[u8], asked: &Asked, headers: &[&str]) {
        let range = asked.range().expect("a range");
        let range = range.start..range.end.min(file.len());
        let place = format!(
            "Content-Range: bytes {}-{}/{}",
            range.start,
            range.end - 1,
            file.len()
        );
        let length = format!("Content-Length: {}", range.len());
        self.head(
            "206 Partial Content",
            &[&[&*place, &*length], headers].concat(),
        );
        self.body(&file[range]);
    }
}

fn read_request(stream: &mut TcpStream) -> Asked {
    let (mut head, mut byte) = (vec![], [0]);
    while !head.ends_with(b"\r\n\r\n") && matches!(stream.read(&mut byte), Ok(1)) {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    Asked {
        path: path.to_owned(),
        head,
    }
}
