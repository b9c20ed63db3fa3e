//! Which events answer an action: the condition of a `where`, with a sense for events that do not say whom they answer.

use super::answer::{Answer, AnswerKind, Root};
use super::bindings::{Bindings, Slot};
use super::expression::{EvaluationError, Expression};
use super::json_path::Path;
use super::names::{Meaning, Names, Place, UnknownName};
use super::parse;

/// The `where` of an answer.
#[derive(Debug)]
pub struct Filter {
    whole: Expression,
    /// Where the event names the action, if the condition asks for that.
    names: Option<(Root, Path)>,
    /// What else must hold.
    rest: Vec<Expression>,
}

impl Filter {
    /// Compiles `text`, which stands at `path` of the suite.
    pub fn compile(text: &str, path: &str, names: &Names<'_>, place: Place) -> Result<Self, UnknownName> {
        let place = place.with_answer(AnswerKind::Event);
        let whole = Expression::compile(text, path, names, place)?;
        let (mut naming, mut rest) = (None, Vec::new());
        for part in parse::conjuncts(parse::without_braces(text)) {
            match names_the_action(part, names, place) {
                Some(found) => naming = naming.or(Some(found)),
                None => rest.push(Expression::compile(part, path, names, place)?),
            }
        }
        Ok(Self { whole, names: naming, rest })
    }

    /// The condition that always or never holds.
    #[must_use]
    pub const fn constant(holds: bool) -> Self {
        Self { whole: Expression::Constant(serde_json::Value::Bool(holds)), names: None, rest: Vec::new() }
    }

    /// Does the event answer the action that is bound? One that names no action at all does if everything else holds.
    pub fn takes(&self, bindings: &Bindings<'_>, event: &str) -> Result<bool, EvaluationError> {
        let answer = Answer::Event(event);
        match &self.names {
            Some((root, path)) if answer.find(*root, path, |json| json.is_none_or(|json| json == "null")) => {
                self.rest.iter().try_fold(true, |holds, part| Ok(holds && part.truth(bindings, answer)?))
            }
            _ => self.whole.truth(bindings, answer),
        }
    }

    /// Does the condition hold as it is written? Then an event that names no action answers none.
    pub fn holds(&self, bindings: &Bindings<'_>, event: &str) -> Result<bool, EvaluationError> {
        self.whole.truth(bindings, Answer::Event(event))
    }
}

/// `data.ref == action.id`, either way round.
fn names_the_action(text: &str, names: &Names<'_>, place: Place) -> Option<(Root, Path)> {
    let ((left, left_path), (right, right_path)) = parse::equation(text)?;
    let sides = (names.resolve(&left, &left_path, place).ok()?, names.resolve(&right, &right_path, place).ok()?);
    match sides {
        (Meaning::Answer(root, path), Meaning::Slot(Slot::ActionId))
        | (Meaning::Slot(Slot::ActionId), Meaning::Answer(root, path)) => Some((root, path)),
        _ => None,
    }
}
