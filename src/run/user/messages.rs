//! Messages of a raw WebSocket: those that come, by their names; those that steps send; and what keeps the connection open.

use super::actor::{Actor, Scene};
use crate::plan::language::Bindings;
use crate::plan::message::{Message, Naming};
use crate::protocol::{Args, Input, Intent};
use crate::units::Moment;

/// When the next keepalive is due, and which of the connection it is.
#[derive(Debug)]
pub struct Beat {
    pub due: Moment,
    number: u64,
}

/// The message in the arguments that the session makes of it.
pub fn alone(json: &str) -> Option<&str> {
    json.strip_prefix(r#"["","#)?.strip_suffix(']').map(str::trim)
}

impl Actor {
    /// A message has come. From here on it is an event like any other.
    pub(super) fn came(&mut self, scene: &mut Scene<'_>, args: &Args) {
        let bindings = || self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        match scene.plan.naming.name(args.json(), bindings) {
            Ok(name) => self.heard(scene, 0, &name, args, None),
            Err(error) => {
                self.step_error(scene, "`event_name` has no value", error.to_string());
                self.heard(scene, 0, Naming::DEFAULT, args, None);
            }
        }
    }

    /// Hands a message of the current step to the session.
    pub(super) fn send(&mut self, scene: &Scene<'_>, message: &Message, scratch: &mut Vec<u8>) -> Result<(), String> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        let frame = message.render(&bindings, scratch).map_err(|error| error.to_string())?;
        let session = self.session.as_mut().ok_or("the user is not connected")?;
        session.handle(scene.now, Input::Do(Intent::Send(frame))).map_err(|misuse| misuse.to_string())
    }

    /// The user is connected: from now on its connection is kept open.
    pub(super) fn begin_beats(&mut self, scene: &Scene<'_>) {
        let beat = |every| Box::new(Beat { due: scene.now + every, number: 0 });
        self.beat = scene.scenario.keepalive.as_ref().map(|keepalive| beat(keepalive.every));
    }

    /// Sends the keepalive, if it is due. After a stall of this generator those that were missed are not made up for.
    pub(super) fn keep_alive(&mut self, scene: &mut Scene<'_>) {
        let Some(keepalive) = &scene.scenario.keepalive else { return };
        let Some(beat) = self.beat.as_mut().filter(|beat| beat.due <= scene.now) else { return };
        beat.number += 1;
        let next = beat.due + keepalive.every;
        beat.due = if next > scene.now { next } else { scene.now + keepalive.every };
        let pass = beat.number;
        let mut scratch = std::mem::take(&mut scene.sink.scratch);
        let rendered = {
            let bindings = self.bindings_of(None, self.action, scene.plan, scene.scenario, scene.facts, scene.now);
            // Each draws anew.
            keepalive.message.render(&Bindings { pass, ..bindings }, &mut scratch)
        };
        scene.sink.scratch = scratch;
        match rendered {
            Ok(frame) => self.tell_session(scene, Input::Do(Intent::Send(frame))),
            Err(error) => self.step_error(scene, "the keepalive cannot be sent", error.to_string()),
        }
    }
}
