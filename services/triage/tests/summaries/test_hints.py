"""A real-looking line for each class of failure, and the class it is recognised as."""

import pytest

from triage.domain.summaries import HINTS, hint_for

EXAMPLES = {
    "oom-killed": [
        "Memory cgroup out of memory: Killed process 42 (java)",
        "Last state: Terminated OOMKilled",
    ],
    "heap-exhausted": [
        "java.lang.OutOfMemoryError: Java heap space",
        "FATAL ERROR: JavaScript heap out of memory",
    ],
    "disk-full": ["write /data/wal: no space left on device", "OSError: [Errno 28] No space left on device"],
    "read-only-filesystem": ["open /var/x: Read-only file system", "EROFS: cannot write"],
    "corruption": ["invalid page in block 7 of relation base/1", "checksum mismatch in segment 3"],
    "kernel-panic": ["Kernel panic - not syncing: Fatal exception", "watchdog: BUG: soft lockup - CPU#1"],
    "segfault": ["app[7]: segfault at 0 ip 00007f", "[signal SIGSEGV: segmentation violation code=0x1]"],
    "stack-overflow": ["java.lang.StackOverflowError", "RangeError: Maximum call stack size exceeded"],
    "crash-loop": ["Back-off restarting failed container app", "Reason: CrashLoopBackOff"],
    "image-pull": ['Failed to pull image "a/b:c"', "ErrImagePull"],
    "scheduling": ["0/3 nodes are available: 3 Insufficient cpu."],
    "volume-mount": ["Multi-Attach error for volume pvc-1", "MountVolume.SetUp failed for volume x"],
    "certificate-expired": ["x509: certificate has expired or is not yet valid", "CERT_HAS_EXPIRED"],
    "certificate-untrusted": ["x509: certificate signed by unknown authority", "PKIX path building failed"],
    "tls-handshake": ["remote error: tls: handshake failure", "SSL routines: wrong version number"],
    "dns": [
        "dial tcp: lookup db: no such host",
        "getaddrinfo EAI_AGAIN redis",
        "java.net.UnknownHostException: db",
    ],
    "pool-exhausted": [
        "HikariPool-1 - Connection is not available, request timed out after 30000ms",
        "FATAL: sorry, too many clients already",
        "QueuePool limit of size 5 overflow 10 reached",
    ],
    "too-many-files": ["accept: too many open files", "EMFILE: open '/x'"],
    "port-in-use": ["bind: address already in use", "Error: listen EADDRINUSE: :::3000"],
    "leader-lost": [
        "leaderelection lost",
        "failed to renew lease kube-system/x",
        "NotLeaderForPartitionException",
    ],
    "clock-skew": ["RequestTimeTooSkewed: difference too large", "Token used before issued"],
    "deadlock": ["ERROR: deadlock detected", "Lock wait timeout exceeded; try restarting transaction"],
    "missing-table": [
        'relation "orders" does not exist',
        "no such table: users",
        "Unknown column 'a' in 'field list'",
    ],
    "unique-violation": ['duplicate key value violates unique constraint "x"', "E11000 duplicate key error"],
    "foreign-key": ["violates foreign key constraint on table a", "Column 'a' cannot be null"],
    "database-down": ["the database system is shutting down", "MySQL server has gone away"],
    "kafka": ["Offset out of range for partition x-1", "CommitFailedException: group has rebalanced"],
    "quota": ["exceeded quota: compute, requested: pods=1", "insufficient_quota"],
    "rate-limited": ["429 Too Many Requests", "ThrottlingException: Rate exceeded"],
    "auth-failed": ['password authentication failed for user "app"', "HTTP 401 from idp", "JWT expired at"],
    "permission": ["open /etc/x: permission denied", "AccessDenied: not authorized to perform s3:GetObject"],
    "config-missing": ["environment variable DATABASE_URL is not set", "Could not resolve placeholder 'x'"],
    "class-not-found": ["java.lang.ClassNotFoundException: a.B", "ModuleNotFoundError: No module named 'x'"],
    "connection-refused": [
        "dial tcp 10.0.0.1:5432: connect: connection refused",
        "ECONNREFUSED 127.0.0.1:6379",
    ],
    "unreachable": ["java.net.NoRouteToHostException: No route to host", "ENETUNREACH"],
    "upstream-5xx": ["upstream prematurely closed connection", "502 Bad Gateway", "no healthy upstream"],
    "circuit-open": ["CallNotPermittedException: CircuitBreaker 'pay' is OPEN"],
    "timeout": ["context deadline exceeded", "Read timed out"],
    "broken-pipe": ["write: broken pipe", "read ECONNRESET", "socket hang up"],
    "null-pointer": ["java.lang.NullPointerException", "Cannot read properties of undefined (reading 'a')"],
    "parse": ["Unexpected token < in JSON at position 0", "json: cannot unmarshal string into Go value"],
    "type-error": ["KeyError: 'x'", "java.lang.ClassCastException: a"],
    "file-missing": ["open a.yaml: no such file or directory", "FileNotFoundError: a"],
    "probe-failed": ["Readiness probe failed: HTTP probe"],
    "queue-full": [
        "java.util.concurrent.RejectedExecutionException",
        "1024 worker_connections are not enough",
    ],
}


@pytest.mark.parametrize(("id_", "text"), [(id_, text) for id_, texts in EXAMPLES.items() for text in texts])
def test_a_line_is_recognised_as_its_class(id_: str, text: str) -> None:
    hint = hint_for(text)
    assert hint is not None
    assert hint.id == id_


def test_every_class_has_an_example_and_an_id_of_its_own() -> None:
    assert {hint.id for hint in HINTS} == EXAMPLES.keys()
    assert len(HINTS) == len(EXAMPLES) >= 30


@pytest.mark.parametrize("text", ["order declined", "assertion x == y", "something went wrong", ""])
def test_what_is_of_no_class_gets_no_hint(text: str) -> None:
    assert hint_for(text) is None


def test_phrases_are_lower_case_because_texts_are_folded() -> None:
    assert all(phrase == phrase.lower() and phrase for hint in HINTS for phrase in hint.phrases)
