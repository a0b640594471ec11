"""What counts as variable in any log, and what stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.domain.grouping.masks import signature

SAME = [
    ("job 17 took 35 ms", "job 9 took 1200 ms"),
    ("host 10.0.0.1:8080 gone", "host 10.20.30.40:9 gone"),
    ("cache at 512.3 KB", "cache at 1.2 GB"),
    ("lease 1b4e28ba-2fa1-11d2-883f-0016d3cca427 lost", "lease 6fa459ea-ee8a-3ca4-894e-db77e160355e lost"),
    ("handle 0x1f at deadbeefcafe", "handle 0xffee at 00ffee00ffee"),
    ("window Token{a64f992 t0} of Job@1a2b3c", "window Token{de9231d t0} of Job@f0f0f0"),
    ("block rdd_30 stored", "block cache-7 stored"),
    ("peer 17.dsl.example.at left", "peer host-9.cable.sample.om left"),
    ("receiver x- input broken", "receiver z+ input broken"),
    ("GET /v1/orders/17 failed", "GET /v1/users/9/cart failed"),
    ("open https://a.example/x?y=1 failed", "open http://b.test:8080/ failed"),
    ("cannot read C:\\Temp\\a.txt", "cannot read D:\\data\\b\\c.txt"),
    ("fetched part_17_of_20 of db-node-3", "fetched part_1_of_2 of db-node-17"),
    ("resolve db1.corp.example.com: no", "resolve cache.example.org: no"),
    ("link aa:bb:cc:dd:ee:ff down", "link 00:11:22:33:44:55 down"),
    ("session of user alice closed", "session of user bob closed"),
    ("ready=true after=null", "ready=false after=nil"),
    ("values 1 2 3", "values 10 20 30 40 50"),
    ("closed after <1 sec", "closed after 00:04"),
    ('open "a file" failed', 'open "another long file" failed'),
    ("sent at Wed Jun 22 13:16:51 2005", "sent at Sun Jul  3 03:06:01 2006"),
    ("mail from <EMAIL_1> refused", "mail from <EMAIL_17> refused"),
    ("peer 10.0.0.1 () left", "peer 10.0.0.1 (17.example.net) left"),
    ("policy=3, mode=fast, by=phone, tag=x", "policy=9, mode=slow, by=alarm, tag=x"),
]
APART = [
    ("VM started", "VM stopped"),
    ('"GET /a/b HTTP/1.1" failed', '"POST /a/b HTTP/1.1" failed'),
    ("java.io.IOException: gone", "java.net.SocketException: gone"),
    ("jk2_init() found", "jk3_exit() found"),
    ("instruction address space......0", "data address space......0"),
    ("state NEW to RUNNING", "state RUNNING to DONE"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_occurrences_of_one_message_share_a_signature(one: str, other: str) -> None:
    assert signature(one) == signature(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_different_messages_do_not(one: str, other: str) -> None:
    assert signature(one) != signature(other)


@given(st.text(max_size=200))
def test_no_text_makes_it_fail_and_white_space_is_folded(text: str) -> None:
    found = signature(text)
    assert found == " ".join(found.split())


@given(st.text(alphabet="ab 19.:/<>*=,-_x", max_size=80), st.integers(2, 9))
def test_only_digits_change_only_holes(text: str, digit: int) -> None:
    assert signature(text.replace("1", str(digit))) == signature(text)
