//! Conversations between a session and a server, as text: `tests/transcripts/<protocol>/*.txt`.
//!
//! ```text
//! # a comment
//! with namespace /admin {"token":"x"}     before all else; also `with max_payload 99`, `with parser msgpack`
//! with recovery                    `with recovery PID [OFFSET]`: of an earlier session in the namespace before it
//! < 42["a"]          the server sends a text frame         <b 01 02ff   … a binary frame
//! < (link ends)      the link is gone
//! > 3                the session sends a text frame        >b 01 02ff   … a binary frame
//! > (close)          the session has the link closed
//! ! connected id=b   the session tells of an event
//! ~ 80ms             time passes; the session's deadline fires if it lies in it
//! do emit chat ["hi"] ack          the caller acts; `ack` gives the emit the next ack id, from 0 on
//! do emit /admin "a name" []       a namespace comes first; without one it is the first that there is
//! do emit a [{"$base64":""}] binary      its arguments hold binary data; `ack` stands behind it
//! do raw ack TEXT                  an emit of that TEXT for an array; `ack` as it is wanted
//! do answer 7 ["x"]                an ack for the server; `binary` as above
//! do target polling                shows what is requested over polling or websocket
//! do recovery /admin               shows what is kept for a later session
//! do forget 0                      the ack with the id 0 is given up
//! do disconnect                    what is refused, here as anywhere, shows as `! misuse: …`
//! ```
//!
//! Everything that comes out must stand there, in order, before the next input. To write down what does come out, run
//! `UPDATE_TRANSCRIPTS=1 cargo test --test it transcripts`, and read the diff before you believe it.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cotillion::protocol::{
    Closed, Config, Event, Frame, Input, Intent, Namespace, Output, PROTOCOLS, Parser, Protocol, Recovery, Session,
    Transport,
};
use cotillion::units::{Duration, Moment};

/// A line of a transcript, counted from 1, and what is wrong there.
#[derive(Debug, PartialEq)]
struct Failure {
    line: usize,
    what: String,
}

/// Runs one transcript. `Err` is the first place where something else came out.
fn check(protocol: &Protocol, text: &str) -> Result<(), Failure> {
    let mut stage = Stage::new(protocol, text)?;
    let mut said = stage.input(None)?;
    for (index, line) in lines(text) {
        let failed = |what: String| Failure { line: index, what };
        match line.chars().next() {
            Some('>' | '!') => match said.pop_front() {
                Some(came) if came == line => {}
                Some(came) => return Err(failed(format!("expected  {line}\n      came  {came}"))),
                None => return Err(failed(format!("expected  {line}\n      came  nothing"))),
            },
            _ => {
                if let Some(came) = said.pop_front() {
                    return Err(failed(format!("before this line also came\n            {came}")));
                }
                said = stage.input(Some(line)).map_err(|failure| failed(failure.what))?;
            }
        }
    }
    match said.pop_front() {
        Some(came) => {
            Err(Failure { line: text.lines().count(), what: format!("after the end also came\n            {came}") })
        }
        None => Ok(()),
    }
}

/// The transcript with what really comes out in the place of what was expected.
fn update(protocol: &Protocol, text: &str) -> Result<String, Failure> {
    let mut stage = Stage::new(protocol, text)?;
    let mut written = String::new();
    let say = |written: &mut String, said: Said| said.iter().for_each(|came| writeln!(written, "{came}").unwrap());
    let mut started = false;
    for (index, line) in text.lines().enumerate() {
        let is_input = !line.is_empty() && !line.starts_with('#') && !line.starts_with("with ");
        if is_input && !started {
            started = true;
            let said = stage.input(None)?;
            say(&mut written, said);
        }
        if line.starts_with(['>', '!']) {
            continue;
        }
        writeln!(written, "{line}").unwrap();
        if is_input {
            let said = stage.input(Some(line)).map_err(|failure| Failure { line: index + 1, ..failure })?;
            say(&mut written, said);
        }
    }
    Ok(written)
}

/// The lines that are neither comment nor setting, with their numbers.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with('#') && !line.starts_with("with "))
}

type Said = std::collections::VecDeque<String>;

/// A session on its own clock, and the names by which the transcript calls things.
struct Stage {
    session: Box<dyn Session>,
    namespaces: Vec<String>,
    now: Moment,
    /// By ack id: when its emit was.
    emitted: HashMap<(usize, u64), Moment>,
    next_ack: u64,
}

impl Stage {
    fn new(protocol: &Protocol, text: &str) -> Result<Self, Failure> {
        let config = settings(protocol, text)?;
        let namespaces = config.namespaces.iter().map(|namespace| namespace.name.clone()).collect();
        let session = (protocol.open)(config).map_err(|misuse| Failure { line: 1, what: misuse.to_string() })?;
        Ok(Self { session, namespaces, now: Moment::START, emitted: HashMap::new(), next_ack: 0 })
    }

    /// Plays one line (`None` is the opening of the link) and gives all that it led to, as transcript lines.
    fn input(&mut self, line: Option<&str>) -> Result<Said, Failure> {
        let mut said = Said::new();
        let Some(line) = line else {
            self.hand_in(Input::Opened, &mut said);
            return Ok(said);
        };
        if line == "< (link ends)" {
            self.hand_in(Input::Closed, &mut said);
        } else if let Some(hex) = line.strip_prefix("<b") {
            self.hand_in(Input::Frame(Frame::Binary(bytes(hex)?.into())), &mut said);
        } else if let Some(frame) = line.strip_prefix("< ").or_else(|| (line == "<").then_some("")) {
            self.hand_in(Input::Frame(Frame::Text(frame.into())), &mut said);
        } else if let Some(time) = line.strip_prefix("~ ") {
            let time: Duration = time.parse().map_err(|e| failure(format!("{e}")))?;
            self.pass(time, &mut said)?;
        } else if let Some(deed) = line.strip_prefix("do ") {
            self.act(deed, &mut said)?;
        } else {
            return Err(failure(format!("`{line}` is no line of a transcript")));
        }
        Ok(said)
    }

    fn hand_in(&mut self, input: Input<'_>, said: &mut Said) {
        let result = self.session.handle(self.now, input);
        while let Some(output) = self.session.poll() {
            said.push_back(self.describe(&output));
        }
        if let Err(misuse) = result {
            said.push_back(format!("! misuse: {misuse}"));
        }
    }

    fn pass(&mut self, time: Duration, said: &mut Said) -> Result<(), Failure> {
        let end = self.now + time;
        while self.session.deadline() <= end {
            let deadline = self.session.deadline();
            self.now = self.now.max(deadline);
            self.hand_in(Input::Timeout, said);
            if self.session.deadline() == deadline {
                return Err(failure("the deadline stays where it was after it fired".to_owned()));
            }
        }
        self.now = end;
        Ok(())
    }

    fn act(&mut self, deed: &str, said: &mut Said) -> Result<(), Failure> {
        let (verb, rest) = deed.split_once(' ').unwrap_or((deed, ""));
        let (namespace, rest) = self.namespace(rest)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| failure(format!("`{text}` is no number")));
        match verb {
            "disconnect" => self.hand_in(Input::Do(Intent::Disconnect), said),
            "forget" => self.hand_in(Input::Do(Intent::Forget { namespace, ack: number(rest)? }), said),
            "answer" => {
                let (id, args) = rest.split_once(' ').unwrap_or((rest, ""));
                let (args, binary) = args.strip_suffix(" binary").map_or((args, false), |args| (args, true));
                self.hand_in(Input::Do(Intent::Answer { namespace, id: number(id)?, args, binary }), said);
            }
            "raw" => {
                let (args, ack) = rest.strip_prefix("ack ").map_or((rest, false), |rest| (rest, true));
                self.emit(namespace, args, false, ack, said);
            }
            "target" => {
                let transport = match rest {
                    "polling" => Transport::Polling,
                    "websocket" => Transport::WebSocket,
                    _ => return Err(failure(format!("`{rest}` is no transport"))),
                };
                said.push_back(format!("! target {}", self.session.request_target(transport)));
            }
            "recovery" => {
                let kept = self.session.recovery(namespace);
                let kept = kept.map(|Recovery { pid, offset }| format!("{pid} {}", offset.unwrap_or_default()));
                said.push_back(format!("! recovery {}", kept.as_deref().unwrap_or("none").trim_end()));
            }
            "emit" => {
                let (rest, ack) = rest.strip_suffix(" ack").map_or((rest, false), |rest| (rest, true));
                let (rest, binary) = rest.strip_suffix(" binary").map_or((rest, false), |rest| (rest, true));
                let (name, args) =
                    rest.split_once(" [").ok_or_else(|| failure(format!("`{rest}` is not a name and an array")))?;
                let name = serde_json::to_string(name.trim_matches('"')).unwrap();
                let comma = if args == "]" { "" } else { "," };
                self.emit(namespace, &format!("[{name}{comma}{args}"), binary, ack, said);
            }
            _ => return Err(failure(format!("`do {verb}` is nothing that can be done"))),
        }
        Ok(())
    }

    fn emit(&mut self, namespace: usize, args: &str, binary: bool, ack: bool, said: &mut Said) {
        let ack = ack.then_some(self.next_ack);
        if let Some(id) = ack {
            self.emitted.insert((namespace, id), self.now);
            self.next_ack += 1;
        }
        self.hand_in(Input::Do(Intent::Emit { namespace, args, binary, ack }), said);
    }

    fn namespace<'a>(&self, rest: &'a str) -> Result<(usize, &'a str), Failure> {
        if !rest.starts_with('/') {
            return Ok((0, rest));
        }
        let (name, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let index = self.namespaces.iter().position(|known| known == name);
        // One that the session does not have is what some transcripts are about.
        Ok((index.unwrap_or(self.namespaces.len()), rest))
    }

    fn describe(&self, output: &Output) -> String {
        match output {
            Output::Send(Frame::Text(frame)) => format!("> {frame}"),
            Output::Send(Frame::Binary(bytes)) => {
                bytes.iter().fold(">b ".to_owned(), |text, b| format!("{text}{b:02x}"))
            }
            Output::Close => "> (close)".to_owned(),
            Output::Event(event) => format!("! {}", self.event(event)),
        }
    }

    fn event(&self, event: &Event) -> String {
        let at = |namespace: usize| match self.namespaces[namespace].as_str() {
            "/" => String::new(),
            name => format!(" {name}"),
        };
        let after = |namespace: usize, id: u64| self.now.since(self.emitted[&(namespace, id)]);
        match event {
            Event::Connected { namespace, id, recovered } => {
                let id = id.as_ref().map(|id| format!(" id={id}")).unwrap_or_default();
                format!("connected{}{id}{}", at(*namespace), if *recovered { " recovered" } else { "" })
            }
            Event::Refused { namespace, error } => format!("refused{} {error}", at(*namespace)),
            Event::Ack { namespace, id, args } => {
                format!("ack{} {id} {args:?} after {}", at(*namespace), after(*namespace, *id))
            }
            Event::Data { args } => format!("data {args:?}"),
            Event::LateAck { namespace, id, args } => {
                format!("late ack{} {id} {args:?} after {}", at(*namespace), after(*namespace, *id))
            }
            Event::StrayAck { namespace, wire, asked } => {
                format!("stray ack{} {wire}, {}", at(*namespace), if *asked { "asked once" } else { "never asked" })
            }
            Event::Message { namespace, name, args, ack } => {
                let ack = ack.map(|id| format!(" ack={id}")).unwrap_or_default();
                format!("message{} {name} {args:?}{ack}", at(*namespace))
            }
            Event::Disconnected { namespace, reason } => {
                let whose = namespace.map(|namespace| format!(" {}", self.namespaces[namespace])).unwrap_or_default();
                format!("disconnected{whose}: {}", describe_reason(reason))
            }
            Event::Ignored(violation) => format!("ignored: {violation}"),
        }
    }
}

fn describe_reason(reason: &Closed) -> String {
    match reason {
        Closed::PingTimeout { after } => format!("{} after {after}", reason.name()),
        Closed::Violation(violation) => format!("{}: {violation}", reason.name()),
        Closed::Unanswered { hint } => format!("{}; {hint}", reason.name()),
        _ => reason.name().to_owned(),
    }
}

fn settings(protocol: &Protocol, text: &str) -> Result<Config, Failure> {
    let mut config = Config { path: protocol.default_path.to_owned(), namespaces: Vec::new(), ..Config::default() };
    for (index, line) in text.lines().enumerate() {
        let Some(setting) = line.strip_prefix("with ") else { continue };
        let wrong = || Failure { line: index + 1, what: format!("`{line}` is no setting") };
        if setting == "recovery" {
            config.recovery = true;
            continue;
        }
        match setting.split_once(' ').ok_or_else(wrong)? {
            ("parser", "msgpack") => config.parser = Parser::Msgpack,
            ("recovery", of) => {
                let (pid, offset) =
                    of.split_once(' ').map_or((of, None), |(pid, offset)| (pid, Some(offset.to_owned())));
                let namespace = config.namespaces.last_mut().ok_or_else(wrong)?;
                namespace.recovery = Some(Recovery { pid: pid.to_owned(), offset });
                config.recovery = true;
            }
            ("max_payload", size) => config.max_payload = size.parse().map_err(|_| wrong())?,
            ("namespace", rest) => {
                let (name, auth) = rest.split_once(' ').map_or((rest, None), |(name, auth)| (name, Some(auth)));
                config.namespaces.push(Namespace { auth: auth.map(str::to_owned), ..Namespace::new(name) });
            }
            _ => return Err(wrong()),
        }
    }
    if config.namespaces.is_empty() {
        config.namespaces.push(Namespace::new("/"));
    }
    Ok(config)
}

fn bytes(hex: &str) -> Result<Vec<u8>, Failure> {
    let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
    match digits.as_chunks::<2>() {
        (pairs, []) => Ok(pairs.iter().map(|[high, low]| (high * 16 + low) as u8).collect()),
        _ => Err(failure(format!("`{hex}` is not made of pairs of hexadecimal digits"))),
    }
}

fn failure(what: String) -> Failure {
    Failure { line: 1, what }
}

/// The protocol whose transcripts lie in the folder `name`: `socketio` has those of `socket.io`.
fn protocol(name: &str) -> &'static Protocol {
    let bare = |name: &str| name.replace(['.', '-'], "");
    PROTOCOLS.iter().find(|protocol| bare(protocol.name) == name).expect(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn every_transcript_holds() {
    let updates = std::env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let mut failures = String::new();
    for folder in files(&root) {
        let protocol = protocol(folder.file_name().unwrap().to_str().unwrap());
        for file in files(&folder) {
            let text = std::fs::read_to_string(&file).unwrap();
            let result = if updates {
                update(protocol, &text).map(|written| std::fs::write(&file, written).unwrap())
            } else {
                check(protocol, &text)
            };
            if let Err(Failure { line, what }) = result {
                writeln!(failures, "{}:{line}: {what}", file.strip_prefix(&root).unwrap().display()).unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "transcripts that do not hold:\n{failures}");
}

#[test]
fn every_protocol_has_transcripts() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    for protocol in PROTOCOLS {
        let folder = root.join(protocol.name.replace(['.', '-'], ""));
        assert!(!files(&folder).is_empty(), "{} has none", protocol.name);
    }
}

const RIGHT: &str = r#"# comment
< 0{"sid":"a","pingInterval":25000,"pingTimeout":20000}
> 40
< 40{"sid":"b"}
! connected id=b
do emit chat ["hi"] ack
> 420["chat","hi"]
~ 80ms
< 430["ok"]
! ack 0 ["ok"] after 80ms
"#;

#[test]
fn a_wrong_transcript_is_found_out() {
    let protocol = protocol("socketio");
    assert_eq!(check(protocol, RIGHT), Ok(()));
    for (right, wrong, line, what) in [
        ("> 40\n", "> 41\n", 3, "came  > 40"),
        ("> 40\n", "", 3, "also came\n            > 40"),
        ("> 40\n", "> 40\n> 40\n", 4, "came  nothing"),
        ("! connected id=b", "! connected", 5, "came  ! connected id=b"),
        ("420[", "421[", 7, "came  > 420["),
        ("~ 80ms", "~ 81ms", 10, "after 81ms"),
        ("~ 80ms", "~ 45s", 9, "disconnected: ping timeout after 45s"),
        ("~ 80ms", "~ 80", 8, "no unit"),
        ("! ack 0 [\"ok\"] after 80ms\n", "", 9, "after the end"),
        ("# comment", "comment", 1, "no line of a transcript"),
        ("do emit", "do sing", 6, "nothing that can be done"),
        ("# comment", "with colour red", 1, "no setting"),
    ] {
        let failure = check(protocol, &RIGHT.replacen(right, wrong, 1)).expect_err(wrong);
        assert!(failure.line == line && failure.what.contains(what), "{right:?} as {wrong:?}: {failure:?}");
    }
}

#[test]
fn an_update_writes_what_comes_out() {
    let protocol = protocol("socketio");
    assert_eq!(update(protocol, RIGHT).as_deref(), Ok(RIGHT));
    let bare: String =
        RIGHT.lines().filter(|line| !line.starts_with(['>', '!'])).fold(String::new(), |text, line| text + line + "\n");
    assert_eq!(update(protocol, &bare).as_deref(), Ok(RIGHT));
}

#[test]
fn refusals_at_the_start_are_shown_too() {
    let failure = check(protocol("socketio"), "with namespace admin\n").unwrap_err();
    assert!(failure.what.contains("start with `/`"), "{failure:?}");
}
