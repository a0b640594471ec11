"""Which exception caused which, in the order each language prints them."""

import pytest

from triage.domain.records import parse
from triage.domain.records.chain import exceptions, root_cause

CHAINS = {
    "java": (
        """\
save failed
a.OuterException: x
\tat a.b(C.java:1)
Caused by: a.MidException
\t... 2 more
Caused by: a.RootError: deep: down
\t... 3 more""",
        ["a.OuterException: x", "a.MidException", "a.RootError: deep: down"],
    ),
    "python": (
        """\
Traceback (most recent call last):
  File 'a', line 1
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File 'b', line 2
app.LoadFailed: no""",
        ["app.LoadFailed: no", "KeyError: 'x'"],
    ),
    "dotnet": (
        """\
Unhandled exception. System.InvalidOperationException: outer
 ---> System.IO.IOException: inner
   at A.B()""",
        ["System.InvalidOperationException: outer", "System.IO.IOException: inner"],
    ),
    "node": (
        "TypeError: outer\n    at a (/b.js:1:1) {\n  [cause]: Error: inner\n      at c (/d.js:1:1)\n}",
        ["TypeError: outer", "Error: inner"],
    ),
    "go": ("panic: no route\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1", ["no route"]),
    "none": ("first line\nsecond line", []),
    "one line": ("java.lang.Error: x", []),
}


@pytest.mark.parametrize("name", CHAINS)
def test_links_run_from_what_was_seen_to_what_caused_it(name: str) -> None:
    text, links = CHAINS[name]
    assert exceptions(text) == links
    assert root_cause(text) == (links[-1] if links else "")


def test_the_message_of_a_bare_trace_is_its_exception() -> None:
    assert parse(CHAINS["python"][0]).message == "app.LoadFailed: no"
    assert parse("thread 'main' panicked at src/a.rs:1:2:\nno route\nnote: x").message.endswith("no route")
    assert parse("/app/a.js:3\n  x\n  ^\n\nError: gone\n    at b (/c.js:1:1)").message == "Error: gone"
