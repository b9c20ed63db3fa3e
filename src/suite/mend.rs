//! Faulty places made readable, so that one mistake does not hide all the others.

use serde_json::Value;

use super::check::{Fault, Mend};
use super::problem::{Path, Segment};
use super::shape::Shape;

/// Leaves out or replaces what the faults name.
pub fn mend(root: &mut Value, faults: &[Fault]) {
    for fault in faults {
        match (&fault.mend, fault.path.parent(), fault.path.last()) {
            (Mend::Remove, Some(parent), Some(Segment::Key(key))) => {
                if let Some(Value::Object(entries)) = find(root, &parent) {
                    // Not `remove`, which would move the last entry here.
                    entries.shift_remove(key);
                }
            }
            _ => replace(root, &fault.path),
        }
    }
}

fn replace(root: &mut Value, path: &Path) {
    let stand_in = Shape::of(path).map_or(Value::Null, Shape::stand_in);
    if let Some(place) = find(root, path) {
        // A stand-in of a map must not throw away the good entries beside the fault, as in a map without a key.
        *place = stand_in;
    } else if let (Some(parent), Some(Segment::Key(key))) = (path.parent(), path.last())
        && let Some(Value::Object(entries)) = find(root, &parent)
    {
        entries.insert(key.clone(), stand_in);
    }
}

fn find<'a>(root: &'a mut Value, path: &Path) -> Option<&'a mut Value> {
    path.segments().iter().try_fold(root, |value, segment| match segment {
        Segment::Key(key) => value.get_mut(key.as_str()),
        Segment::Index(index) => value.get_mut(*index),
    })
}
