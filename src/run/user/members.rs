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
        let has_succeeded = self.threads.current().is_some_and(|thread| thread.succeeded);
        let at = scene.now + membership.settle;
        for (names, joins) in [(&membership.joins, true), (&membership.leaves, false)] {
            for name in names {
                match self.audience(scene, name) {
                    Ok(audience) if joins == has_succeeded => {
                        self.note_membership(scene, at, |user| What::Joined { user, audience });
                        if at > scene.now {
                            self.settling.retain(|(settled, _)| *settled > scene.now);
                            self.settling.push((at, audience));
                        }
                    }
                    Ok(audience) => self.note_membership(scene, at, |user| What::Left { user, audience }),
                    Err(error) => self.step_error(scene, "it is not known what the user joins", error),
                }
            }
        }
    }

    /// The user is connected, and not set up yet.
    pub(super) fn arriving(&self, scene: &mut Scene<'_>) {
        self.note_membership(scene, scene.now, |user| What::Changing { user, audience: Audience::EVERYONE });
    }

    /// The user is set up.
    pub(super) fn arrived(&self, scene: &mut Scene<'_>) {
        if self.online {
            self.note_membership(scene, scene.now, |user| What::Joined { user, audience: Audience::EVERYONE });
        }
    }

    /// The connection is gone. What was sent after `since` may not have reached the user.
    pub(super) fn gone(&mut self, scene: &mut Scene<'_>, since: Moment) {
        self.note_membership(scene, scene.now, |user| What::Lost { user, since });
        // What was still to settle ends with the connection, too.
        for (at, audience) in std::mem::take(&mut self.settling) {
            if at > scene.now {
                self.note_membership(scene, at, |user| What::Left { user, audience });
            }
        }
    }

    fn note_membership(&self, scene: &mut Scene<'_>, at: Moment, what: impl FnOnce(u32) -> What) {
        if !scene.plan.deliveries.is_empty() {
            let user = self.ledger_index(scene);
            scene.sink.notes.push(Note { at, what: what(user) });
        }
    }

    fn audience(&self, scene: &Scene<'_>, name: &Text) -> Result<Audience, String> {
        let bindings = self.bindings(scene.plan, scene.scenario, scene.facts, scene.now);
        name.render(&bindings).map(|name| Audience::of(&name)).map_err(|error| error.to_string())
    }
}
