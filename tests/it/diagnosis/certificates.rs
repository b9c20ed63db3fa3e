//! Certificates that a peer presents.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// What is wrong with the TLS of a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    Fine,
    /// By an authority that nobody has heard of.
    Foreign,
    Expired,
    Elsewhere,
    /// Wants a certificate of the client.
    Mutual,
}

impl Tls {
    /// The configuration of the peer, and the authority that the client trusts, in PEM.
    pub fn config(self) -> (Arc<ServerConfig>, String) {
        let (ours, theirs) = (authority("ours"), authority("theirs"));
        let name = if self == Self::Elsewhere { "elsewhere.example" } else { "localhost" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if self == Self::Expired {
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        let issuer = if self == Self::Foreign { &theirs } else { &ours };
        let certificate = params.signed_by(&key, issuer).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions().unwrap();
        let builder = if self == Self::Mutual {
            let mut roots = RootCertStore::empty();
            roots.add(ours.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![CertificateDer::from_pem_slice(certificate.pem().as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
        (Arc::new(builder.with_single_cert(chain, key).unwrap()), ours.pem())
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}
