"""The application of server.mjs, whose head says what goes in and out, on python-socketio and uvicorn."""

import argparse
import asyncio
import json
import os
import socket

import engineio
import socketio
import uvicorn

EVENTS = ["echo", "join", "say", "binary", "ask"]
NAMESPACES = {"/": ["user", "admin"], "/admin": ["admin"]}
OF_ALL = [
    "connected", "websocket", "polling", "upgraded", "recovered", "replayed", "acks", "deliveries", "questions",
    "answers", "wrong_answers", "bytes_received", "bytes_sent",
]


def prefix(namespace):
    return "" if namespace == "/" else f"{namespace[1:]}_"


counts = {name: 0 for name in OF_ALL}
for each in NAMESPACES:
    counts |= {prefix(each) + name: 0 for name in ["joined", "refused", *EVENTS]}


def bytes_in(value):
    """How many bytes of binary data are anywhere in a value."""
    if isinstance(value, bytes):
        return len(value)
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return sum(bytes_in(part) for part in parts)


class Connection(engineio.async_socket.AsyncSocket):
    """Counts upgrades that were carried through: a WebSocket from the start is never `upgrading`."""

    @property
    def upgraded(self):
        return self.is_upgraded

    @upgraded.setter
    def upgraded(self, value):
        counts["upgraded"] += value and self.upgrading
        self.is_upgraded = value


class Engine(engineio.AsyncServer):
    """Counts connections by the transport that they begin with."""

    async def _handle_connect(self, environ, transport, *rest):
        counts[transport] += 1
        return await super()._handle_connect(environ, transport, *rest)


class Server(socketio.AsyncServer):
    """Counts the acks that really go out; a handler does not know whether one was asked for."""

    def _engineio_server_class(self):
        return Engine

    async def _send_packet(self, eio_sid, pkt):
        counts["acks"] += pkt.packet_type in (socketio.packet.ACK, socketio.packet.BINARY_ACK)
        await super()._send_packet(eio_sid, pkt)


class Application(socketio.AsyncNamespace):
    def __init__(self, namespace, tokens):
        super().__init__(namespace)
        self.of = prefix(namespace)
        self.tokens = tokens

    async def on_connect(self, sid, environ, auth=None):
        if not isinstance(auth, dict) or auth.get("token") not in self.tokens:
            counts[f"{self.of}refused"] += 1
            raise socketio.exceptions.ConnectionRefusedError("not authorized")
        counts[f"{self.of}joined"] += 1
        counts["connected"] += 1

    async def on_disconnect(self, sid, reason):
        counts["connected"] -= 1

    async def on_echo(self, sid, *values):
        self.count("echo")
        return values

    async def on_join(self, sid, room):
        self.count("join")
        await self.enter_room(sid, room)
        return {"ok": True}

    async def on_say(self, sid, news):
        self.count("say")
        await self.tell("said", news)
        return {"ok": True}

    async def on_binary(self, sid, news):
        self.count("binary")
        size = bytes_in(news)
        counts["bytes_received"] += size
        counts["bytes_sent"] += size
        if "room" in news:
            await self.tell("told", news)
        return {"ok": True, "bytes": size, "back": news}

    async def on_ask(self, sid, question):
        self.count("ask")
        counts["questions"] += 1
        counts["bytes_sent"] += bytes_in(question)
        answer = await self.call("question", question, to=sid)
        counts["bytes_received"] += bytes_in(answer)
        right = (
            isinstance(answer, dict)
            and answer.get("sum") == question["a"] + question["b"]
            and answer.get("bytes", b"") == question.get("bytes", b"")
        )
        counts["answers" if right else "wrong_answers"] += 1
        return {"ok": right}

    def count(self, event):
        counts[self.of + event] += 1

    async def tell(self, event, news):
        receivers = len(list(self.server.manager.get_participants(self.namespace, news["room"])))
        counts["deliveries"] += receivers
        counts["bytes_sent"] += receivers * bytes_in(news)
        await self.emit(event, news, room=news["room"])


async def http(scope, receive, send):
    """What is not Socket.IO: health, counts, and forgetting them."""
    status, body = 404, b""
    match scope.get("method"), scope["path"]:
        case "GET", "/health":
            status = 200
        case "GET", "/stats":
            status, body = 200, json.dumps(counts).encode()
        case "POST", "/reset":
            status = 204
            counts.update({name: 0 for name in counts if name != "connected"})
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})


def duration(text):
    """A duration as settings.mjs takes it, in seconds."""
    for unit, factor in (("ms", 0.001), ("s", 1)):
        if text.endswith(unit) and text.removesuffix(unit).isdigit():
            return int(text.removesuffix(unit)) * factor
    raise argparse.ArgumentTypeError(f"`{text}` is not a duration; write one such as `200ms` or `1s`")


def settings():
    """Flags, and environment variables of the same name behind the prefix MATRIX_; a flag wins."""
    parser = argparse.ArgumentParser()
    for name, default, kind in (
        ("host", "127.0.0.1", str),
        ("port", "0", int),
        ("parser", "json", str),
        # It tells its clients only whole seconds.
        ("ping-interval", "1s", duration),
        ("ping-timeout", "5s", duration),
    ):
        variable = f"MATRIX_{name.upper().replace('-', '_')}"
        parser.add_argument(f"--{name}", default=os.environ.get(variable, default), type=kind)
    return parser.parse_args()


async def main():
    options = settings()
    server = Server(
        async_mode="asgi",
        serializer={"json": "default", "msgpack": "msgpack"}[options.parser],
        ping_interval=options.ping_interval,
        ping_timeout=options.ping_timeout,
    )
    for namespace, tokens in NAMESPACES.items():
        server.register_namespace(Application(namespace, tokens))
    # Bound before uvicorn starts, so that it is known which port a free one is, and listening once the line is printed.
    listener = socket.create_server((options.host, options.port), backlog=4096)
    host, port = listener.getsockname()
    print(f"listening http://{host}:{port}", flush=True)
    app = socketio.ASGIApp(server, other_asgi_app=http)
    await uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)).serve([listener])


engineio.async_socket.AsyncSocket = Connection
if __name__ == "__main__":
    asyncio.run(main())
