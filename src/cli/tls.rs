//! The suite's certificates, read.

use super::load::Ready;
use crate::plan::Plan;
use crate::suite::problem::{Path, Problem};
use crate::transport::tls::{TlsContext, TlsSettings};

/// One TLS context for all users of a plan.
pub fn context(ready: &Ready, plan: &Plan) -> Result<TlsContext, Problem> {
    let files = &plan.target.tls_files;
    let path = Path::root().key("target").key("tls");
    let read = |key: &str, name: &Option<String>| {
        let at = ready.loaded.source.at(&path.key(key));
        let read = name.as_deref().map(|name| ready.bytes(name).map_err(|error| (name.to_owned(), error)));
        read.transpose().map_err(|(name, error)| {
            Problem::error(format!("`{name}` cannot be read: {error}"))
                .help("the path is relative to the suite file")
                .at(at)
        })
    };
    let settings = TlsSettings {
        ca: read("ca", &files.ca)?,
        cert: read("cert", &files.cert)?,
        key: read("key", &files.key)?,
        verify: files.verify,
    };
    TlsContext::new(&settings).map_err(|error| Problem::error(error.to_string()).at(ready.loaded.source.at(&path)))
}
