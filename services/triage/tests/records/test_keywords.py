"""Records without any level: which words tell of a failure, and which only sound like it."""

import pytest

from triage.domain.records import is_error

FAILURES = [
    "Traceback (most recent call last):",
    "panic: runtime error: index out of range [3] with length 3",
    "fatal error: concurrent map writes",
    "java.lang.OutOfMemoryError: Java heap space",
    'Exception in thread "main" java.lang.NullPointerException',
    "thread 'main' panicked at src/main.rs:3:5:",
    "Error: Cannot find module './x'",
    "Segmentation fault (core dumped)",
    "FAILED tests/test_pay.py::test_declined - AssertionError",
    "make: *** [Makefile:3: all] Error 2",
    "fatal: not a git repository",
    "curl: (7) Failed to connect to localhost port 80: Connection refused",
    "mount: /mnt: permission denied.",
    "write /var/lib/x: no space left on device",
    "Out of memory: Killed process 42 (java)",
    "Mar  1 10:00:00 h kernel: oom-kill:constraint=CONSTRAINT_MEMCG",
    "Unhandled promise rejection: TypeError: x is not a function",
    "ORA-00600: internal code",
    "worker exited: error=disk quota exceeded",
    '{"msg":"save","error":"disk full"}',
    '{"message":"Traceback (most recent call last): ..."}',
    '{"method":"GET","path":"/x","status":502}',
    "Process exited with code 1",
    "FAIL\tgithub.com/a/b\t0.1s",
    "kernel BUG: soft lockup - CPU#3 stuck for 22s!",
]
FINE = [
    "0 errors, 2 warnings",
    "completed without errors",
    "no error",
    "error=null",
    "error: none",
    '{"msg":"ok","error":null}',
    '{"msg":"ok","error":""}',
    "errors: 0 failed: 0 retries: 3",
    "failed=0 passed=12",
    "GET /error HTTP/1.1 200",
    "serving /var/www/error.html",
    "ErrorHandler initialised",
    "error handler registered",
    "error rate 0.02%",
    "log level set to error",
    "all failures resolved",
    "failover to replica-2 complete",
    "exceptional service",
    "default settings loaded",
    "Tests: 12 passed, 0 failed, 12 total",
    "--------- beginning of crash",
    "--- PASS: TestFailure (0.00s)",
    "Process exited with code 0",
    "listening on 0.0.0.0:8080",
    "ignoring error from cache",
    "loaded module lib-error-utils",
    '{"method":"GET","path":"/error","status":200}',
    "",
    "   ",
]


@pytest.mark.parametrize("line", FAILURES)
def test_words_that_tell_of_a_failure(line: str) -> None:
    assert is_error(line)


@pytest.mark.parametrize("line", FINE)
def test_words_that_only_sound_like_one(line: str) -> None:
    assert not is_error(line)


@pytest.mark.parametrize("line", FAILURES)
def test_a_stated_level_wins_over_every_word(line: str) -> None:
    if line.startswith("{"):
        line = line[1:-1].replace('"', "'")
    assert not is_error(f"2026-03-01 10:00:00,123 INFO [main] a.B - {line}")
    assert not is_error(f"<14>Mar  1 10:00:00 h app[7]: {line}")
