"""What one request remembers, from record to record and from block to block."""

import pytest

from triage.domain.model import Raw
from triage.domain.redaction import Redactor, built_in
from triage.domain.redaction.placeholders import NUMBERED, REMEMBERED, Memory, Numbering
from triage.domain.redaction.redactor import BLOCK
from triage.domain.redaction.report import LINES_TOLD
from triage.domain.redaction.rules.structures import BEARER
from triage.domain.redaction.spans import replaced, united

KEY = "PRIVATE" + " KEY-----"
# Nothing but its place between the markers tells what this is.
BODY = ["abcdefghijklmnopabcdefghijklmnopabcdefghijklmnopabcdefghijklmnop"] * 6


def _redactor() -> Redactor:
    return Redactor(built_in())


def test_a_value_goes_where_it_stands_without_its_name() -> None:
    redactor = _redactor()

    assert redactor.redact(Raw("login password=Zq7xK2m9q failed")) == "login password=<PASSWORD_1> failed"
    assert redactor.redact(Raw("shell: echo Zq7xK2m9q | sudo -S x")) == "shell: echo <PASSWORD_1> | sudo -S x"


def test_a_value_found_in_the_last_record_goes_from_the_first() -> None:
    assert _redactor().redact_all([Raw("echo Zq7xK2m9q"), Raw("password=Zq7xK2m9q")]) == [
        "echo <PASSWORD_1>",
        "password=<PASSWORD_1>",
    ]


def test_a_value_goes_as_url_and_json_write_it_too() -> None:
    redactor = _redactor()
    redactor.redact(Raw("password='a\"b/c d!7x'"))

    assert "d!7x" not in redactor.redact(Raw('{"q": "a\\"b/c d!7x"}'))
    assert "d%217x" not in redactor.redact(Raw("echo a%22b/c%20d%217x"))


def test_a_common_word_given_as_a_password_stays_a_word() -> None:
    redactor = _redactor()

    assert redactor.redact(Raw("password=production")) == "password=<PASSWORD_1>"
    assert redactor.redact(Raw("deployed to production")) == "deployed to production"


def test_a_list_that_was_cut_off_hides_no_secret_of_the_next_record() -> None:
    text = _redactor().redact(Raw('bad {"tokens": ["abc\nmsg="x" password=Zq7xK2m9q said "y"'))

    assert "Zq7xK2m9q" not in text


def test_requests_know_nothing_of_each_other() -> None:
    _redactor().redact(Raw("password=Zq7xK2m9q"))

    assert _redactor().redact(Raw("echo Zq7xK2m9q")) == "echo Zq7xK2m9q"


def test_placeholders_are_numbered_by_kind_in_order_of_sight() -> None:
    redactor = _redactor()
    text = redactor.redact(Raw("10.0.0.1 jane@mail.test 10.0.0.2 10.0.0.1"))

    assert text == "<IPV4_1> <EMAIL_1> <IPV4_2> <IPV4_1>"


def test_the_report_tells_rules_and_lines_and_never_a_value() -> None:
    redactor = _redactor()
    redactor.redact(Raw("fine\npassword=Zq7xK2m9q\nfrom 10.0.0.1 and 10.0.0.2"))
    redactor.redact(Raw("from 10.0.0.1"), first_line=90)
    report = redactor.report

    assert report.counts == {"ipv4": 3, "key-password": 1}
    assert report.lines == {"ipv4": (3, 90), "key-password": (2,)}
    assert report.total == 4
    assert "Zq7xK2m9q" not in repr(report)


def test_the_report_keeps_a_bounded_list_of_lines() -> None:
    redactor = _redactor()
    redactor.redact(Raw("from 10.0.0.1\n" * 300))

    assert redactor.report.counts["ipv4"] == 300
    assert len(redactor.report.lines["ipv4"]) == LINES_TOLD


def test_lines_in_blocks_come_out_as_one_text_does() -> None:
    lines = [
        f"{place} from 10.0.{place % 256}.7 password=hunter{place}! ok".encode() for place in range(4000)
    ]
    assert sum(map(len, lines)) > 2 * BLOCK

    blocks = b"\n".join(_redactor().redact_lines(lines))
    assert blocks == _redactor().redact(Raw(b"\n".join(lines).decode())).encode()
    assert len(list(_redactor().redact_lines(lines))) == len(lines)


def test_a_private_key_goes_over_block_ends_and_keeps_its_lines() -> None:
    redactor = _redactor()
    first = redactor.redact_block("\n".join(["start", "-----BEGIN " + KEY, *BODY]).encode() + b"\n")
    second = redactor.redact_block("\n".join([*BODY, "-----END " + KEY, "from 10.0.0.1"]).encode() + b"\n")

    assert (first + second).count(b"\n") == 1 + 1 + 2 * len(BODY) + 2
    assert b"abcd" not in first + second
    assert second.endswith(b"\nfrom <IPV4_1>\n")


def test_a_private_key_without_an_end_takes_only_its_body() -> None:
    redactor = _redactor()
    text = redactor.redact(
        Raw("\n".join(["-----BEGIN " + KEY, *BODY, "next line of the log", "and one more"]))
    )

    assert "abcd" not in text
    assert text.endswith("\nnext line of the log\nand one more")


def test_remembered_values_are_bounded_and_the_newest_are_kept() -> None:
    memory = Memory()
    for place in range(REMEMBERED + 500):
        memory.add(b"secret-value-%d" % place, BEARER)

    assert len(memory) <= REMEMBERED
    assert memory.occurrences(b"echo secret-value-%d !" % (REMEMBERED + 499), [])
    assert not memory.occurrences(b"echo secret-value-0 !", [])


@pytest.mark.parametrize("others", [0, 100], ids=["few are remembered", "many are remembered"])
@pytest.mark.parametrize(
    ("remembered", "found", "text", "left"),
    [
        pytest.param(["hunter2!x"], "hunter2!x", "set hunter2!x, got hunter2!x", "set , got ", id="twice"),
        pytest.param(["k3j4h5g6", "jo:k3j4h5g6"], "k3j4h5g6", "as jo:k3j4h5g6", "as ", id="in a longer one"),
        pytest.param(["k3j4h5g6"], "k3j4h5g6", "xk3j4h5g6 k3j4h5g6", "x ", id="found inside a word"),
        pytest.param(["p{a}/k3j4"], "", "?p=p%7Ba%7D/k3j4", "?p=", id="as a URL has it"),
        pytest.param(["!@#$%^&*"], "", "set !@#$%^&*", "set ", id="without a word"),
    ],
)
def test_a_remembered_value_goes_wherever_it_stands(
    others: int, remembered: list[str], found: str, text: str, left: str
) -> None:
    memory = Memory()
    for value in (*remembered, *(f"secret-value-{place}" for place in range(others))):
        memory.add(value.encode(), BEARER)
    start = text.find(found) if found else 0
    hits = [(start, start + len(found), BEARER)]
    hits = united([*hits, *memory.occurrences(text.encode(), hits)])

    assert replaced(text.encode(), hits, lambda value, rule: b"") == left.encode()


def test_numbers_are_bounded_and_never_given_twice() -> None:
    numbering = Numbering()
    names = {numbering.name(b"v%d" % place, BEARER) for place in range(NUMBERED + 10)}

    assert len(names) == NUMBERED + 10
    assert numbering.name(b"v0", BEARER) not in names
