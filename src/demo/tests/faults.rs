//! Every fault, as the room sees it and as `/stats` counts it.

use super::*;
use crate::demo::Faults;
use crate::demo::faults::{Range, Timed};
use crate::units::Percent;

const ALL: Percent = Percent(1.0);
const JOIN: (&str, &str) = (r#"42/auction,0["join","vase"]"#, r#"43/auction,0[{"ok":true}]"#);

fn told(amount: u64, seq: u64) -> String {
    format!(
        r#"42/auction,["bid-placed",{{"lot":"vase","user":"bob","amount":{amount},"price":{amount},"seq":{seq},"ref":"r{amount}"}}]"#
    )
}

fn accepted(price: u64) -> String {
    format!(r#"43/auction,1[{{"ok":true,"broadcast":true,"price":{price}}}]"#)
}

/// Bob bids on the vase, whose room ada and bob are in, and cy is not. Only the first bid of a leader is told, so ada bids
/// in between where there are two.
struct Room {
    server: Server,
    ada: Client,
    bob: Client,
    cy: Client,
}

impl Room {
    async fn with(faults: Faults, lot_cooldown: Duration) -> Self {
        let rules = rules(lot_cooldown, Duration::ZERO);
        let server = Server::start(Options { rules, faults, ..Options::default() }).await.unwrap();
        let address = server.address();
        let [mut ada, mut bob] = [Client::enter(address, "ada").await, Client::enter(address, "bob").await];
        ada.check(JOIN.0, &[JOIN.1]).await;
        bob.check(JOIN.0, &[JOIN.1]).await;
        Self { cy: Client::enter(address, "cy").await, server, ada, bob }
    }

    async fn bid(&mut self, amount: u64) {
        self.bob.say(&format!(r#"42/auction,1["bid",{{"lot":"vase","amount":{amount},"ref":"r{amount}"}}]"#)).await;
    }

    /// The next frame of ada after everything that was sent to her before: an answer to a question of her own.
    async fn ada_hears(&mut self, expected: &[&str]) {
        self.ada.say(JOIN.0).await;
        let mut heard = Vec::new();
        loop {
            match self.ada.hear().await {
                answer if answer == JOIN.1 => break,
                frame => heard.push(frame),
            }
        }
        assert_eq!(heard, expected);
    }
}

/// After one accepted bid of bob: what ada has heard, and a count.
async fn check(faults: Faults, ada: &[&str], count: fn(&Counts) -> u64, expected: u64) {
    let mut room = Room::with(faults, Duration::ZERO).await;
    room.bid(7).await;
    // Bob's own frames come first, so that ada's are under way when he has his ack.
    while !room.bob.hear().await.starts_with("43/auction,1") {}
    room.ada_hears(ada).await;
    let counts = room.server.counts();
    assert_eq!(count(&counts), expected, "{counts:?}");
    room.server.stop().await;
}

#[tokio::test]
async fn without_a_fault_everybody_hears_once() {
    check(Faults::default(), &[&told(7, 1)], |counts| counts.deliveries, 2).await;
}

#[tokio::test]
async fn dropped_for_each_receiver() {
    check(Faults { drop: ALL, ..Faults::default() }, &[], |counts| counts.dropped, 2).await;
}

#[tokio::test]
async fn duplicated_for_each_receiver() {
    let twice = [&*told(7, 1), &*told(7, 1)];
    check(Faults { duplicate: ALL, ..Faults::default() }, &twice, |counts| counts.duplicated, 2).await;
}

#[tokio::test]
async fn leaked_to_who_is_outside() {
    let faults = Faults { leak: ALL, ..Faults::default() };
    let mut room = Room::with(faults, Duration::ZERO).await;
    room.bid(7).await;
    assert_eq!(room.cy.hear().await, told(7, 1));
    assert_eq!((room.server.counts().leaked, room.server.counts().deliveries), (1, 3));
    room.server.stop().await;
}

#[tokio::test]
async fn leaked_though_it_was_rejected() {
    let mut room = Room::with(Faults { leak: ALL, ..Faults::default() }, NEVER_OVER).await;
    room.bid(7).await;
    assert_eq!(room.ada.hear().await, told(7, 1));
    room.bid(8).await;
    let leaked = room.ada.hear().await;
    assert!(leaked.contains(r#""ref":"r8""#), "{leaked}");
    // One to cy for the first bid, two to the room for the second.
    assert_eq!(room.server.counts().leaked, 3);
    room.server.stop().await;
}

#[tokio::test]
async fn acks_are_left_out() {
    let mut room = Room::with(Faults { no_ack: ALL, ..Faults::default() }, Duration::ZERO).await;
    room.bid(7).await;
    assert_eq!(room.bob.hear().await, told(7, 1));
    room.bob.check(JOIN.0, &[JOIN.1]).await;
    let counts = room.server.counts();
    assert_eq!((counts.unacked, counts.bids, counts.acks), (1, 1, 3));
    room.server.stop().await;
}

#[tokio::test]
async fn delayed_and_still_in_order() {
    let delay = Some(Range { from: Duration::from_millis(1), to: Duration::from_millis(20) });
    let mut room = Room::with(Faults { delay, ..Faults::default() }, Duration::ZERO).await;
    for amount in 1..=10 {
        room.bid(amount).await;
        while !room.bob.hear().await.starts_with("43/auction,1") {}
        room.cy.check(r#"42/auction,1["bid",{"lot":"vase","amount":1}]"#, &[&accepted(amount)]).await;
    }
    for seq in 1..=20 {
        let frame = room.ada.hear().await;
        assert!(frame.contains(&format!(r#""seq":{seq}"#)), "{frame}");
    }
    assert_eq!(room.server.counts().delayed, 40);
    room.server.stop().await;
}

#[tokio::test]
async fn neighbours_are_swapped_for_all_but_the_first() {
    let faults = Faults { reorder: ALL, ..Faults::default() };
    let mut room = Room::with(faults, Duration::ZERO).await;
    // Both of one connection, so that the server takes them in this order; the leader changes in between.
    room.bid(1).await;
    room.cy.say(r#"42/auction,1["bid",{"lot":"vase","amount":2}]"#).await;
    assert!(room.cy.hear().await.starts_with("43/auction,1"));
    let seqs = |frames: &[String]| -> Vec<char> {
        frames.iter().filter_map(|frame| frame.split_once(r#""seq":"#)?.1.chars().next()).collect()
    };
    let ada = [room.ada.hear().await, room.ada.hear().await];
    let mut bob = Vec::new();
    while seqs(&bob).len() < 2 {
        bob.push(room.bob.hear().await);
    }
    // Ada is the first by name, and hears in order: beside hers, bob's is out of it.
    assert_eq!((seqs(&ada), seqs(&bob)), (vec!['1', '2'], vec!['2', '1']));
    assert_eq!(room.server.counts().reordered, 1);
    room.server.stop().await;
}

#[tokio::test]
async fn connections_are_closed() {
    let disconnect = Some(Timed { what: ALL, at: Duration::ZERO });
    let faults = Faults { disconnect, ..Faults::default() };
    let server = Server::start(Options { faults, ..Options::default() }).await.unwrap();
    let token = log_in(server.address(), "ada").await;
    let mut ada = Client::open(server.address()).await;
    ada.say(&format!("40/auction,{}", json!({ "token": token }))).await;
    assert!(ada.hear().await.starts_with(r#"40/auction,{"sid":"#));
    assert_eq!(ada.hear().await, "41/auction,");
    assert_eq!(server.counts().thrown_out, 1);
    server.stop().await;
}
