"""`python -m triage redact`: lines in, as many redacted lines out, whatever the lines are."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from triage.faces.redact import LONGEST_LINE

COMMAND = [sys.executable, "-m", "triage", "redact"]
KEY = "PRIVATE" + " KEY-----"


def _run(text: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *options], input=text, capture_output=True, check=False, timeout=60)


def test_lines_are_redacted_and_invalid_bytes_pass() -> None:
    done = _run(b"fine \xff\xfe\r\n\npassword=Zq7xK2m9q\xff x\nfrom 10.0.0.1")

    assert done.returncode == 0
    assert done.stdout == b"fine \xff\xfe\r\n\npassword=<PASSWORD_1> x\nfrom <IPV4_1>"
    assert done.stderr == b""


def test_nothing_in_is_nothing_out() -> None:
    assert _run(b"").stdout == b""


def test_a_private_key_over_many_lines_keeps_their_number() -> None:
    lines = [
        "a",
        "-----BEGIN " + KEY,
        *["MIIBOgIBAAJBAKk3J4h5G6f7D8s9A0b1C2d3E4f5G6h7J8k9"] * 9,
        "-----END " + KEY,
        "b",
        "",
    ]
    out = _run("\n".join(lines).encode()).stdout.decode().split("\n")

    assert len(out) == len(lines)
    assert (out[0], out[-2]) == ("a", "b")
    assert not any("MIIB" in line for line in out)


def test_each_json_string_is_a_record_and_comes_out_as_one() -> None:
    records = ["one\npassword=Zq7xK2m9q\ntwo", 'x "q" é \ud800', "again Zq7xK2m9q"]
    done = _run("".join(json.dumps(record) + "\n" for record in records).encode(), "--json")

    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        "one\npassword=<PASSWORD_1>\ntwo",
        'x "q" é \ud800',
        "again <PASSWORD_1>",
    ]


def test_what_is_no_json_string_is_redacted_as_it_stands() -> None:
    done = _run(b'{"password": "Zq7xK2m9q"}\nfrom 10.0.0.1\n', "--json")

    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        '{"password": "<PASSWORD_1>"}',
        "from <IPV4_1>",
    ]


def test_a_line_without_end_is_cut_and_says_so() -> None:
    done = _run(b"from 10.0.0.1 " + b"x" * (3 * LONGEST_LINE) + b" password=Zq7xK2m9q\nnext 10.0.0.2\n")
    first, second = done.stdout.splitlines()

    assert first.startswith(b"from <IPV4_1> x")
    assert first.endswith(b"[line cut at 1 MiB]")
    assert len(first) <= LONGEST_LINE + 100
    assert second == b"next <IPV4_2>"


def test_a_line_is_answered_before_the_next_one_comes() -> None:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin
        assert running.stdout
        for place in range(1, 4):
            running.stdin.write(b"from 10.0.0.%d\n" % place)
            running.stdin.flush()
            assert running.stdout.readline() == b"from <IPV4_%d>\n" % place
        running.stdin.close()
        assert running.wait(10) == 0


def test_a_reader_that_goes_away_ends_it_without_a_word() -> None:
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        assert running.stdin
        assert running.stdout
        assert running.stderr
        running.stdout.close()
        try:
            for _ in range(100):
                running.stdin.write(b"from 10.0.0.1\n" * 1000)
                running.stdin.flush()
        except BrokenPipeError:
            pass
        assert running.stderr.read() == b""
        running.wait(10)


def test_the_report_goes_to_standard_error() -> None:
    done = _run(b"ok\nfrom 10.0.0.1\n", "--report")

    assert json.loads(done.stderr) == {"counts": {"ipv4": 1}, "lines": {"ipv4": [2]}}


def test_more_rules_come_from_a_file(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text(
        '[[rule]]\nid = "acme"\ndescription = "d"\nkind = "T"\n'
        'pattern = "ACME-[0-9]+"\nmatches = ["ACME-1"]\n'
    )

    assert _run(b"ACME-42\n", "--rules", str(rules)).stdout == b"<T_1>\n"


@pytest.mark.parametrize("text", ["[[rule]]\nid = 'x'", None])
def test_refused_rules_stop_the_start_with_one_sentence(tmp_path: Path, text: str | None) -> None:
    rules = tmp_path / "rules.toml"
    if text is not None:
        rules.write_text(text)
    done = _run(b"from 10.0.0.1\n", "--rules", str(rules))

    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
