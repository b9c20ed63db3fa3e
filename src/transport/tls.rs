//! TLS as a client: whom we trust, who we say we are, and how a handshake fails.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// What the author of a suite says about TLS, files already read.
#[derive(Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// Certificates in PEM that are trusted besides the public ones (those of Mozilla, built into the program). Added
    /// and not instead, because the login of a private server is often at a public provider.
    pub ca: Option<Vec<u8>>,
    /// Our own certificate and the chain above it in PEM, for servers that ask for one. Needs `key`.
    pub cert: Option<Vec<u8>>,
    /// The private key of `cert` in PEM.
    pub key: Option<Vec<u8>>,
    /// With `false` any certificate of anybody is accepted: whoever stands between us and the server can read and
    /// change everything, credentials too.
    pub verify: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { ca: None, cert: None, key: None, verify: true }
    }
}

// By hand, because a private key has no place in a log.
impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("ca", &self.ca.is_some())
            .field("cert", &self.cert.is_some())
            .field("key", &self.key.is_some())
            .field("verify", &self.verify)
            .finish()
    }
}

/// Why settings cannot be used. The field is named as in the suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsSettingsError {
    #[error("`tls.{field}` is not PEM ({what}); give a file that has a line `-----BEGIN {label}-----`")]
    NotPem { field: &'static str, label: &'static str, what: String },
    #[error("`tls.{present}` is given without `tls.{missing}`; a client certificate needs both")]
    Incomplete { present: &'static str, missing: &'static str },
    #[error("the CA certificate in `tls.ca` cannot be used ({what}); export it again as X.509 version 3")]
    Ca { what: String },
    #[error("`tls.cert` and `tls.key` cannot be used together ({what}); check that the key is that of the certificate")]
    ClientCertificate { what: String },
}

/// TLS settings made ready, shared by all users. Cheap to clone.
///
/// No session is ever resumed. Users stand for people on machines of their own, and those have no session of each
/// other to resume; with a shared cache nearly all handshakes would be the short kind, and the server would look as if
/// it could take several times the connections it can.
#[derive(Clone)]
pub struct TlsContext(Arc<ClientConfig>);

// By hand, because the configuration prints as pages of certificates.
impl fmt::Debug for TlsContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsContext")
    }
}

impl TlsContext {
    pub fn new(settings: &TlsSettings) -> Result<Self, TlsSettingsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider supports both TLS 1.2 and 1.3");
        let builder = if settings.verify {
            builder.with_root_certificates(trusted(settings.ca.as_deref())?)
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(TrustAnybody(provider)))
        };
        let mut config = match (&settings.cert, &settings.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), Some(key)) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|e| TlsSettingsError::NotPem {
                    field: "key",
                    label: "PRIVATE KEY",
                    what: e.to_string(),
                })?;
                builder
                    .with_client_auth_cert(certificates("cert", cert)?, key)
                    .map_err(|e| TlsSettingsError::ClientCertificate { what: e.to_string() })?
            }
            (Some(_), None) => return Err(TlsSettingsError::Incomplete { present: "cert", missing: "key" }),
            (None, Some(_)) => return Err(TlsSettingsError::Incomplete { present: "key", missing: "cert" }),
        };
        config.resumption = Resumption::disabled();
        // Without this, servers that speak HTTP/2 may choose it, and there is no WebSocket on it here.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    pub(super) fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.0)
    }
}

fn certificates(field: &'static str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsSettingsError> {
    let wrong = |what: String| TlsSettingsError::NotPem { field, label: "CERTIFICATE", what };
    let found: Vec<_> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| wrong(e.to_string()))?;
    if found.is_empty() { Err(wrong("no certificate in it".to_owned())) } else { Ok(found) }
}

fn trusted(ca: Option<&[u8]>) -> Result<RootCertStore, TlsSettingsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(pem) = ca {
        for certificate in certificates("ca", pem)? {
            roots.add(certificate).map_err(|e| TlsSettingsError::Ca { what: e.to_string() })?;
        }
    }
    Ok(roots)
}

/// The verifier of `verify: false`. Signatures are not checked either: a certificate that anybody could have made
/// proves nothing with them.
#[derive(Debug)]
struct TrustAnybody(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _cert: &CertificateDer<'_>,
        _dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// How TLS failed, in the handshake or later. Printed, it says what happened and what to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsFault {
    UnknownAuthority,
    Expired,
    NotYetValid,
    /// The certificate is for other names; `names` are those it is for.
    WrongName {
        names: Vec<String>,
    },
    /// The server presents the certificate of an authority, as `openssl req -x509` makes it.
    Authority,
    /// The certificate is bad in another way.
    Certificate {
        what: String,
    },
    /// What came was not TLS.
    NotTls,
    /// The server wants a client certificate, or another one.
    ClientCertificate {
        alert: String,
    },
    /// The server refused the handshake or ended TLS with an alert.
    Alert {
        alert: String,
    },
    /// Anything else, such as no common version or cipher.
    Other {
        what: String,
    },
}

impl TlsFault {
    /// The TLS error that an I/O error carries, if it is one.
    pub(super) fn inside(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<Error>().map(Self::from)
    }

    /// What reports group by.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UnknownAuthority => "TLS: unknown certificate authority",
            Self::Expired => "TLS: certificate expired",
            Self::NotYetValid => "TLS: certificate not yet valid",
            Self::WrongName { .. } => "TLS: certificate for another name",
            Self::Authority => "TLS: certificate of an authority",
            Self::Certificate { .. } => "TLS: bad certificate",
            Self::NotTls => "TLS: the server does not speak it",
            Self::ClientCertificate { .. } => "TLS: client certificate refused",
            Self::Alert { .. } => "TLS: alert from the server",
            Self::Other { .. } => "TLS: failed",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::UnknownAuthority => "give the authority's certificate as `tls.ca`",
            Self::Expired => "renew the server's certificate, and check the clock of this machine",
            Self::NotYetValid => "check the clock of this machine and of the one that made the certificate",
            Self::WrongName { .. } => "use a name that the certificate has, or give the server one for this name",
            Self::Authority => {
                "make it anew with `-addext basicConstraints=critical,CA:FALSE`, or sign one for the server with it and give \
                 the authority's as `tls.ca`"
            }
            Self::Certificate { .. } => "give the server a certificate that browsers accept",
            Self::NotTls => "write `http://` or `ws://` if the server is unencrypted, and check the port",
            Self::ClientCertificate { .. } => "give a certificate that the server trusts as `tls.cert` and `tls.key`",
            Self::Alert { .. } => "look for the alert in the server's log",
            Self::Other { .. } => "check which TLS versions and ciphers the server offers; 1.2 and 1.3 are spoken here",
        }
    }
}

impl From<&Error> for TlsFault {
    fn from(error: &Error) -> Self {
        match error {
            Error::InvalidCertificate(wrong) => match wrong {
                // A bad signature is what an authority looks like that was made anew under its old name.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::UnknownAuthority,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotYetValid,
                CertificateError::NotValidForName => Self::WrongName { names: Vec::new() },
                CertificateError::NotValidForNameContext { presented, .. } => {
                    Self::WrongName { names: presented.clone() }
                }
                // The verifier's own error is no type of rustls; only its name comes through.
                other if format!("{other:?}").contains("CaUsedAsEndEntity") => Self::Authority,
                _ => Self::Certificate { what: error.to_string() },
            },
            Error::InvalidMessage(_) => Self::NotTls,
            Error::AlertReceived(alert) => {
                let name = format!("{alert:?}");
                match alert {
                    AlertDescription::CertificateRequired
                    | AlertDescription::NoCertificate
                    | AlertDescription::BadCertificate
                    | AlertDescription::UnsupportedCertificate
                    | AlertDescription::CertificateRevoked
                    | AlertDescription::CertificateExpired
                    | AlertDescription::CertificateUnknown
                    | AlertDescription::UnknownCA
                    | AlertDescription::AccessDenied => Self::ClientCertificate { alert: name },
                    _ => Self::Alert { alert: name },
                }
            }
            _ => Self::Other { what: error.to_string() },
        }
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownAuthority => write!(f, "the server's certificate is from an authority that is not trusted")?,
            Self::Expired => write!(f, "the server's certificate has expired")?,
            Self::NotYetValid => write!(f, "the server's certificate is not valid yet")?,
            Self::WrongName { names } if names.is_empty() => {
                write!(f, "the server's certificate is for another name")?;
            }
            Self::WrongName { names } => {
                write!(f, "the server's certificate is for other names ({})", names.join(", "))?
            }
            Self::Authority => {
                write!(f, "the server's certificate is marked as that of an authority, and so is no server's")?
            }
            Self::Certificate { what } => write!(f, "the server's certificate is bad ({what})")?,
            Self::NotTls => write!(f, "the server answered with something that is not TLS")?,
            Self::ClientCertificate { alert } => {
                write!(f, "the server refused our client certificate or its absence ({alert})")?
            }
            Self::Alert { alert } => write!(f, "the server ended TLS with the alert {alert}")?,
            Self::Other { what } => write!(f, "TLS failed ({what})")?,
        }
        write!(f, "; {}", self.advice())
    }
}

impl std::error::Error for TlsFault {}
