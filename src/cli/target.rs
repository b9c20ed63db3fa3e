//! The built-in target, started for a run where the suite wants it. Without the `demo` feature there is none to start, and
//! a suite that wants it was refused when it was compiled.

use super::exit::Exit;
use super::load::Ready;

/// The built-in target of one run; it ends when this is dropped.
pub struct BuiltIn {
    #[cfg(feature = "demo")]
    handle: Option<crate::demo::Handle>,
}

impl BuiltIn {
    /// Starts it if the suite wants it. The error has been shown.
    #[cfg(feature = "demo")]
    pub fn start(ready: &Ready) -> Result<Self, Exit> {
        let start = || crate::demo::spawn(crate::demo::Options::default());
        let handle = ready.wants_built_in().then(start).transpose().map_err(|error| not_started(&error))?;
        Ok(Self { handle })
    }

    #[cfg(not(feature = "demo"))]
    pub fn start(_: &Ready) -> Result<Self, Exit> {
        Ok(Self {})
    }

    /// Where it listens, if it runs.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        #[cfg(feature = "demo")]
        return self.handle.as_ref().map(crate::demo::Handle::url);
        #[cfg(not(feature = "demo"))]
        None
    }
}

/// Says that the built-in target could not be started.
#[cfg(feature = "demo")]
pub fn not_started(error: &std::io::Error) -> Exit {
    super::screen::note(&format!("the built-in target cannot be started: {error}\n"));
    Exit::Unreachable
}
