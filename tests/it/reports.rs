//! Reports over the examples.

use cotillion::report::{FORMATS, terminal};
use cotillion::verdict::Outcome;

fn examples() -> Vec<(&'static str, Outcome)> {
    vec![
        ("failed", Outcome::example()),
        ("passed", Outcome::example_passed()),
        ("interrupted", Outcome::example_interrupted()),
        ("unreachable", Outcome::example_unreachable()),
        ("suspect", Outcome::example_suspect()),
        ("invalid", Outcome::example_invalid()),
        ("long", Outcome::example_long()),
    ]
}

#[test]
#[ignore]
fn look() {
    for (name, outcome) in examples() {
        std::fs::create_dir_all(format!("/tmp/h/look/{name}")).unwrap();
        for format in FORMATS {
            let text = (format.render)(&outcome).unwrap();
            std::fs::write(format!("/tmp/h/look/{name}/{}", format.file), text).unwrap();
        }
        std::fs::write(format!("/tmp/h/look/{name}/terminal.txt"), terminal::render(&outcome, false, 80)).unwrap();
        std::fs::write(format!("/tmp/h/look/{name}/colour.txt"), terminal::render(&outcome, true, 80)).unwrap();
    }
}
