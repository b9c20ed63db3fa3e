//! The server as a client sees it: raw frames in both directions, and the counts afterwards.

use std::net::SocketAddr;
use std::time::Duration as StdDuration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;

mod faults;

use super::{Counts, Options, Rules, Server, spawn};
use crate::units::Duration;

/// No test waits for time: a cooldown is over at once or lasts longer than the test.
const NEVER_OVER: Duration = Duration::from_secs(3_600);
const PATIENCE: StdDuration = StdDuration::from_secs(10);

const fn rules(lot_cooldown: Duration, user_cooldown: Duration) -> Rules {
    Rules { lot_cooldown, user_cooldown, two_winners: false }
}

async fn house(rules: Rules) -> Server {
    Server::start(Options { rules, ..Options::default() }).await.unwrap()
}

async fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    let kind = format!("content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(format!("{head}{kind}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn log_in(address: SocketAddr, user: &str) -> String {
    let (status, body) =
        request(address, "POST", "/login", &json!({ "user": user, "password": "x" }).to_string()).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str::<Value>(&body).unwrap()["token"].as_str().unwrap().to_owned()
}

async fn stats(address: SocketAddr) -> Counts {
    serde_json::from_str(&request(address, "GET", "/stats", "").await.1).unwrap()
}

/// One WebSocket, with the Engine.IO session open.
struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}/socket.io/?EIO=4&transport=websocket");
        let mut client = Self(tokio_tungstenite::client_async(url, stream).await.unwrap().0);
        assert!(client.hear().await.starts_with("0{"));
        client
    }

    /// Logged in and connected to the namespace.
    async fn enter(address: SocketAddr, user: &str) -> Self {
        let token = log_in(address, user).await;
        let mut client = Self::open(address).await;
        client.say(&format!("40/auction,{}", json!({ "token": token }))).await;
        let answer = client.hear().await;
        assert!(answer.starts_with(r#"40/auction,{"sid":"#), "{answer}");
        client
    }

    async fn say(&mut self, frame: &str) {
        self.0.send(Message::text(frame)).await.unwrap();
    }

    /// The next frame that is not a ping; socketioxide sends its first one at once.
    async fn hear(&mut self) -> String {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("an answer").unwrap().unwrap();
            match frame.to_text().unwrap() {
                "2" => self.say("3").await,
                text => return text.to_owned(),
            }
        }
    }

    /// Says a frame and checks that these come back, in that order.
    async fn check(&mut self, says: &str, hears: &[&str]) {
        self.say(says).await;
        for expected in hears {
            assert_eq!(self.hear().await, *expected, "after {says}");
        }
    }
}

#[tokio::test]
async fn a_bid_is_acked_and_told_to_the_whole_room() {
    let server = house(rules(Duration::ZERO, Duration::ZERO)).await;
    let address = server.address();
    let mut ada = Client::enter(address, "ada").await;
    let mut bob = Client::enter(address, "bob").await;
    ada.check(r#"42/auction,0["join","vase"]"#, &[r#"43/auction,0[{"ok":true}]"#]).await;
    bob.check(r#"42/auction,0["join","vase"]"#, &[r#"43/auction,0[{"ok":true}]"#]).await;

    let news = r#"42/auction,["bid-placed",{"lot":"vase","user":"ada","amount":7,"price":7,"seq":1,"ref":"a1"}]"#;
    let accepted = r#"43/auction,1[{"ok":true,"broadcast":true,"price":7}]"#;
    ada.check(r#"42/auction,1["bid",{"lot":"vase","amount":7,"ref":"a1"}]"#, &[news, accepted]).await;
    assert_eq!(bob.hear().await, news);

    // A repeat is no news; the room's next frame is bob's own bid, second in the lot's count.
    let repeat = r#"43/auction,2[{"ok":true,"broadcast":false,"price":8}]"#;
    ada.check(r#"42/auction,2["bid",{"lot":"vase","amount":8}]"#, &[repeat]).await;
    let news = r#"42/auction,["bid-placed",{"lot":"vase","user":"bob","amount":9,"price":9,"seq":2}]"#;
    let accepted = r#"43/auction,1[{"ok":true,"broadcast":true,"price":9}]"#;
    bob.check(r#"42/auction,1["bid",{"lot":"vase","amount":9}]"#, &[news, accepted]).await;
    assert_eq!(ada.hear().await, news);

    let expected = Counts {
        logins: 2,
        connections: 2,
        connected: 2,
        joins: 2,
        bids: 3,
        accepted: 3,
        broadcasts: 2,
        deliveries: 4,
        acks: 5,
        ..Counts::default()
    };
    assert_eq!(stats(address).await, expected);
    assert_eq!(server.counts(), expected);
    server.stop().await;
}

#[tokio::test]
async fn who_has_left_hears_nothing_more() {
    let server = house(rules(Duration::ZERO, Duration::ZERO)).await;
    let address = server.address();
    let mut ada = Client::enter(address, "ada").await;
    let mut bob = Client::enter(address, "bob").await;
    for (id, lot) in ["vase", "lamp"].into_iter().enumerate() {
        let joined = format!(r#"43/auction,{id}[{{"ok":true}}]"#);
        ada.check(&format!(r#"42/auction,{id}["join","{lot}"]"#), &[&joined]).await;
    }
    ada.check(r#"42/auction,2["leave","vase"]"#, &[r#"43/auction,2[{"ok":true}]"#]).await;
    let told = r#"43/auction,0[{"ok":true,"broadcast":true,"price":1}]"#;
    bob.check(r#"42/auction,0["bid",{"lot":"vase","amount":1}]"#, &[told]).await;
    bob.check(r#"42/auction,0["bid",{"lot":"lamp","amount":1}]"#, &[told]).await;
    let heard = ada.hear().await;
    assert!(heard.contains(r#""lot":"lamp""#), "{heard}");

    // Without a lot: all of them. The ack that nobody asked for is not sent.
    ada.say(r#"42/auction,["leave"]"#).await;
    ada.check(r#"42/auction,3["leave",null]"#, &[r#"43/auction,3[{"ok":true}]"#]).await;
    bob.check(r#"42/auction,0["bid",{"lot":"rug","amount":1}]"#, &[told]).await;
    let counts = stats(address).await;
    assert_eq!((counts.joins, counts.leaves, counts.broadcasts, counts.deliveries), (2, 3, 3, 1));
    assert_eq!(counts.acks, 7);
    server.stop().await;
}

#[tokio::test]
async fn too_soon_is_told_with_the_time_to_wait() {
    let server = house(rules(NEVER_OVER, Duration::ZERO)).await;
    let mut ada = Client::enter(server.address(), "ada").await;
    let accepted = r#"43/auction,0[{"ok":true,"broadcast":true,"price":1}]"#;
    ada.check(r#"42/auction,0["bid",{"lot":"vase","amount":1}]"#, &[accepted]).await;
    ada.say(r#"42/auction,1["bid",{"lot":"vase","amount":2}]"#).await;
    let rejected: Value = serde_json::from_str(ada.hear().await.strip_prefix("43/auction,1").unwrap()).unwrap();
    assert_eq!((&rejected[0]["ok"], &rejected[0]["error"]), (&json!(false), &json!("cooldown")));
    let wait = rejected[0]["retry_in_ms"].as_u64().unwrap();
    assert!((3_500_000..=3_600_000).contains(&wait), "{wait}");
    ada.check(r#"42/auction,0["bid",{"lot":"lamp","amount":1}]"#, &[accepted]).await;
    let counts = server.counts();
    assert_eq!((counts.bids, counts.accepted, counts.rejected), (3, 2, 1));
    server.stop().await;
}

#[tokio::test]
async fn nonsense_is_answered_and_counted() {
    let server = house(rules(Duration::ZERO, Duration::ZERO)).await;
    let mut ada = Client::enter(server.address(), "ada").await;
    let invalid = r#"43/auction,0[{"ok":false,"error":"invalid"}]"#;
    for args in [
        r#"["join"]"#,
        r#"["join",7]"#,
        r#"["leave",7]"#,
        r#"["bid"]"#,
        r#"["bid",{"lot":"vase"}]"#,
        r#"["bid",{"lot":"vase","amount":-1}]"#,
        r#"["bid",{"lot":"vase","amount":1.5}]"#,
        r#"["bid",{"lot":"vase","amount":9007199254740992}]"#,
    ] {
        ada.check(&format!("42/auction,0{args}"), &[invalid]).await;
    }
    let counts = server.counts();
    assert_eq!((counts.joins, counts.leaves, counts.bids, counts.rejected, counts.acks), (0, 0, 5, 5, 8));
    server.stop().await;
}

#[tokio::test]
async fn without_a_valid_token_the_namespace_refuses() {
    let server = house(Rules::default()).await;
    let refused = r#"44/auction,{"message":"unauthorized"}"#;
    let mut nobody = Client::open(server.address()).await;
    nobody.check("40/auction,", &[refused]).await;
    nobody.check(r#"40/auction,{"token":"guessed"}"#, &[refused]).await;
    nobody.check(r#"40/auction,{"token":7}"#, &[refused]).await;
    assert_eq!(server.counts(), Counts { refused: 3, ..Counts::default() });
    server.stop().await;
}

#[tokio::test]
async fn logins_are_checked() {
    let options = Options { password: Some("sesame".to_owned()), ..Options::default() };
    let server = Server::start(options).await.unwrap();
    for (body, status) in [
        (r#"{"user":"ada","password":"sesame"}"#, 200),
        (r#"{"user":"ada","password":"other"}"#, 401),
        (r#"{"user":"ada"}"#, 400),
        ("ada", 400),
    ] {
        assert_eq!(request(server.address(), "POST", "/login", body).await.0, status, "{body}");
    }
    assert_eq!(server.counts().logins, 1);
    server.stop().await;
}

#[tokio::test]
async fn a_disconnect_is_counted_and_a_reset_zeroes_the_rest() {
    let server = house(rules(NEVER_OVER, NEVER_OVER)).await;
    let address = server.address();
    assert_eq!(request(address, "GET", "/health", "").await, (200, "ok".to_owned()));
    let mut ada = Client::enter(address, "ada").await;
    let mut bob = Client::enter(address, "bob").await;
    let accepted = r#"43/auction,0[{"ok":true,"broadcast":true,"price":1}]"#;
    ada.check(r#"42/auction,0["bid",{"lot":"vase","amount":1}]"#, &[accepted]).await;
    bob.say("41/auction,").await;
    // Packets of one connection are handled in order: the refusal of this one comes after the goodbye.
    bob.check("40/nowhere,", &[r#"44/nowhere,{"message":"Invalid namespace"}"#]).await;
    let counts = stats(address).await;
    assert_eq!((counts.connections, counts.disconnects, counts.connected), (2, 1, 1));

    assert_eq!(request(address, "POST", "/reset", "").await.0, 204);
    assert_eq!(stats(address).await, Counts { connected: 1, ..Counts::default() });
    ada.check(r#"42/auction,0["bid",{"lot":"vase","amount":1}]"#, &[accepted]).await;
    server.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_names_it() {
    let server = house(Rules::default()).await;
    let again = Options { address: server.address(), ..Options::default() };
    let error = Server::start(again).await.err().expect("the port is taken").to_string();
    assert!(error.contains(&server.address().to_string()) && error.contains("port 0"), "{error}");
    server.stop().await;
}

#[test]
fn a_server_of_its_own_stops_when_it_is_dropped() {
    let handle = spawn(Options::default()).unwrap();
    let address = handle.address();
    assert_eq!(handle.url(), format!("http://127.0.0.1:{}", address.port()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut ada = runtime.block_on(Client::enter(address, "ada"));
    drop(handle);
    let rest = async { while let Some(Ok(_)) = ada.0.next().await {} };
    runtime.block_on(async { tokio::time::timeout(PATIENCE, rest).await.expect("the connection ends") });
    assert!(runtime.block_on(TcpStream::connect(address)).is_err());
}
