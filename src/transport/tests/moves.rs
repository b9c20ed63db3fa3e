//! From polling to WebSocket: the probe, the pause, the drain, and what happens when it does not come to that.

use super::polling::{OPEN, expect, meanwhile, open, text};
use super::scripted::{Asked, Server, Socket};
use super::within;
use crate::protocol::{Frame, Version};
use crate::transport::{Arrival, Link, TargetLink};

/// A session that is about to move: the open GET, and the request for the WebSocket.
async fn begin(server: &mut Server) -> (TargetLink, Asked, Asked) {
    let mut link = TargetLink::Polling(open(server, Version::V4, true, OPEN).await.link);
    expect(&mut link, &[OPEN]).await;
    let (one, other) = meanwhile(&mut link, async { (server.next().await, server.next().await) }).await;
    let (get, upgrade) = if one.header("upgrade").is_some() { (other, one) } else { (one, other) };
    assert!(upgrade.target().ends_with("EIO=4&transport=websocket&sid=s%2F1"), "{}", upgrade.head);
    assert_eq!((upgrade.header("cookie"), get.header("cookie")), (Some("node=a"), Some("node=a")));
    (link, get, upgrade)
}

/// The same, with the probe heard.
async fn probed(server: &mut Server) -> (TargetLink, Asked, Socket) {
    let (mut link, get, upgrade) = begin(server).await;
    let socket = meanwhile(&mut link, async {
        let mut socket = upgrade.switch().await;
        assert_eq!(socket.hear().await, "2probe");
        socket
    })
    .await;
    (link, get, socket)
}

/// Long enough for the link to have done what it will do.
async fn settle(link: &mut TargetLink) {
    meanwhile(link, tokio::time::sleep(std::time::Duration::from_millis(60))).await;
}

#[tokio::test]
async fn all_that_polling_brought_comes_before_the_move_and_all_that_waits_after_it() {
    let mut server = Server::start().await;
    let (mut link, get, mut socket) = probed(&mut server).await;
    // A POST that is under way keeps the move waiting, too.
    link.queue(text("42[\"by POST\"]")).unwrap();
    let post = meanwhile(&mut link, server.next_of("POST")).await;
    socket.say("3probe").await;
    settle(&mut link).await;
    link.queue(text("42[\"queued\"]")).unwrap();
    link.queue(Frame::Binary(vec![1, 2].into())).unwrap();
    settle(&mut link).await;
    get.answer("42[\"last\"]\u{1e}6");
    expect(&mut link, &["42[\"last\"]"]).await;
    settle(&mut link).await;
    assert!(server.waiting().is_none(), "no request is begun in the pause");
    socket.say("6").await;
    post.answer("ok");
    assert_eq!(within(link.recv()).await, Ok(Arrival::Upgraded));
    assert!(matches!(link, TargetLink::WebSocket(_)), "it takes no more room than a WebSocket");
    socket.say("42[\"first\"]").await;
    expect(&mut link, &["42[\"first\"]"]).await;
    let heard = meanwhile(&mut link, async { (socket.hear().await, socket.hear().await, socket.hear().await) }).await;
    assert_eq!((heard.0.as_str(), heard.1.as_str()), ("5", "42[\"queued\"]"));
    assert!(heard.2.contains("Binary"), "{}", heard.2);
    link.queue(text("42[\"then\"]")).unwrap();
    assert_eq!(meanwhile(&mut link, socket.hear()).await, "42[\"then\"]");
    assert!(server.waiting().is_none());
    let traffic = link.traffic();
    assert!(traffic.sent > 500 && traffic.received > 200, "polling and WebSocket together: {traffic:?}");
}

/// Servers send their noop once, and some before `3probe`. Who then polls again hangs until the next ping.
#[tokio::test]
async fn a_noop_before_the_answer_to_the_probe_is_the_last_of_polling() {
    let mut server = Server::start().await;
    let (mut link, get, mut socket) = probed(&mut server).await;
    get.answer("6");
    settle(&mut link).await;
    assert!(server.waiting().is_none(), "no GET while the probe is out");
    socket.say("3probe").await;
    assert_eq!(within(link.recv()).await, Ok(Arrival::Upgraded));
    assert_eq!(meanwhile(&mut link, socket.hear()).await, "5");
}

/// The move fails with this kind, and polling goes on in both directions.
async fn stays(link: &mut TargetLink, server: &mut Server, get: Option<Asked>, kind: &str, words: &str) {
    match within(link.recv()).await {
        Ok(Arrival::NotUpgraded { kind: found, detail }) => {
            assert_eq!(found, kind, "{detail}");
            assert!(detail.contains(words), "`{words}` is missing in: {detail}");
        }
        other => panic!("{other:?}"),
    }
    link.queue(text("42[\"on\"]")).unwrap();
    let first = meanwhile(link, server.next()).await;
    let (post, get) = match get {
        Some(get) => (first, get),
        None => {
            let second = meanwhile(link, server.next()).await;
            if first.method() == "POST" { (first, second) } else { (second, first) }
        }
    };
    assert_eq!((post.method(), post.body.as_str(), get.method()), ("POST", "42[\"on\"]", "GET"));
    post.answer("ok");
    get.answer("42[\"and on\"]");
    expect(link, &["42[\"and on\"]"]).await;
}

#[tokio::test]
async fn a_move_that_is_refused() {
    let mut server = Server::start().await;
    let (mut link, get, upgrade) = begin(&mut server).await;
    upgrade.answer_with("400 Bad Request", "", "Session ID unknown", false);
    stays(&mut link, &mut server, Some(get), "upgrade refused: session unknown", "sticky").await;
}

#[tokio::test]
async fn probes_that_fail() {
    for (said, kind, words) in [
        (Some("3"), "upgrade probe answered wrongly", "`3probe`"),
        (Some("40"), "upgrade probe answered wrongly", "something else"),
        (None, "connection dropped", "before the probe was answered"),
    ] {
        let mut server = Server::start().await;
        let (mut link, get, mut socket) = probed(&mut server).await;
        // A noop that came before: polling has to wake up again.
        get.answer("6");
        match said {
            Some(said) => {
                socket.say("6").await;
                socket.say(said).await;
            }
            None => drop(socket),
        }
        stays(&mut link, &mut server, None, kind, words).await;
    }
}

#[tokio::test]
async fn a_websocket_that_ends_or_speaks_in_the_pause() {
    for (speaks, kind) in [(true, "upgrade out of turn"), (false, "connection dropped")] {
        let mut server = Server::start().await;
        let (mut link, get, mut socket) = probed(&mut server).await;
        socket.say("3probe").await;
        settle(&mut link).await;
        if speaks {
            socket.say("42[\"too soon\"]").await;
        } else {
            drop(socket);
        }
        stays(&mut link, &mut server, Some(get), kind, "").await;
    }
}

#[tokio::test]
async fn neither_a_silent_probe_nor_a_get_that_is_not_let_go_hangs() {
    for (answered, kind) in [(false, "upgrade probe unanswered"), (true, "upgrade pause too long")] {
        let mut server = Server::start().await;
        let (mut link, _get, mut socket) = probed(&mut server).await;
        if answered {
            socket.say("3probe").await;
            settle(&mut link).await;
        }
        tokio::time::pause();
        match link.recv().await {
            Ok(Arrival::NotUpgraded { kind: found, detail }) => assert_eq!(found, kind, "{detail}"),
            other => panic!("{other:?}"),
        }
        tokio::time::resume();
    }
}

#[tokio::test]
async fn who_leaves_in_the_middle_of_it_leaves_by_polling() {
    let mut server = Server::start().await;
    let (mut link, _get, mut socket) = probed(&mut server).await;
    socket.say("3probe").await;
    settle(&mut link).await;
    link.queue(text("41")).unwrap();
    let goodbye = async {
        let post = server.next_of("POST").await;
        let body = post.body.clone();
        post.answer("ok");
        body
    };
    let patience = crate::units::Duration::from_secs(10);
    let (body, ()) = tokio::join!(within(goodbye), within(link.close(1000, patience)));
    assert_eq!(body, "41\u{1e}1");
}
