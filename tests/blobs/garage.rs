//! The suite over a real store.

use sheaf_blobs::{Blobs, Error, S3Keys, S3Options};
use sheaf_tests::Garage;

use crate::suite::run;

fn options(garage: &Garage) -> S3Options {
    let (id, secret) = garage.key();
    S3Options {
        endpoint: Some(garage.endpoint()),
        region: Some(garage.region().into()),
        keys: Some(S3Keys {
            access_key_id: id.into(),
            secret_access_key: secret.into(),
            session_token: None,
        }),
        allow_http: true,
        ..S3Options::default()
    }
}

#[tokio::test]
async fn garage_passes() {
    let Some(garage) = Garage::start() else {
        return;
    };
    let options = options(&garage);
    let open = |url| Blobs::open(url, &options);
    // A listing has pages of a thousand.
    run(&open("s3://models/a/one").await.unwrap(), 1100).await;

    let error = open("s3://nothing").await.err().unwrap();
    assert!(
        matches!(error, Error::NoBucket | Error::Refused(_)),
        "{error}"
    );
    let mut wrong = options.clone();
    if let Some(keys) = &mut wrong.keys {
        keys.secret_access_key = "a-secret-that-is-wrong".into();
    }
    let error = Blobs::open("s3://models", &wrong).await.err().unwrap();
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(!error.to_string().contains("a-secret"), "{error}");
}
