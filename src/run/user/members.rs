//! Of what a user is a member, as it tells the delivery ledger.

use super::actor::{Actor, Scene};
use crate::ledger::delivery::{Audience, Note, What};
use crate::plan::delivery::Membership;
use crate::plan::language::Text;
use crate::units::Moment;

impl Actor {
    /// A step is about to change who is a member.
    pub(super) fn changing(&mut self, scene: &mut Scene<'_>, membership: &Membership) {
        for name in membership.joins.iter().chain(&membership.leaves) {
            // What has no name yet will have one when the step has succeeded, or is an error then.
            if let Ok(audience) = self.audience(scene, name) {
                self.note_membership(scene, scene.now, |user| What::Changing { user, audience });
            }
        }
    }

    /// It has, unless it was rejected: then everything is as before.
    pub(super) fn changed(&mut self, scene: &mut Scene<'_>, membership: &Membership) {
        // Who is not connected is told nothing, and is a member of nothing.
        let has_succeeded = self.threads.current().is_some_and(|thread| thread.succeeded);
        let at = scene.now + membership.settle;
        for (names, joins) in [(&membership.joins, true), (&membership.leaves, false)] {
            for name in names {
                match self.audience(scene, name) {
                    Ok(audience) if joins == has_succeeded && self.online => {
                        self.settle_membership(scene, at, audience, true);
                    }
                    Ok(audience) => self.settle_membership(scene, at, audience, false),
                    Err(error) => self.step_error(scene, "it is not known what the user joins", error),
                }
            }
        }
    }

    /// From a moment on the user is a member or is not, whatever was to settle before.
    fn settle_membership(&mut self, scene: &mut Scene<'_>, at: Moment, audience: Audience, joins: bool) {
        let what = |user| if joins { What::Joined { user, audience } } else { What::Left { user, audience } };
        self.note_membership(scene, at, what);
        self.settling.retain(|(settled, _)| *settled > scene.now);
        for (settled, _) in self.settling.iter().filter(|(settled, known)| *known == audience && *settled > at) {
            self.note_membership(scene, *settled, what);
        }
        if at > scene.now {
            self.settling.push((at, audience));
        }
    }

    /// The user is connected, and not set up yet.
    pub(super) fn arriving(&self, scene: &mut Scene<'_>) {
        for audience in self.own_audiences(scene) {
            self.note_membership(scene, scene.now, |user| What::Changing { user, audience });
        }
    }

    /// The user is set up.
    pub(super) fn arrived(&self, scene: &mut Scene<'_>) {
        if self.online {
            for audience in self.own_audiences(scene) {
                self.note_membership(scene, scene.now, |user| What::Joined { user, audience });
            }
        }
    }

    /// Of what the user is a member without a step that says so.
    fn own_audiences(&self, scene: &Scene<'_>) -> impl Iterator<Item = Audience> + use<> {
        std::iter::once(Audience::EVERYONE).chain(self.own_group(scene))
    }

    /// The user's group, where it has one. No name of a suite begins as its name does.
    pub(super) fn own_group(&self, scene: &Scene<'_>) -> Option<Audience> {
        let size = scene.scenario.group?.max(1);
        Some(Audience::of(&format!("\0group {} {}", self.scenario, self.user / size)))
    }

    /// The connection is gone. What was sent after `since` may not have reached the user.
    pub(super) fn gone(&self, scene: &mut Scene<'_>, since: Moment) {
        if self.resumption.is_some() {
            // What is still to settle will, if the user takes its session up.
            return self.note_membership(scene, scene.now, |user| What::Away { user, since });
        }
        self.note_membership(scene, scene.now, |user| What::Lost { user, since });
        // What was still to settle ends with the connection, too.
        let now = scene.now;
        for (at, audience) in self.settling.iter().copied().filter(|(at, _)| *at > now) {
            self.note_membership(scene, at, |user| What::Left { user, audience });
        }
    }

    pub(super) fn note_membership(&self, scene: &mut Scene<'_>, at: Moment, what: impl FnOnce(u32) -> What) {
        if scene.plan.is_heard() {
            let user = self.ledger_index(scene);
            scene.sink.notes.push(Note { at, what: what(user) });
        }
    }

    fn audience(&self, scene: &Scene<'_>, name: &Text) -> Result<Audience, String> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        name.render(&bindings).map(|name| Audience::of(&name)).map_err(|error| error.to_string())
    }
}
