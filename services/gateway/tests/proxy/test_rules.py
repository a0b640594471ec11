"""Rules that hold for every input: of answers, paths and headers."""

import itertools
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chassis.errors import Invalid
from gateway.proxy.answer import Answer
from gateway.proxy.headers import HeaderRules, answer_headers, forwarded, head, sort, travels
from gateway.proxy.heads import Heads
from gateway.proxy.paths import canonical


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({place % (len(data) + 1) for place in cuts}), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(places) if a != b]


def read(pieces: list[bytes], *, orderly: bool = True, heads: Heads | None = None) -> Answer:
    answer = Answer(heads or Heads(), expects_content=True)
    for piece in pieces:
        answer.feed(piece)
        if answer.fault is not None:
            return answer
    answer.end(orderly=orderly)
    return answer


def chunked(body: bytes, cuts: list[int]) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in cut(body, cuts)) + b"0\r\n\r\n"


@given(
    body=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 10_000), max_size=20), chunks=st.booleans()
)
def test_an_answer_is_the_same_however_it_arrives(body: bytes, cuts: list[int], *, chunks: bool):
    if chunks:
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, cuts)
    else:
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    answer = read(cut(data, cuts))
    assert answer.fault is None
    assert answer.reusable
    assert b"".join(answer.chunks) == body


@given(
    status=st.sampled_from([100, 101, 200, 204, 206, 304, 404, 500, 999]),
    fields=st.lists(
        st.sampled_from(
            [
                "Content-Length: 4",
                "Content-Length: 5",
                "Content-Length: 0",
                "Transfer-Encoding: chunked",
                "Connection: close",
                "ETag: x",
                "Set-Cookie: a=b",
            ]
        ),
        max_size=4,
        unique=True,
    ),
    first=st.sampled_from([b"", b"body", b"bodys", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]),
    then=st.sampled_from([b"", b"body", b"bodys", b"other", b"4\r\nbody\r\n0\r\n\r\n"]),
    cuts=st.lists(st.integers(0, 200), max_size=2),
)
@example(status=200, fields=["Content-Length: 4"], first=b"body", then=b"bodys", cuts=[])
@example(status=200, fields=["Content-Length: 4"], first=b"body", then=b"body", cuts=[50])
@example(status=304, fields=["Content-Length: 4"], first=b"", then=b"body", cuts=[])
@example(status=204, fields=["Content-Length: 4"], first=b"", then=b"body", cuts=[])
def test_an_answer_whose_head_came_before_is_read_as_any_other(
    status: int, fields: list[str], first: bytes, then: bytes, cuts: list[int]
):
    head = (
        f"HTTP/1.1 {status} X\r\n".encode() + "".join(f"{field}\r\n" for field in fields).encode() + b"\r\n"
    )
    heads = Heads()
    for _ in range(3):
        read([head + first], heads=heads)

    def told(answer: Answer) -> tuple[object, ...]:
        parts = (answer.status, answer.headers, b"".join(answer.chunks), type(answer.fault))
        return (*parts, answer.complete, answer.surplus, answer.reusable, answer.ready)

    pieces = cut(head + then, cuts)
    assert told(read(pieces, heads=heads)) == told(read(pieces))


@given(body=st.binary(min_size=1, max_size=500), missing=st.integers(1, 10_000), chunks=st.booleans())
def test_an_answer_that_lacks_a_byte_is_never_complete(body: bytes, missing: int, *, chunks: bool):
    if chunks:
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked(body, [])
    else:
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body

    answer = read([data[: -min(missing, len(data))]])
    assert not answer.complete
    assert answer.fault is not None


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 10_000), max_size=5))
def test_whatever_arrives_is_an_answer_or_a_fault(data: bytes, cuts: list[int]):
    answer = read(cut(b"HTTP/1.1 200 OK\r\n" + data, cuts))
    assert answer.complete != (answer.fault is not None)


@given(surplus=st.binary(min_size=1, max_size=50))
def test_bytes_past_the_end_end_the_connection(surplus: bytes):
    answer = read([b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" + surplus])
    assert b"".join(answer.chunks) == b"ok"
    # Empty lines before a next answer are forgiven by every parser and carry nothing.
    assert not answer.reusable or not surplus.strip(b"\r\n")


_ODD = st.sampled_from(
    ["%2f", "%2F", "%5c", "%00", "%2e", "%2e%2e", "..", "..;x", ".", "%61", "%0d%0a", "%", "%g1"]
)
_SEGMENT = _ODD | st.text(
    string.ascii_letters + string.digits + "._~-!$&'()*+,;=:@%/\\\x00\x7f\u00e9 ", max_size=12
)


@given(parts=st.lists(_SEGMENT, max_size=5))
def test_a_canonical_path_has_one_reading(parts: list[str]):
    raw = ("/" + "/".join(parts)).encode("utf-8")
    try:
        path = canonical(raw)
    except Invalid:
        return
    assert canonical(path.encode()) == path
    assert path.isascii()
    for segment in path[1:].split("/"):
        assert segment.partition(";")[0] not in {".", ".."}
    assert "//" not in path
    assert not {"%2F", "%5C", "%00", "%2E", "\\", " "} & {
        path[i : i + n] for i in range(len(path)) for n in (1, 3)
    }


@given(letter=st.sampled_from(string.ascii_letters + string.digits + "-._~"))
def test_an_escaped_harmless_character_is_the_character(letter: str):
    assert canonical(b"/a%%%02x" % ord(letter)) == f"/a{letter}"


CONTROLS = {*range(32), 127} - {9}


@given(
    name=st.text(string.ascii_lowercase + "-", min_size=1, max_size=20).map(str.encode),
    value=st.binary(max_size=40),
)
def test_a_head_never_holds_more_than_one_request(name: bytes, value: bytes):
    try:
        text = head(b"GET / HTTP/1.1", b"host: a", [name + b": " + value])
    except Invalid:
        assert set(value) & CONTROLS
        return
    assert not set(value) & CONTROLS
    assert text.count(b"\r\n\r\n") == 1
    assert text.endswith(b"\r\n\r\n")
    assert len(text.split(b"\r\n")) == 5


@given(
    st.lists(
        st.sampled_from(
            [
                "x-user-id", "x-auth-role", "x_user", "remote-user", "x-forwarded-for", "connection", "te",
                "upgrade", "x-real-ip", "forwarded", "x-original-url", "authorization", "accept", "x-own",
                "cookie", "trailer",
            ]
        )
    )
)  # fmt: skip
def test_of_a_clients_headers_only_its_own_travel(names: list[str]):
    headers = [(name.encode(), b"v") for name in names]
    lines = sort(headers, HeaderRules(), authorization=False).lines
    passed = [line.partition(b": ")[0].decode() for line in lines]
    assert passed == [name for name in names if name in {"accept", "x-own", "cookie"}] + ["via"]


def test_what_connection_names_stays_on_its_hop():
    headers = [
        (b"connection", b"close, X-A"),
        (b"connection", b"x-b"),
        (b"x-a", b"1"),
        (b"x-b", b"2"),
        (b"x-c", b"3"),
    ]
    assert answer_headers(headers, HeaderRules()) == [(b"x-c", b"3")]


def test_a_rule_replaces_and_removes():
    rules = HeaderRules(frozenset({b"a", b"b"}), ((b"a", b"new"),))
    assert answer_headers([(b"a", b"1"), (b"a", b"2"), (b"b", b"3"), (b"c", b"4")], rules) == [
        (b"c", b"4"),
        (b"a", b"new"),
    ]


def test_ipv6_clients_are_quoted_where_the_standard_asks():
    lines = forwarded("2001:db8::1", "10.0.0.1", "https", b"api.example.com", "")
    assert b'forwarded: for="[2001:db8::1]";proto=https;host="api.example.com", for=10.0.0.1' in lines
    assert b"x-forwarded-for: 2001:db8::1, 10.0.0.1" in lines


@pytest.mark.parametrize(
    "name", [b"x_auth_subject", b"x-auth-assertion", b"X-User".lower(), b"host", b"expect"]
)
def test_headers_of_the_gateway_do_not_travel(name: bytes):
    assert not travels(name)
