//! `cotillion demo` and `cotillion serve`: the built-in target with its suite, and alone.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use super::args::{DemoArgs, ServeArgs};
use super::exit::Exit;
use super::load::{self, SuiteText};
use super::{environment, run, screen, signals, target};
use crate::demo::{self, Options, Rules};
use crate::run::Stopper;

/// The built-in suite. It stands among the others, and is part of the binary.
const SUITE: &str = include_str!("../../loadtests/demo.yaml");
const SUITE_FILE: &str = "loadtests/demo.yaml";

pub fn demo(args: &DemoArgs) -> Exit {
    let overrides = args.overrides.overrides();
    let suite = SuiteText { file: SUITE_FILE.into(), text: SUITE.to_owned() };
    match load::prepare_all(&[suite], environment::read(args.overrides.env_file.as_deref()), &overrides) {
        Ok(ready) => run::run_all(&ready, &overrides, &args.how),
        Err(exit) => exit,
    }
}

pub fn serve(args: &ServeArgs) -> Exit {
    let options = Options {
        address: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port),
        rules: Rules { lot_cooldown: args.lot_cooldown, user_cooldown: args.user_cooldown },
        faults: args.faults.faults(),
        ping_interval: args.ping_interval,
        ping_timeout: args.ping_timeout,
        ..Options::default()
    };
    let stopper = Stopper::new();
    let served = signals::listen(stopper.clone()).and_then(|()| demo::spawn(options));
    match served {
        Ok(handle) => {
            screen::print(&format!("listening {}\n", handle.url()));
            stopper.wait();
            Exit::Ok
        }
        Err(error) => target::not_started(&error),
    }
}
