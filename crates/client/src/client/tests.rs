use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::any;

use super::*;

/// A server that fails so many times before it answers `7`.
async fn flaky(failures: u32, status: StatusCode) -> (Client, Arc<AtomicU32>) {
    let asked = Arc::new(AtomicU32::new(0));
    let count = asked.clone();
    let handler = move || async move {
        if count.fetch_add(1, Ordering::SeqCst) < failures {
            (status, "no")
        } else {
            (StatusCode::OK, "7")
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/x", any(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let address = format!("http://{address}").parse().unwrap();
    (Client::new(&address, Some("secret")).unwrap(), asked)
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let (client, asked) = flaky(2, StatusCode::SERVICE_UNAVAILABLE).await;
    let answer: u32 = client.json(Request::get("/x".into())).await.unwrap();
    assert_eq!((answer, asked.load(Ordering::SeqCst)), (7, 3));
}

#[tokio::test]
async fn what_may_have_been_done_is_not_done_twice() {
    let (client, asked) = flaky(2, StatusCode::BAD_GATEWAY).await;
    let error = client.done(Request::post("/x".into())).await.unwrap_err();
    assert_eq!(
        (error.status(), asked.load(Ordering::SeqCst)),
        (Some(502), 1)
    );
}

#[tokio::test]
async fn a_refusal_is_final() {
    let (client, asked) = flaky(2, StatusCode::FORBIDDEN).await;
    let error = client.done(Request::get("/x".into())).await.unwrap_err();
    assert_eq!(
        (error.status(), asked.load(Ordering::SeqCst)),
        (Some(403), 1)
    );
}

#[tokio::test]
async fn a_longer_answer_than_expected_is_refused() {
    let (client, _) = flaky(0, StatusCode::OK).await;
    let error = client.send(Request::get("/x".into()).limit(0)).await;
    assert!(matches!(error, Err(Error::Answer(_))));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(&server.parse().unwrap(), None).unwrap();
    let error = client.done(Request::get("/x".into())).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot reach {server}: connection refused; is the server running?")
    );
}

#[test]
fn the_token_is_never_shown() {
    let server = "http://localhost".parse().unwrap();
    let client = Client::new(&server, Some("hush-hush")).unwrap();
    assert!(!format!("{client:?}").contains("hush-hush"));
    assert!(Client::new(&server, Some("a\nb")).is_err());
}
