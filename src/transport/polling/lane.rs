//! One of the two connections of polling, on which one request at a time is under way.

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration as StdDuration;

use super::error::PollingError;
use super::place::Place;
use crate::transport::dial::dial;
use crate::transport::http::{Connection, HttpError, Request, Response};
use crate::transport::meter::Meter;
use crate::transport::stream::Fault;
use crate::units::{Duration, Moment};

type Exchange = Pin<Box<dyn Future<Output = (Option<Connection>, Result<Response, PollingError>)>>>;

/// A connection that is kept from request to request, and dialed anew when the server has closed it.
#[derive(Default)]
pub struct Lane {
    connection: Option<Connection>,
    exchange: Option<Exchange>,
}

/// How soon a request fails on a connection that the server closed just before: what fails later had been taken in, and to
/// send it again might do it twice.
const AT_ONCE: StdDuration = StdDuration::from_secs(1);

impl Lane {
    pub fn of(connection: Option<Connection>) -> Self {
        Self { connection, exchange: None }
    }

    /// Is a request under way?
    pub fn is_busy(&self) -> bool {
        self.exchange.is_some()
    }

    /// Sends a request. The answer has to be there within `patience`.
    pub fn start(&mut self, place: &Arc<Place>, meter: &Arc<Meter>, request: Request, patience: Duration) {
        let (place, meter, connection) = (Arc::clone(place), Arc::clone(meter), self.connection.take());
        self.exchange = Some(Box::pin(async move {
            match tokio::time::timeout(patience.std(), exchange(&place, meter, connection, &request)).await {
                Ok(outcome) => outcome,
                Err(_) => (None, Err(PollingError::Silent { after: patience })),
            }
        }));
    }

    /// The answer to the request that is under way; pending for ever if there is none.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Response, PollingError>> {
        let Some(exchange) = &mut self.exchange else { return Poll::Pending };
        let (connection, outcome) = ready!(exchange.as_mut().poll(cx));
        self.connection = connection.filter(Connection::is_reusable);
        self.exchange = None;
        Poll::Ready(outcome)
    }
}

async fn exchange(
    place: &Place,
    meter: Arc<Meter>,
    kept: Option<Connection>,
    request: &Request,
) -> (Option<Connection>, Result<Response, PollingError>) {
    if let Some(mut connection) = kept
        && connection.is_still_open().await
    {
        let (outcome, at_once) = {
            let mut send = pin!(connection.send(&place.authority, request));
            match tokio::time::timeout(AT_ONCE, &mut send).await {
                Ok(outcome) => (outcome, true),
                Err(_) => (send.await, false),
            }
        };
        let crossed = at_once && !connection.was_answered();
        match outcome {
            Err(HttpError::Broken(Fault::Dropped | Fault::Reset)) if crossed => {}
            outcome => return (Some(connection), outcome.map_err(PollingError::from)),
        }
    }
    match anew(place, meter).await {
        Ok(mut connection) => {
            let outcome = connection.send(&place.authority, request).await;
            (Some(connection), outcome.map_err(PollingError::from))
        }
        Err(error) => (None, Err(error.into())),
    }
}

async fn anew(place: &Place, meter: Arc<Meter>) -> Result<Connection, HttpError> {
    // Phases are told of the first connection only.
    let (stream, _) = dial(&place.endpoint, &|| Moment::START).await?;
    Connection::metered(stream, &place.http_limits(), Some(meter)).await
}
