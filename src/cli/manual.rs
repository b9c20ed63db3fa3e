//! `cotillion completions` and `cotillion man`: made from the command line itself.

use std::io::Write as _;

use clap_complete::Shell;
use clap_mangen::Man;

use super::exit::Exit;
use super::{options, screen};

const NAME: &str = "cotillion";

pub fn completions(shell: Shell) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut options::command(), NAME, &mut text);
    print(text)
}

/// The page of the program, or of one of its commands.
pub fn man(command: Option<&str>) -> Exit {
    let mut all = options::command();
    all.build();
    let page = match command {
        None => all,
        Some(name) => match all.find_subcommand(name) {
            // As a page of its own, `cotillion-run`.
            Some(command) => command.clone().name(format!("{NAME}-{name}")).version(env!("CARGO_PKG_VERSION")),
            None => {
                screen::note(&format!("there is no command `{name}`; `{NAME} --help` names all\n"));
                return Exit::Usage;
            }
        },
    };
    let mut text = Vec::new();
    let rendered = Man::new(page).render(&mut text).and_then(|()| text.flush());
    match rendered {
        Ok(()) => print(text),
        Err(error) => {
            screen::note(&format!("the page cannot be printed: {error}\n"));
            Exit::Internal
        }
    }
}

fn print(text: Vec<u8>) -> Exit {
    screen::print(&String::from_utf8_lossy(&text));
    Exit::Ok
}
