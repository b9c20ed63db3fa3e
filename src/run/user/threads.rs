//! The programs that a user runs at a time: the main one, and the handlers of events beside it.

use super::actor::{Actor, Scene};
use super::message::Command;
use super::thread::{Thread, Wait};

/// The running programs of one user.
#[derive(Debug, Default)]
pub struct Threads {
    /// Login, setup, a turn or teardown.
    pub main: Option<Thread>,
    /// The turn whose user is coming back, while the main program is a setup or none.
    pub suspended: Option<Thread>,
    /// In the order of their events.
    pub handlers: Vec<Thread>,
    /// The handler that is being run or asked; otherwise it is the main program.
    pub at: Option<usize>,
}

impl Threads {
    /// The program that is being run, or asked.
    pub fn current(&self) -> Option<&Thread> {
        match self.at {
            None => self.main.as_ref(),
            Some(handler) => self.handlers.get(handler),
        }
    }

    pub fn current_mut(&mut self) -> Option<&mut Thread> {
        match self.at {
            None => self.main.as_mut(),
            Some(handler) => self.handlers.get_mut(handler),
        }
    }

    /// All of them, the main one first.
    pub fn all(&self) -> impl Iterator<Item = &Thread> {
        self.main.iter().chain(&self.suspended).chain(&self.handlers)
    }

    /// Where `at` can stand.
    pub fn places(&self) -> impl Iterator<Item = Option<usize>> + use<> {
        std::iter::once(None).chain((0..self.handlers.len()).map(Some))
    }

    /// Makes the program that waits so the current one. `at` must be put back.
    pub fn select(&mut self, waits: impl Fn(&Wait) -> bool) -> bool {
        let found = self.places().find(|at| {
            self.at = *at;
            self.current().is_some_and(|thread| waits(&thread.wait))
        });
        self.at = found.flatten();
        found.is_some()
    }
}

impl Actor {
    /// Runs all programs as far as they can without waiting.
    pub(super) fn run_threads(&mut self, scene: &mut Scene<'_>) {
        self.run_thread(scene);
        if self.threads.handlers.is_empty() {
            return;
        }
        let mut handler = 0;
        while handler < self.threads.handlers.len() {
            self.threads.at = Some(handler);
            self.run_thread(scene);
            handler += 1;
        }
        self.threads.at = None;
        self.threads.handlers.retain(|thread| thread.wait != Wait::Over);
    }

    /// Does something with each program as the current one.
    pub(super) fn for_each_thread(&mut self, mut act: impl FnMut(&mut Self)) {
        for at in self.threads.places() {
            self.threads.at = at;
            act(self);
        }
        self.threads.at = None;
    }

    /// Ends all handlers, wherever they stand.
    pub(super) fn drop_handlers(&mut self) {
        self.threads.at = None;
        for thread in self.threads.handlers.drain(..) {
            if let Wait::Response { id, .. } = thread.wait {
                self.commands.push_back(Command::Forget { id });
            }
        }
    }
}
