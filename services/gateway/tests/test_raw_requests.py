"""What no client library sends: each is answered once with 4xx, or the connection is closed, never more."""

import asyncio
import json
import re
import select
import socket
import time

from gateway.serving.last_words import last_words
from gateway.testing.whole import Gateway, GatewayFactory

STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
HOST = b"Host: localhost\r\n"
# What would be answered if it were taken for a request of its own.
SMUGGLED = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def statuses(said: bytes) -> list[int]:
    return [int(status) for status in STATUS.findall(said)]


def get(headers: bytes, path: bytes = b"/health") -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\n" + HOST + headers + b"\r\n"


def post(rest_of_head: bytes, rest: bytes = SMUGGLED) -> bytes:
    """A request whose body may or may not be what follows."""
    return b"POST /login HTTP/1.1\r\n" + HOST + rest_of_head + rest


AMBIGUOUS = {
    "both lengths": post(b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    "both lengths, other order": post(b"Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n"),
    "two lengths": post(b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n"),
    "list of lengths": post(b"Content-Length: 0, 44\r\n\r\n"),
    "signed length": post(b"Content-Length: +0\r\n\r\n"),
    "negative length": post(b"Content-Length: -1\r\n\r\n"),
    "hexadecimal length": post(b"Content-Length: 0x0\r\n\r\n"),
    "space before colon": post(b"Content-Length : 0\r\n\r\n"),
    "endless length": post(b"Content-Length: 99999999999999999999999\r\n\r\n"),
    "chunked twice": post(b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
    "chunked and identity": post(b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
    "identity": post(b"Transfer-Encoding: identity\r\n\r\n"),
    "misspelt chunked": post(b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    "vertical tab": post(b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
    "folded": post(b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
    "two encodings": post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n"),
    "chunked in 1.0": post(b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n").replace(b"1.1", b"1.0", 1),
    "bad chunk size": post(b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"),
    "huge chunk size": post(b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n"),
    "signed chunk size": post(b"Transfer-Encoding: chunked\r\n\r\n+0\r\n\r\n"),
    "bare LF chunk": post(b"Transfer-Encoding: chunked\r\n\r\n0\n\n"),
}  # fmt: skip

MALFORMED = {
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "two hosts": get(b"Host: evil\r\n"),
    "two equal hosts": b"GET /health HTTP/1.1\r\n" + HOST + HOST + b"\r\n",
    "empty host": b"GET /health HTTP/1.1\r\nHost:\r\n\r\n",
    "host with user": b"GET /health HTTP/1.1\r\nHost: localhost@evil\r\n\r\n",
    "host with path": b"GET /health HTTP/1.1\r\nHost: localhost/evil\r\n\r\n",
    "host with list": b"GET /health HTTP/1.1\r\nHost: localhost, evil\r\n\r\n",
    "foreign host": b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "target without slash": b"GET health HTTP/1.1\r\n" + HOST + b"\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "connect": b"CONNECT evil:443 HTTP/1.1\r\n" + HOST + b"\r\n",
    "dot segments": b"GET /health/../users HTTP/1.1\r\n" + HOST + b"\r\n",
    "encoded dot segments": b"GET /health/%2e%2e/users HTTP/1.1\r\n" + HOST + b"\r\n",
    "double slash": b"GET //evil.example/health HTTP/1.1\r\n" + HOST + b"\r\n",
    "backslash": b"GET /\\evil.example HTTP/1.1\r\n" + HOST + b"\r\n",
    "NUL": b"GET /health%00 HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw NUL": b"GET /he\x00alth HTTP/1.1\r\n" + HOST + b"\r\n",
    "line feed": b"GET /health%0a HTTP/1.1\r\n" + HOST + b"\r\n",
    "raw byte in the path": b"GET /he\xe4lth HTTP/1.1\r\n" + HOST + b"\r\n",
    "not UTF-8": b"GET /%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n",
    "header without colon": get(b"broken\r\n"),
    "header with NUL": get(b"X: a\x00b\r\n"),
    "header with bare CR": get(b"X: a\rb\r\n"),
    "header name with space": get(b"X Y: a\r\n"),
    "unknown method": b"BREW /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "lower-case method": b"get /health HTTP/1.1\r\n" + HOST + b"\r\n",
    "HTTP/2.0": b"GET /health HTTP/2.0\r\n" + HOST + b"\r\n",
    "HTTP/0.9": b"GET /health\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "garbage": b"\r\n\r\n\x00\x01\x02\x03\r\n\r\n",
    "many headers": get(b"".join(b"X-%d: 1\r\n" % n for n in range(200))),
    "20,000 headers": get(b"".join(b"X-%d: 1\r\n" % n for n in range(20_000))),
    "1 MB header": get(b"X: " + b"a" * 1_000_000 + b"\r\n"),
    "17 KB header": get(b"X: " + b"a" * 17_000 + b"\r\n"),
    "long path": b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "1 MB path": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "long query": b"GET /health?" + b"a" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "two tokens": get(b"Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", b"/protected"),
    "two content types": get(b"Content-Type: a/b\r\nContent-Type: text/plain\r\n"),
    "body too large": b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 2000000\r\n\r\n",
}  # fmt: skip


async def heard(gateway: Gateway, cases: dict[str, bytes]) -> dict[str, list[int]]:
    said = await asyncio.gather(*(gateway.raw(data, wait=2) for data in cases.values()))
    return dict(zip(cases, map(statuses, said), strict=True))


def acceptable(answers: list[int]) -> bool:
    """Closed without a word, or one 4xx."""
    return len(answers) <= 1 and all(400 <= status < 500 for status in answers)


async def test_a_body_of_two_lengths_is_refused_once_and_its_rest_is_no_request(gateway: Gateway) -> None:
    answers = await heard(gateway, AMBIGUOUS)

    assert {name: said for name, said in answers.items() if not acceptable(said)} == {}


async def test_what_is_malformed_gets_one_4xx_or_nothing(gateway: Gateway) -> None:
    answers = await heard(gateway, MALFORMED)

    assert {name: said for name, said in answers.items() if not acceptable(said)} == {}


async def test_what_the_grammar_leaves_open_is_refused_or_understood_as_one(gateway: Gateway) -> None:
    """RFC 9110 8.6 lets equal lengths be merged, RFC 9112 3.2.2 wants the absolute form taken."""
    equal = statuses(await gateway.raw(post(b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n"), wait=2))
    absolute = statuses(await gateway.raw(b"GET http://evil/health HTTP/1.1\r\n" + HOST + b"\r\n", wait=2))

    assert equal in ([400], [422, 200])
    assert absolute in ([400], [200])


async def test_honest_requests_are_answered_one_after_the_other_on_one_connection(gateway: Gateway) -> None:
    said = await gateway.raw(SMUGGLED * 2 + SMUGGLED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))

    assert statuses(said) == [200, 200, 200]


async def test_garbage_after_a_request_does_not_cost_it_its_answer(gateway: Gateway) -> None:
    assert statuses(await gateway.raw(SMUGGLED + b"\x00garbage\r\n\r\n", wait=2)) in ([200], [200, 400])


async def test_headers_that_never_end_are_given_up_on(start: GatewayFactory) -> None:
    gateway = await start(HEADER_TIMEOUT_SECONDS="0.3")

    began = time.monotonic()
    said = await gateway.raw(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", wait=10)
    assert statuses(said) in ([408], [])
    assert await gateway.raw(b"", wait=10) == b""
    # Closed by the server, not given up on by us.
    assert time.monotonic() - began < 5


async def test_a_body_that_never_ends_is_given_up_on(start: GatewayFactory) -> None:
    gateway = await start(BODY_TIMEOUT_SECONDS="0.3")
    head = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"

    for tail in (b"Content-Length: 100\r\n\r\nuser", b"Transfer-Encoding: chunked\r\n\r\n4\r\nuser\r\n"):
        assert statuses(await gateway.raw(head + tail, wait=3)) == [408]


async def test_a_body_that_grows_past_its_bound_is_cut_off(start: GatewayFactory) -> None:
    gateway = await start(MAX_BODY_BYTES="2048")
    head = b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Type: application/x-www-form-urlencoded\r\n"
    chunks = b"400\r\n" + b"a" * 1024 + b"\r\n"

    assert statuses(await gateway.raw(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks * 4, wait=2)) == [
        413
    ]


async def test_json_that_is_too_deep_or_too_large_a_number_is_never_parsed(gateway: Gateway) -> None:
    for body in (
        b"[" * 100 + b"]" * 100,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"refresh_token":' + b"9" * 100 + b"}",
        b'{"refresh_token":1e99999}',
        b"[" * 100_000,
    ):
        answer = await gateway.ask(
            "POST", "/token/refresh", data=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status == 400
        assert answer.json()["type"].endswith("json-too-elaborate")


async def test_brackets_inside_of_strings_are_not_depth(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", "/token/refresh", json={"refresh_token": "[{" * 100})

    assert answer.status == 401


async def test_an_answer_to_a_refused_body_closes_the_connection(gateway: Gateway) -> None:
    said = await gateway.raw(post(b"Content-Length: 2000000\r\n\r\n"), wait=2)

    assert statuses(said) == [413]
    assert b"connection: close" in said.lower()


async def test_a_hundred_bad_connections_at_once_leave_the_good_ones_alone(gateway: Gateway) -> None:
    bad = [gateway.raw(data, wait=2) for data in list(AMBIGUOUS.values()) * 3]
    good = [gateway.ask("GET", "/ready") for _ in range(20)]

    answers = await asyncio.gather(*good, *bad)
    assert {answer.status for answer in answers[:20]} == {200}


def sends_on(port: int) -> bytes:
    """What a client reads that sees its answer only after having sent more."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        # Far past the bound: refused by its announcement, while the bytes are on their way.
        client.sendall(b"POST /login HTTP/1.1\r\n" + HOST + b"Content-Length: 99999999\r\n\r\n")
        select.select([client], [], [], 5)
        for _ in range(8):
            client.sendall(b"x" * 4096)
        return b"".join(iter(lambda: client.recv(65536), b""))


async def test_a_client_refused_while_it_sends_still_reads_why(gateway: Gateway) -> None:
    for _ in range(5):
        said = await asyncio.to_thread(sends_on, gateway.port)
        assert statuses(said) == [413]
        assert b"problem+json" in said


def test_what_cannot_be_read_is_refused_with_ids_to_ask_about_like_everything_else() -> None:
    head, _, body = last_words(400).partition(b"\r\n\r\n")
    problem = json.loads(body)

    assert re.fullmatch(r"[0-9a-f]{32}", problem["trace_id"])
    assert b"\r\nx-request-id: " + problem["request_id"].encode() + b"\r\n" in head
    assert b"\r\ncache-control: no-store\r\n" in head
