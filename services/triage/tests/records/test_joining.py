"""A stack trace is one record, in every language, and nothing else is drawn into it."""

import pytest

from triage.domain.records import RecordReader


def extents(text: str) -> list[tuple[int, int, bool]]:
    reader = RecordReader(every=True)
    return [(r.first_line, r.last_line, r.is_error) for r in reader.read([text.encode()])]


TRACES = {
    "java": """\
java.lang.IllegalStateException: pool closed
\tat com.acme.Pool.take(Pool.java:40)
\tat com.acme.Pay.run(Pay.java:7)
\tSuppressed: java.io.IOException: close
\t\tat com.acme.Pool.close(Pool.java:90)
Caused by: java.net.ConnectException: Connection refused
\tat java.base/sun.nio.ch.Net.connect(Net.java:1)
\t... 12 more
Caused by: java.lang.Error: deep
\t... 13 common frames omitted
""",
    "python": """\
Traceback (most recent call last):
  File "/app/a.py", line 3, in load
    return table[key]
           ~~~~~^^^^^
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/b.py", line 9, in main
    load()
app.errors.LoadFailed: could not load x
""",
    "python caused": """\
Traceback (most recent call last):
  File "/app/a.py", line 3, in load
    open(x)
OSError: [Errno 28] No space left on device

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/b.py", line 9, in main
    load()
RuntimeError
""",
    "go": """\
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x48]

goroutine 1 [running]:
main.(*Server).handle(0xc000010000, {0x1, 0x2})
\t/app/main.go:12 +0x1d
main.main()
\t/app/main.go:7 +0x20

goroutine 18 [chan receive, 2 minutes]:
net/http.(*conn).serve(0xc0)
\t/usr/go/src/net/http/server.go:3 +0x5
created by net/http.(*Server).Serve in goroutine 1
\t/usr/go/src/net/http/server.go:9 +0x8
exit status 2
""",
    "node": """\
TypeError: Cannot read properties of undefined (reading 'id')
    at load (/app/src/user.js:10:15)
    at async Promise.all (index 0)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  code: 'X'
}
""",
    "node uncaught": """\
/app/index.js:3
    throw new Error('x');
    ^

Error: x
    at Object.<anonymous> (/app/index.js:3:9)
    at Module._compile (node:internal/modules/cjs/loader:1:1)

Node.js v22.1.0
""",
    "dotnet": """\
Unhandled exception. System.InvalidOperationException: outer
 ---> System.Net.Sockets.SocketException (111): Connection refused
   at Acme.Db.Open() in /src/Db.cs:line 9
   --- End of inner exception stack trace ---
   at Acme.Pay.Run() in /src/Pay.cs:line 3
   at Program.Main(String[] args)
""",
    "dotnet console": """\
fail: Acme.Pay[0]
      Payment declined
      System.Exception: boom
         at Acme.Pay.Run() in /src/Pay.cs:line 3
""",
    "ruby": """\
app.rb:3:in `load': no such table: users (SQLite3::SQLException)
\tfrom app.rb:9:in `main'
\tfrom app.rb:12:in `<main>'
""",
    "php": """\
PHP Fatal error:  Uncaught PDOException: gone in /app/a.php:3
Stack trace:
#0 /app/a.php(3): PDO->__construct()
#1 {main}

Next RuntimeException: outer in /app/b.php:9
Stack trace:
#0 {main}
  thrown in /app/b.php on line 9
""",
    "rust": """\
thread 'main' panicked at src/main.rs:4:10:
called `Result::unwrap()` on an `Err` value: ParseIntError
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:1:1
   1: app::main
note: run with `RUST_BACKTRACE=full` environment variable
""",
    "logged java": """\
2026-03-01 10:00:00,123 ERROR [main] com.acme.Pay - failed
java.lang.RuntimeException: a
\tat com.acme.Pay.run(Pay.java:7)
Caused by: com.acme.Deep$Exception: b
\t... 3 more
""",
    "logged python": """\
2026-03-01 10:00:00,123 ERROR app: failed
Traceback (most recent call last):
  File "/app/a.py", line 3, in load
    x()
ValueError: bad
""",
    "java.util.logging": """\
Mar 01, 2026 10:00:00 AM com.acme.Pay run
SEVERE: declined
java.lang.RuntimeException: a
\tat com.acme.Pay.run(Pay.java:7)
""",
    "pretty json": """\
{
  "level": "error",
  "msg": "x",
  "nested": {
    "a": 1
  }
}
""",
    "postgres statement": """\
2026-03-01 10:00:00.123 UTC [7] ERROR:  syntax error at or near "FORM"
\tSELECT *
\tFORM users
""",
}


@pytest.mark.parametrize("name", TRACES)
def test_a_trace_is_one_record(name: str) -> None:
    text = TRACES[name]
    assert extents(text) == [(1, text.count("\n"), True)]


@pytest.mark.parametrize("name", TRACES)
def test_records_around_a_trace_stay_their_own(name: str) -> None:
    before = "2026-03-01 10:00:00,000 INFO [main] a.B - started\n"
    after = "2026-03-01 10:00:01,000 INFO [main] a.B - stopped\n"
    end = TRACES[name].count("\n") + 1
    assert extents(before + TRACES[name] + after) == [
        (1, 1, False),
        (2, end, True),
        (end + 1, end + 1, False),
    ]


@pytest.mark.parametrize("name", ["java", "python", "go", "node", "dotnet", "ruby", "rust"])
def test_two_traces_in_a_row_are_two_records(name: str) -> None:
    lines = TRACES[name].count("\n")
    assert extents(TRACES[name] * 2) == [(1, lines, True), (lines + 1, 2 * lines, True)]


def test_a_warning_with_a_trace_is_no_error() -> None:
    head = "2026-03-01 10:00:00,123 WARN [main] com.acme.Pay - retrying\n"
    assert extents(head + TRACES["java"]) == [(1, 11, False)]


def test_lines_without_heads_are_records_of_their_own() -> None:
    assert extents("starting\nerror one happened\nerror two happened\n") == [
        (1, 1, False),
        (2, 2, True),
        (3, 3, True),
    ]


def test_what_fails_behind_an_info_line_is_not_drowned_by_it() -> None:
    assert extents("10:00:00 INFO a.B - up\nmore about it\nsocket error: gone\n") == [
        (1, 2, False),
        (3, 3, True),
    ]


def test_a_trace_inside_containerd_is_one_record() -> None:
    wrapped = "".join(f"2026-03-01T10:00:00.1Z stderr F {line}\n" for line in TRACES["java"].splitlines())
    reader = RecordReader()
    (record,) = reader.read([wrapped.encode()])
    assert record.text == TRACES["java"].rstrip("\n")
    assert record.timestamp is not None


def test_pieces_of_a_line_are_put_together() -> None:
    pieces = (
        b"2026-03-01T10:00:00.1Z stdout P 2026-03-01 10:00:00 ERROR a.B - first,\n"
        b"2026-03-01T10:00:00.2Z stderr F level=info msg=between\n"
        b"2026-03-01T10:00:00.3Z stdout F  second\n"
    )
    (record,) = RecordReader().read([pieces])
    assert record.message == "first, second"


def test_pieces_that_docker_cut_are_put_together() -> None:
    pieces = (
        b'{"log":"level=error msg=\\"ab","stream":"stdout","time":"2026-03-01T10:00:00Z"}\n'
        b'{"log":"cd\\"\\n","stream":"stdout","time":"2026-03-01T10:00:00Z"}\n'
    )
    (record,) = RecordReader().read([pieces])
    assert record.message == "abcd"
