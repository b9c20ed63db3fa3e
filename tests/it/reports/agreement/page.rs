//! What `report.html` says to who reads it without a script: its tables, lists of pairs and the large word at the top.

use std::collections::BTreeMap;

use cotillion::metrics::number;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Fact, Told};
use crate::reports::body;

/// What a person must be told.
pub const WHOLE: &[&str] = &[
    "suite/name",
    "run/id",
    "run/seed",
    "verdict/status",
    "verdict/validity",
    "verdict/sentence",
    "lines/*/result",
    "lines/*/observed",
    "lines/*/samples",
    "invariants/*/held",
    "invariants/*/broken",
    "invariants/*/undecided",
    "scenarios/*/users",
    "scenarios/*/success_rate",
    "scenarios/*/totals/planned",
    "scenarios/*/totals/ok",
    "scenarios/*/totals/failed",
    "scenarios/*/totals/timeout",
    "totals/ok",
    "totals/rejected",
    "totals/failed",
    "totals/timeout",
    "totals/disconnected",
    "totals/unfinished",
    "totals/sent",
    "totals/acks",
    "totals/late_answers",
    "totals/not_sent_busy",
    "totals/not_sent_offline",
    "totals/not_sent_generator",
    "totals/not_sent_abandoned",
    "totals/connect_attempts",
    "totals/connections",
    "totals/connect_failures",
    "totals/disconnects",
    "totals/reconnects",
    "totals/logins",
    "totals/login_failures",
    "totals/received_events",
    "latencies/*/count",
    "latencies/*/avg_ms",
    "latencies/*/p50_ms",
    "latencies/*/p90_ms",
    "latencies/*/p95_ms",
    "latencies/*/p99_ms",
    "latencies/*/p99_9_ms",
    "latencies/*/max_ms",
    "metrics/*/value",
    "events/*/expected",
    "events/*/in_time",
    "events/*/late",
    "events/*/missing",
    "events/*/duplicate",
    "events/*/leaked",
    "events/*/ambiguous",
    "events/*/rate",
    "events/*/latency/p95_ms",
];

/// Pairs of the page, and where the record has them.
const PAIRS: &[(&str, &str)] = &[
    ("sent", "totals/sent"),
    ("acks in time", "totals/acks"),
    ("answers after the deadline", "totals/late_answers"),
    ("not sent: user still busy", "totals/not_sent_busy"),
    ("not sent: user offline", "totals/not_sent_offline"),
    ("not sent: generator", "totals/not_sent_generator"),
    ("not sent: turn ended early", "totals/not_sent_abandoned"),
    ("attempts", "totals/connect_attempts"),
    ("connected", "totals/connections"),
    ("failed attempts", "totals/connect_failures"),
    ("lost", "totals/disconnects"),
    ("came back", "totals/reconnects"),
    ("logins", "totals/logins"),
    ("failed logins", "totals/login_failures"),
    ("events received", "totals/received_events"),
];

/// An element with what is in it.
#[derive(Debug, Default)]
struct Element {
    tag: String,
    class: String,
    /// Text and elements in their order; a text is an element without a tag.
    inside: Vec<Element>,
    text: String,
}

impl Element {
    fn of(page: &str) -> Self {
        let text = body(page).replacen("<!doctype html>", "", 1).replace("&shy;", "");
        let mut reader = Reader::from_str(&text);
        reader.config_mut().check_end_names = false;
        let mut open = vec![Self::default()];
        loop {
            let event = reader.read_event().unwrap();
            let (tag, ends) = match &event {
                Event::Start(tag) => (tag, tag.name().as_ref() == "meta"),
                Event::Empty(tag) => (tag, true),
                Event::End(_) => {
                    let closed = open.pop().expect("an element");
                    open.last_mut().expect("one around it").inside.push(closed);
                    continue;
                }
                Event::Text(text) => {
                    open.last_mut().expect("an element").add(text);
                    continue;
                }
                Event::GeneralRef(name) => {
                    let known = [("lt", "<"), ("gt", ">"), ("amp", "&"), ("quot", "\""), ("#39", "'")];
                    let (_, text) = known.iter().find(|(known, _)| **known == **name).expect("a known entity");
                    open.last_mut().expect("an element").add(text);
                    continue;
                }
                Event::Eof => break,
                _ => continue,
            };
            let class = tag.html_attributes().flatten().find(|attribute| attribute.key.as_ref() == "class");
            let element = Self {
                tag: tag.name().as_ref().to_owned(),
                class: class.map_or_else(String::new, |class| class.value.to_string()),
                ..Self::default()
            };
            if ends {
                open.last_mut().expect("an element").inside.push(element);
            } else {
                open.push(element);
            }
        }
        open.remove(0)
    }

    fn add(&mut self, text: &str) {
        self.inside.push(Self { text: text.to_owned(), ..Self::default() });
    }

    fn is(&self, class: &str) -> bool {
        self.class.split_whitespace().any(|name| name == class)
    }

    /// All elements of a tag, at any depth.
    fn all<'a>(&'a self, tag: &'a str) -> Vec<&'a Self> {
        let deeper = self.inside.iter().flat_map(|element| {
            let own = (element.tag == tag).then_some(element);
            own.into_iter().chain(element.all(tag))
        });
        deeper.collect()
    }

    /// The text of it, without asides and pictures, on one line.
    fn says(&self) -> String {
        fn gather(element: &Element, into: &mut String) {
            into.push_str(&element.text);
            let inside = element.inside.iter().filter(|inner| !inner.is("sub") && inner.tag != "svg");
            inside.for_each(|inner| gather(inner, into));
        }
        let mut text = String::new();
        gather(self, &mut text);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The rows of the table whose caption begins so: what stands below each heading.
    fn rows(&self, caption: &str) -> Vec<BTreeMap<String, String>> {
        let has = |table: &&Self| table.all("caption").iter().any(|element| element.says().starts_with(caption));
        let Some(table) = self.all("table").into_iter().find(has) else { return vec![] };
        let cells = |row: &Self| {
            let cells = row.inside.iter().filter(|cell| cell.tag == "td" || cell.tag == "th");
            cells.map(Self::says).collect::<Vec<_>>()
        };
        let mut rows = table.all("tr").into_iter().map(cells);
        let heading = rows.next().expect("a heading");
        // Rows that go over the whole table tell of the one before.
        let whole = rows.filter(|row| row.len() == heading.len());
        whole.map(|row| heading.iter().cloned().zip(row).collect()).collect()
    }
}

fn counted(text: &str) -> Told {
    shown(text, |value| number::count(value as u64))
}

fn shown(text: &str, by: fn(f64) -> String) -> Told {
    match text {
        "–" | "no samples" => Told::Nothing,
        text => Told::Shown(text.to_owned(), by),
    }
}

fn in_unit(text: &str) -> Told {
    match text {
        "–" | "no samples" => Told::Nothing,
        text => Told::InUnit(text.to_owned()),
    }
}

pub fn facts(text: &str) -> Vec<Fact> {
    let page = Element::of(text);
    let mut facts = top(&page);
    for row in page.rows("Thresholds with limit") {
        let (_, line) = row["Where"].rsplit_once(':').expect("a place");
        let result = match row["Result"].as_str() {
            "✓ met" => "met",
            "✗ no data" => "no_data",
            "– not judged" => "not_judged",
            // A broken one, even where it only warns.
            _ => "broken",
        };
        facts.push((format!("lines/{line}/result"), Told::Word(result.into())));
        facts.push((format!("lines/{line}/limit"), Told::Word(row["Limit"].clone())));
        facts.push((format!("lines/{line}/observed"), in_unit(&row["Observed"])));
        facts.push((format!("lines/{line}/samples"), counted(&row["Samples"])));
    }
    for row in page.rows("Invariants with") {
        for count in ["held", "broken", "undecided"] {
            let heading = format!("{}{}", count[..1].to_uppercase(), &count[1..]);
            facts.push((format!("invariants/{}/{count}", row["Invariant"]), counted(&row[&heading])));
        }
    }
    scenarios(&mut facts, &page);
    for row in page.rows("Percentiles of every distribution") {
        let subject = &row["Metric"];
        let (rest, scenario) = subject.split_once(" in ").unwrap_or((subject, ""));
        let (metric, action) = rest.split_once(" of ").unwrap_or((rest, ""));
        let named: Vec<&str> = [metric, scenario, action].into_iter().filter(|part| !part.is_empty()).collect();
        let place = format!("latencies/{}", named.join(", "));
        facts.push((format!("{place}/count"), counted(&row["Samples"])));
        for statistic in ["min", "avg", "p50", "p90", "p95", "p99", "p99.9", "max"] {
            let field = format!("{}_ms", statistic.replace('.', "_"));
            facts.push((format!("{place}/{field}"), shown(&row[statistic], number::milliseconds)));
        }
    }
    for row in page.rows("All metrics over") {
        facts.push((format!("metrics/{}/value", row["Metric"]), in_unit(&row["Value"])));
    }
    facts
}

/// The verdict, lists of counts and lists of pairs.
fn top(page: &Element) -> Vec<Fact> {
    let spans = page.all("h1")[0].all("span");
    let said = |class: &str| spans.iter().find(|span| span.is(class)).expect("a word").says();
    let facts: Vec<String> =
        page.all("ul").iter().find(|list| list.is("facts")).expect("facts").all("b").iter().map(|b| b.says()).collect();
    let sentence = page.all("p").into_iter().find(|line| line.is("sentence")).expect("a sentence").says();
    let mut found = vec![
        ("verdict/status".to_owned(), Told::Word(said("word").to_lowercase())),
        ("suite/name".to_owned(), Told::Word(said("name"))),
        ("verdict/sentence".to_owned(), Told::Word(sentence)),
        ("verdict/validity".to_owned(), Told::Word(facts[2].to_lowercase().replace(' ', "_"))),
        ("run/id".to_owned(), Told::Word(facts[3].clone())),
        ("run/target".to_owned(), Told::Word(facts[1].clone())),
    ];
    for item in page.all("ul").into_iter().filter(|list| list.is("counts")).flat_map(|list| list.all("li")) {
        let text = item.says();
        let (count, name) = text.split_once(' ').expect("a count and a name");
        let place = if name == "not sent" { "sums/not sent".to_owned() } else { format!("totals/{name}") };
        found.push((place, counted(count)));
    }
    for pairs in page.all("dl").into_iter().filter(|list| list.is("pairs")) {
        for (name, value) in pairs.all("dt").iter().zip(pairs.all("dd")) {
            let place = PAIRS.iter().find(|(known, _)| *known == name.says());
            found.extend(place.map(|(_, place)| ((*place).to_owned(), counted(&value.says()))));
            if name.says() == "seed" {
                found.push(("run/seed".into(), Told::Shown(value.says(), |seed| seed.to_string())));
            }
        }
    }
    found
}

fn scenarios(facts: &mut Vec<Fact>, page: &Element) {
    for row in page.rows("Outcomes by scenario") {
        // The rows of actions are below that of their scenario.
        if row["Scenario"].starts_with('↳') {
            continue;
        }
        let place = format!("scenarios/{}", row["Scenario"]);
        facts.push((format!("{place}/users"), counted(&row["Users"])));
        facts.push((format!("{place}/success_rate"), shown(&row["Success"], number::share)));
        facts.push((format!("sums/{}/not sent", row["Scenario"]), counted(&row["not sent"])));
        for outcome in ["planned", "ok", "rejected", "failed", "timeout", "disconnected", "unfinished"] {
            let heading = if outcome == "planned" { "Planned" } else { outcome };
            facts.push((format!("{place}/totals/{outcome}"), counted(&row[heading])));
        }
    }
    for row in page.rows("What was owed by each action") {
        // The scenario stands in the line below, as do the words of the rule.
        let (action, event) = row["Action → event"].split_once(" → ").expect("an action and an event");
        let place = format!("events/{action}, {event}");
        let counts = [
            ("Owed", "expected"),
            ("In time", "in_time"),
            ("Late", "late"),
            ("Missing", "missing"),
            ("Twice", "duplicate"),
            ("Out of order", "out_of_order"),
            ("Leaked", "leaked"),
            ("Ambiguous", "ambiguous"),
        ];
        facts.extend(counts.map(|(heading, field)| (format!("{place}/{field}"), counted(&row[heading]))));
        facts.push((format!("{place}/rate"), shown(&row["Rate"], number::share)));
        for statistic in ["p50", "p95", "p99", "max"] {
            let told = shown(&row[statistic], number::milliseconds);
            let latency = (format!("{place}/latency/{statistic}_ms"), told);
            // Without a sample the record has no latency at all.
            facts.extend(Some(latency).filter(|(_, told)| !matches!(told, Told::Nothing)));
        }
    }
}
