//! TLS: who is trusted, by us and by the server.

use std::sync::Arc;

use rcgen::{CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::{clock, serve, within};
use crate::transport::http::{Limits, Request, send};
use crate::transport::{Endpoint, Stream, TlsContext, TlsSettings, TlsSettingsError, dial};

struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
struct Identity {
    cert: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> Vec<u8> {
        self.0.pem().into_bytes()
    }

    fn issue(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Identity { cert: params.signed_by(&key, &self.0).unwrap().pem(), key: key.serialize_pem() }
    }
}

fn acceptor(identity: &Identity, clients: Option<&Authority>) -> TlsAcceptor {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.0.der().clone()).unwrap();
            builder.with_client_cert_verifier(
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap(),
            )
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(identity.cert.as_bytes()).unwrap()];
    let mut config =
        builder.with_single_cert(chain, PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap()).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn answer(stream: TcpStream, acceptor: TlsAcceptor, name: Option<&'static str>) {
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    assert_eq!(stream.get_ref().1.server_name(), name, "the name that is asked for (SNI)");
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.unwrap());
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    stream.shutdown().await.unwrap();
}

/// A request to `host` at a server with this acceptor succeeds, or fails with this kind and these words.
async fn check(acceptor: TlsAcceptor, host: &'static str, settings: TlsSettings, expected: Result<(), (&str, &str)>) {
    let name = host.parse::<std::net::IpAddr>().is_err().then_some(host);
    let (address, server) = serve(move |stream| answer(stream, acceptor, name)).await;
    let tls = Some(TlsContext::new(&settings).unwrap());
    let endpoint = Endpoint { host: host.to_owned(), port: address.port(), tls, source: None, proxy: None };
    let request = Request { method: "GET".into(), path_and_query: "/".into(), headers: vec![], body: "".into() };
    match (within(send(&endpoint, &request, &Limits::default(), &clock())).await, expected) {
        (Ok((response, phases)), Ok(())) => {
            assert_eq!((response.status, phases.tls.is_some()), (200, true));
            within(server).await.unwrap();
        }
        (Err(error), Err((kind, words))) => {
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(words), "`{words}` is missing in: {error}");
        }
        (outcome, expected) => panic!("{outcome:?} instead of {expected:?}"),
    }
}

fn trusting(authority: &Authority) -> TlsSettings {
    TlsSettings { ca: Some(authority.pem()), ..TlsSettings::default() }
}

#[tokio::test]
async fn servers() {
    let authority = Authority::new("ours");
    let fine = authority.issue("localhost", |_| ());
    let address = authority.issue("127.0.0.1", |_| ());
    let expired = authority.issue("localhost", |params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = authority.issue("localhost", |params| params.not_before = date_time_ymd(3000, 1, 1));
    let elsewhere = authority.issue("elsewhere.example", |_| ());
    let careless = || TlsSettings { verify: false, ..TlsSettings::default() };

    check(acceptor(&fine, None), "localhost", trusting(&authority), Ok(())).await;
    check(acceptor(&address, None), "127.0.0.1", trusting(&authority), Ok(())).await;
    let unknown = Err(("TLS: unknown certificate authority", "`tls.ca`"));
    check(acceptor(&fine, None), "localhost", TlsSettings::default(), unknown).await;
    check(acceptor(&fine, None), "localhost", trusting(&Authority::new("theirs")), unknown).await;
    check(acceptor(&fine, None), "localhost", trusting(&Authority::new("ours")), unknown).await;
    let wrong = Err(("TLS: certificate for another name", "elsewhere.example"));
    check(acceptor(&elsewhere, None), "localhost", trusting(&authority), wrong).await;
    let old = Err(("TLS: certificate expired", "renew"));
    check(acceptor(&expired, None), "localhost", trusting(&authority), old).await;
    let young = Err(("TLS: certificate not yet valid", "clock"));
    check(acceptor(&early, None), "localhost", trusting(&authority), young).await;
    let authoritative = authority.issue("localhost", |params| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    let marked = Err(("TLS: certificate of an authority", "basicConstraints=critical,CA:FALSE"));
    check(acceptor(&authoritative, None), "localhost", trusting(&authority), marked).await;
    for identity in [&fine, &expired, &elsewhere] {
        check(acceptor(identity, None), "localhost", careless(), Ok(())).await;
    }
}

#[tokio::test]
async fn clients() {
    let authority = Authority::new("ours");
    let server = authority.issue("localhost", |_| ());
    let own = |issuer: &Authority| {
        let me = issuer.issue("me", |_| ());
        TlsSettings { cert: Some(me.cert.into()), key: Some(me.key.into()), ..trusting(&authority) }
    };
    let refused = Err(("TLS: client certificate refused", "`tls.cert`"));
    check(acceptor(&server, Some(&authority)), "localhost", own(&authority), Ok(())).await;
    check(acceptor(&server, Some(&authority)), "localhost", trusting(&authority), refused).await;
    check(acceptor(&server, Some(&authority)), "localhost", own(&Authority::new("theirs")), refused).await;
}

#[tokio::test]
async fn servers_without_tls() {
    let (kinds, settings) =
        (["TLS: the server does not speak it", "TLS: connection lost in the handshake"], TlsSettings::default());
    for (words, kind) in [("HTTP/1.1 400 Bad Request\r\n\r\n", kinds[0]), ("", kinds[1])] {
        let (address, _server) = serve(move |mut stream: TcpStream| async move {
            stream.read_u8().await.unwrap();
            stream.write_all(words.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let _ = stream.read_to_end(&mut Vec::new()).await;
        })
        .await;
        let tls = Some(TlsContext::new(&settings).unwrap());
        let endpoint = Endpoint { host: "localhost".to_owned(), port: address.port(), tls, source: None, proxy: None };
        let error = within(dial(&endpoint, &clock())).await.unwrap_err();
        assert_eq!((error.kind(), error.is_ours()), (kind, false), "{error}");
    }
}

#[tokio::test]
async fn every_handshake_is_a_whole_one() {
    let authority = Authority::new("ours");
    let acceptor = acceptor(&authority.issue("localhost", |_| ()), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = Some(TlsContext::new(&trusting(&authority)).unwrap());
    let endpoint = Endpoint { host: "localhost".to_owned(), port, tls, source: None, proxy: None };
    for _ in 0..2 {
        let server = async {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            // The ticket that could be used to resume comes with the first data.
            stream.write_all(b"!").await.unwrap();
            stream.flush().await.unwrap();
            stream
        };
        let now = clock();
        let (_server, client) = within(async { tokio::join!(server, dial(&endpoint, &now)) }).await;
        let Stream::Tls(mut stream) = client.unwrap().0 else { panic!("TLS was asked for") };
        within(stream.read_u8()).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
    }
}

#[test]
fn settings_that_cannot_be_used() {
    let authority = Authority::new("ours");
    let (one, other) = (authority.issue("one", |_| ()), authority.issue("other", |_| ()));
    let settings = |ca: Option<&str>, cert: Option<&str>, key: Option<&str>| TlsSettings {
        ca: ca.map(Into::into),
        cert: cert.map(Into::into),
        key: key.map(Into::into),
        verify: true,
    };
    let cases = [
        (settings(Some("nothing"), None, None), "`tls.ca` is not PEM"),
        (
            settings(Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), None, None),
            "`tls.ca` cannot be used",
        ),
        (settings(None, Some(&one.cert), None), "without `tls.key`"),
        (settings(None, None, Some(&one.key)), "without `tls.cert`"),
        (settings(None, Some("nothing"), Some(&one.key)), "`tls.cert` is not PEM"),
        (settings(None, Some(&one.cert), Some("nothing")), "`tls.key` is not PEM"),
        (settings(None, Some(&one.cert), Some(&other.key)), "cannot be used together"),
    ];
    for (settings, words) in cases {
        let error: TlsSettingsError = TlsContext::new(&settings).unwrap_err();
        assert!(error.to_string().contains(words), "`{words}` is missing in: {error}");
    }
    let debug = format!("{:?}", settings(None, Some(&one.cert), Some(&one.key)));
    assert!(!debug.contains("PRIVATE") && !debug.contains("45, 45"), "{debug}");
}
