//! What one user does, line by line, for `cotillion try`. Texts are as they are: the reader redacts them.

use std::sync::mpsc::Sender;

use super::user::{Command, Input};
use crate::plan::transports::Way;
use crate::protocol::Frame;
use crate::units::Moment;

/// Sends each line to whoever shows it.
#[derive(Debug, Clone)]
pub struct Trace(pub Sender<TraceLine>);

/// One thing that was done or that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    pub at: Moment,
    pub direction: Direction,
    pub text: String,
}

/// Which way it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Sent,
    Received,
    /// Neither: opening, closing, failing.
    Local,
}

impl Trace {
    pub fn command(&self, at: Moment, command: &Command) {
        let (direction, text) = match command {
            Command::Connect(request) if request.way != Way::WebSocket => {
                (Direction::Local, format!("connect to {}", request.polling))
            }
            Command::Connect(request) => (Direction::Local, format!("connect to {}", request.target)),
            Command::Http { request, .. } => (
                Direction::Sent,
                format!("{} {} {}", request.method, request.url, String::from_utf8_lossy(&request.body)),
            ),
            Command::Send(frame) => (Direction::Sent, text_of(frame)),
            Command::Forget { .. } => (Direction::Local, "give the request up".to_owned()),
            Command::Close => (Direction::Local, "close".to_owned()),
            Command::Abort => (Direction::Local, "drop the connection".to_owned()),
            Command::Done => (Direction::Local, "done".to_owned()),
        };
        self.line(at, direction, text);
    }

    pub fn input(&self, at: Moment, input: &Input) {
        let (direction, text) = match input {
            Input::Timeout | Input::Called => return,
            Input::Linked(_) => (Direction::Local, "connected".to_owned()),
            Input::NotLinked(failure) => (Direction::Local, format!("not connected: {}", failure.detail)),
            Input::Response { response: Ok(response), .. } => {
                (Direction::Received, format!("{} {}", response.status, response.text))
            }
            Input::Response { response: Err(failure), .. } => {
                (Direction::Local, format!("no response: {}", failure.detail))
            }
            Input::Frame(frame) => (Direction::Received, text_of(frame)),
            Input::Moved(Ok(())) => (Direction::Local, "moved to WebSocket".to_owned()),
            Input::Moved(Err(failure)) => (Direction::Local, format!("stays on polling: {}", failure.detail)),
            Input::LinkEnded(failure) => (Direction::Local, format!("connection ended: {}", failure.detail)),
            Input::Stop { .. } => (Direction::Local, "stop".to_owned()),
        };
        self.line(at, direction, text);
    }

    fn line(&self, at: Moment, direction: Direction, text: String) {
        // Nobody listens any more: then nobody misses the line.
        let _ = self.0.send(TraceLine { at, direction, text });
    }
}

fn text_of(frame: &Frame) -> String {
    match frame {
        Frame::Text(text) => text.as_str().to_owned(),
        Frame::Binary(bytes) => format!("(binary: {} bytes)", bytes.len()),
    }
}
