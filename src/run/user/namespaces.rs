//! Several namespaces on one connection: the user is connected when all of them are, and no longer when one of them ends.

use std::borrow::Cow;

use super::actor::{Actor, Scene};
use super::life::Life;
use crate::protocol::{Args, Closed, Input, Intent, Text};

/// Most events kept of the namespaces that are connected until all are.
const MOST: usize = 1_000;

/// A connection of which not all namespaces have answered.
#[derive(Debug, Default)]
pub struct Gathering {
    joined: usize,
    /// The socket's id in the main one.
    id: Option<String>,
    /// Has none of them begun anew?
    recovered: bool,
    early: Vec<Early>,
}

/// An event of a namespace that is connected before others are.
#[derive(Debug)]
struct Early {
    namespace: usize,
    name: Text,
    args: Args,
    ack: Option<u64>,
}

impl Actor {
    /// A namespace has accepted the user.
    pub(super) fn joined(&mut self, scene: &mut Scene<'_>, namespace: usize, id: Option<String>, recovered: bool) {
        self.learn_pid(scene, namespace);
        let all = scene.scenario.connect.namespaces.len();
        if all == 1 {
            return self.connected(scene, id, recovered);
        }
        let new = || Box::new(Gathering { recovered: true, ..Gathering::default() });
        let gathering = self.gathering.get_or_insert_with(new);
        gathering.joined += 1;
        gathering.recovered &= recovered;
        if namespace == 0 {
            gathering.id = id;
        }
        if gathering.joined < all {
            return;
        }
        let Some(gathering) = self.gathering.take() else { return };
        self.connected(scene, gathering.id, gathering.recovered);
        for Early { namespace, name, args, ack } in gathering.early {
            self.heard(scene, namespace, name.as_str(), &args, ack);
        }
    }

    /// An event has come. One that comes before all namespaces are connected waits for that.
    pub(super) fn received(
        &mut self,
        scene: &mut Scene<'_>,
        namespace: usize,
        name: Text,
        args: Args,
        ack: Option<u64>,
    ) {
        match self.gathering.as_mut().filter(|gathering| gathering.early.len() < MOST) {
            Some(gathering) => gathering.early.push(Early { namespace, name, args, ack }),
            None => self.heard(scene, namespace, name.as_str(), &args, ack),
        }
    }

    /// The server has ended one of several namespaces: the user has lost what it needs, and comes back as after any loss.
    pub(super) fn put_out(&mut self, scene: &mut Scene<'_>, namespace: usize) {
        let several = &scene.scenario.connect.namespaces;
        let Some(joining) = several.get(namespace).filter(|_| several.len() > 1) else { return };
        let detail = format!("of `{}`, while {}", joining.written, self.doing());
        self.turned_out(scene, Cow::from(Closed::Namespace.name()), detail);
    }

    /// The user lacks a namespace that it needs: it ends the connection, and comes back as after any loss.
    pub(super) fn turned_out(&mut self, scene: &mut Scene<'_>, kind: Cow<'static, str>, detail: String) {
        let connects = matches!(self.life, Life::Handshaking { .. });
        if !self.online && !connects {
            return;
        }
        let was_online = self.offline(scene, self.heard_at);
        if was_online
            && let Some(session) = &mut self.session
            && let Err(misuse) = session.handle(scene.now, Input::Do(Intent::Disconnect))
        {
            self.step_error(scene, "misuse of the protocol", misuse.to_string());
        }
        self.lost(scene, was_online, kind, detail);
    }

    /// The name by which the suite calls a namespace, where users join several.
    pub(super) fn one_of_several<'a>(scene: &Scene<'a>, namespace: usize) -> Option<&'a str> {
        let several = &scene.scenario.connect.namespaces;
        several.get(namespace).filter(|_| several.len() > 1).map(|joining| &*joining.written)
    }
}
