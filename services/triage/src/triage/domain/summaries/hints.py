"""What the commonest failures mean and what to look at first: a table, and how it is read."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Weight(IntEnum):
    """How bad a class of failure is by its nature, before any counting."""

    SYMPTOM = 0
    """Something else is broken, and this shows it."""
    FAULT = 1
    OUTAGE = 2
    """A service cannot do its work until somebody acts."""
    DISASTER = 3
    """A process or its data is gone."""


@dataclass(frozen=True, slots=True)
class Hint:
    """One class of failure; it fits where any phrase does, and a phrase where all its parts (`a + b`) occur."""

    id: str
    title: str
    weight: Weight
    phrases: tuple[str, ...]
    advice: str

    def fits(self, folded: str) -> bool:
        return any(all(part in folded for part in phrase.split(" + ")) for phrase in self.phrases)


def hint_for(text: str) -> Hint | None:
    """The first class of the table that fits; the table runs from causes to symptoms."""
    folded = text.lower()
    return next((hint for hint in HINTS if hint.fits(folded)), None)


def _row(id_: str, title: str, weight: Weight, phrases: str, advice: str) -> Hint:
    return Hint(id_, title, weight, tuple(phrases.split(" | ")), advice)


_S, _F, _O, _D = Weight

# fmt: off
HINTS: Final = (
    _row("oom-killed", "Out of memory, killed", _D,
         "oomkilled | oom-kill | out of memory: kill | killed process | memory cgroup out of memory | exit code 137 | exited with 137",
         "Compare the container's memory limit with its working set just before the kill; raise the limit or find the leak (heap profile, unbounded cache, large request)."),
    _row("heap-exhausted", "Heap exhausted", _D,
         "outofmemoryerror | java heap space | gc overhead limit | javascript heap out of memory | cannot allocate memory | memoryerror | std::bad_alloc | out of memory",
         "Take a heap dump at the limit; look for a cache without a bound or a query that loads everything. Raise the heap only after that."),
    _row("disk-full", "Disk full", _D,
         "no space left on device | enospc | disk full | disk is full | could not extend file | flood-stage watermark | filesystem is full | disk usage exceeded",
         "Find what grew (`du -xh / | sort -h`, `df -i` for inodes); free space or grow the volume, then restart writers that stopped."),
    _row("read-only-filesystem", "Read-only file system", _D,
         "read-only file system | erofs | remounting filesystem read-only | read only file system",
         "The kernel remounts read-only after I/O errors: look at dmesg and the volume's health. In a pod, check readOnlyRootFilesystem and mount an emptyDir where it writes."),
    _row("corruption", "Data corruption", _D,
         "checksum mismatch | data corruption | corrupted page | invalid page in block | is corrupt | corruptindexexception | bad magic number | crc mismatch | database disk image is malformed",
         "Stop writing, keep a copy, check the disk; restore from the last good backup or replica."),
    _row("kernel-panic", "Kernel fault", _D,
         "kernel panic | kernel bug at | soft lockup | hard lockup | machine check | mce: [hardware error] | hung_task | blocked for more than 120 seconds",
         "Drain the node, keep its serial console output, check firmware and memory; do not let the workload come back to it."),
    _row("segfault", "Segmentation fault", _D,
         "segfault | segmentation fault | sigsegv | segmentation violation | exit code 139 | core dumped | access violation",
         "Native code crashed: symbolise the core or the backtrace, and look at what changed in native libraries or the base image."),
    _row("stack-overflow", "Stack overflow", _D,
         "stackoverflowerror | stack overflow | maximum call stack size exceeded | recursionerror | maximum recursion depth | stack level too deep | goroutine stack exceeds",
         "Unbounded recursion: the repeated frames of the trace name the cycle. Bound the depth of nested input."),
    _row("crash-loop", "Crash loop", _O,
         "crashloopbackoff | back-off restarting failed | start request repeated too quickly | restarting too fast",
         "Read the previous container's log (`kubectl logs --previous`) and its exit code; the reason is in the last lines before the exit."),
    _row("image-pull", "Image cannot be pulled", _O,
         "imagepullbackoff | errimagepull | failed to pull image | manifest unknown | pull access denied | manifest for + not found",
         "Check the image's name and tag, the pull secret of the service account, and the registry's rate limit."),
    _row("scheduling", "Pod cannot be scheduled", _O,
         "failedscheduling | insufficient cpu | insufficient memory | nodes are available: | didn't match node selector | had untolerated taint",
         "Compare requests with what nodes have free; check taints, affinity and the autoscaler's ceiling."),
    _row("volume-mount", "Volume cannot be mounted", _O,
         "failedmount | failedattachvolume | unable to attach or mount volumes | multi-attach error | mountvolume.setup failed",
         "See which node still holds the volume, whether the claim is bound and the secret or config map exists."),
    _row("certificate-expired", "Certificate expired or not yet valid", _O,
         "certificate has expired | certificate expired | cert_has_expired | certificate is not yet valid | notafter | certificateexpired | not valid after",
         "Renew the certificate and find out why renewal did not happen; check the clock where it says 'not yet valid'. Reload processes that hold the old one."),
    _row("certificate-untrusted", "Certificate not trusted", _O,
         "unknown authority | self signed certificate | self-signed certificate | unable to get local issuer | pkix path building failed | unable_to_verify_leaf | certificate verify failed | hostname mismatch | doesn't match any of the subject | certificate is valid for",
         "Is the issuing CA in the client's trust store, the chain complete, and the name among the subject alternative names?"),
    _row("tls-handshake", "TLS handshake failed", _O,
         "tls handshake | ssl handshake | sslhandshakeexception | handshake failure | handshake_failure | wrong version number | unsupported protocol | no shared cipher | ssl_do_handshake | tls: first record does not look like",
         "Compare protocol versions and ciphers on both sides; 'wrong version number' is plaintext on a TLS port or the reverse; check whether a client certificate is asked for."),
    _row("dns", "Name resolution failed", _O,
         "no such host | unknownhostexception | getaddrinfo | enotfound | eai_again | name or service not known | temporary failure in name resolution | could not resolve | nxdomain | servfail | nodename nor servname | name resolution",
         "Resolve the name from the same pod; check CoreDNS' health, the search path (`ndots`), the service's name and namespace, and egress policy for port 53."),
    _row("pool-exhausted", "Connection pool exhausted", _O,
         "connection pool + exhausted | pool exhausted | pool is exhausted | connection is not available, request timed out | remaining connection slots | too many connections | too many clients | queuepool limit | timeout waiting for connection from pool | connection pool timeout | pool timed out | cannot acquire + pool | max_connections",
         "Connections are held too long or leaked: look for slow queries and transactions left open before enlarging the pool; sum of all pools must stay under the server's limit."),
    _row("too-many-files", "Too many open files", _O,
         "too many open files | emfile | enfile | file descriptor limit | nofile limit",
         "Count descriptors by kind (`ls /proc/PID/fd`): sockets that are never closed are the usual leak. Raise `nofile` only after that."),
    _row("port-in-use", "Port already in use", _O,
         "address already in use | eaddrinuse | port is already allocated | bind + already in use | port already in use",
         "Another process holds the port (`ss -ltnp`): often the old instance still stopping. Check hostPort and duplicate units."),
    _row("leader-lost", "Leadership lost", _O,
         "leader election lost | leaderelection lost | lost leader | failed to renew lease | failed to update lock | no leader | not the leader | notleaderforpartition | not_leader | stopped leading | no master | masternotdiscovered | not master",
         "Lost leases follow from a slow API server or store, CPU throttling, or a pause; check latency to etcd/ZooKeeper/brokers at that time."),
    _row("clock-skew", "Clock skew", _O,
         "clock skew | clock is ahead | clock drift | token used before issued | not valid yet | requesttimetooskewed | time is out of sync | clock jumped | krb_ap_err_skew | jwt issued in the future",
         "Compare the clocks (chrony/ntpd status on both nodes); a suspended VM or a stopped time service is the usual reason."),
    _row("deadlock", "Deadlock", _F,
         "deadlock | lock wait timeout | could not obtain lock | ora-00060 | all goroutines are asleep | could not serialize access | serialization failure",
         "See which statements hold the locks, take locks in one order, keep transactions short; retry the victim once."),
    _row("missing-table", "Schema does not match", _O,
         "relation + does not exist | no such table | table + doesn't exist | unknown column | column + does not exist | undefinedtable | undefinedcolumn | no such column | ora-00942 | invalid object name | pending migration | migration failed | migrations have not been applied | type + does not exist",
         "Code and schema are of different releases: were the migrations run, on this database, in this schema (`search_path`)?"),
    _row("unique-violation", "Unique constraint violated", _F,
         "duplicate key | unique constraint | duplicate entry | uniqueviolation | unique violation | e11000",
         "A retry or two writers insert the same row: make the write idempotent (`ON CONFLICT`), or check a sequence that fell behind after a restore."),
    _row("foreign-key", "Other constraint violated", _F,
         "foreign key constraint | violates check constraint | violates not-null | cannot be null | integrity constraint | notnullviolation",
         "The writer sends what the schema forbids: compare the failing column with the release that writes it."),
    _row("database-down", "Database is not accepting work", _O,
         "the database system is starting up | the database system is shutting down | terminating connection due to administrator | server closed the connection unexpectedly | mysql server has gone away | lost connection to mysql | could not connect to server | canceling statement due to | cannot execute + in a read-only transaction | loading the dataset in memory | misconf redis | clusterdown | connection to server at",
         "Look at the database's own log and at failover events of that minute; clients should reconnect with backoff."),
    _row("kafka", "Kafka consumer or broker trouble", _F,
         "rebalance + group | offset out of range | offsetoutofrange | commitfailedexception | unknown_topic_or_partition | coordinator not available | notenoughreplicas | not enough in-sync replicas | broker may not be available | max.poll.interval | unknown_member_id | leader not available",
         "Processing longer than `max.poll.interval.ms`, or replicas out of sync: check consumer lag, broker health and retention against the committed offset."),
    _row("quota", "Quota exceeded", _O,
         "quota exceeded | exceeded quota | insufficient_quota | quotaexceeded | resource_exhausted | exceeds the maximum allowed | limit exceeded + quota | disk quota exceeded | storage quota",
         "See which quota (project, namespace, API key) and what used it up; raise it or shed load."),
    _row("rate-limited", "Rate limited (429)", _F,
         "too many requests | rate limit | ratelimit | status 429 | status code 429 | http 429 | 429 too | throttlingexception | throttled | slowdown: please reduce | request rate is too high",
         "Honour Retry-After, add jittered backoff and a client-side limit; find the caller whose rate rose."),
    _row("auth-failed", "Authentication failed", _F,
         "authentication failed | authentication failure | password authentication failed | invalid credentials | access denied for user | unauthorized | status 401 | http 401 | status code 401 | invalid api key | invalid token | token expired | token has expired | jwt expired | expiredsignature | failed password | login failed | wrongpass | noauth | invalid_grant | bad credentials",
         "After a rotation: do all readers have the new secret? Otherwise count by source address and account to tell an attack from a misconfigured client."),
    _row("permission", "Permission denied", _F,
         "permission denied | access denied | accessdenied | eacces | eperm | operation not permitted | forbidden | status 403 | http 403 | status code 403 | not authorized to perform | insufficient privileges | is not allowed to",
         "Compare the identity in use (uid, service account, role) with what the resource grants; look for a policy or image user that changed."),
    _row("config-missing", "Configuration missing or wrong", _O,
         "missing required | environment variable + not set | is not set | configuration error | invalid configuration | missing config | config file not found | failed to load config | required property | could not resolve placeholder | unknown configuration | no such key | improperlyconfigured | validation error for settings | configmap + not found | secret + not found",
         "Compare the environment, config map and secret of this release with the last one that worked."),
    _row("class-not-found", "Code missing at run time", _O,
         "classnotfoundexception | noclassdeffounderror | nosuchmethoderror | modulenotfounderror | no module named | cannot find module | importerror | cannot open shared object file | undefined symbol | could not load file or assembly | nosuchfielderror | uninitialized constant | glibc",
         "The image lacks a dependency or has two versions of it: compare the lock file with what was built; clean the build cache."),
    _row("connection-refused", "Connection refused", _O,
         "connection refused | econnrefused | actively refused | connectexception | connect failed (111 | connection to + refused | failed to connect | couldn't connect to",
         "Nothing listens at that address: is the target up, ready and on that port? Check its restarts, the Service's endpoints and network policy."),
    _row("unreachable", "Network unreachable", _O,
         "no route to host | ehostunreach | enetunreach | network is unreachable | noroutetohost | host is down | destination host unreachable | network unreachable",
         "Routing or policy: check the node's network, security groups and network policies between the two."),
    _row("upstream-5xx", "Upstream answered 5xx", _S,
         "bad gateway | service unavailable | gateway timeout | gateway time-out | status 502 | status 503 | status 504 | status 500 | http 500 | http 502 | http 503 | http 504 | status code 50 | internal server error | no live upstreams | upstream prematurely closed | no healthy upstream | upstream connect error | code=503 | statuscode=50 | <nosrv> | http/1.1\" 50 | http/2.0\" 50 | http/1.0\" 50",
         "The fault is one hop further: read the upstream's log of the same minute, its readiness and its deploys."),
    _row("circuit-open", "Circuit breaker open", _S,
         "circuit breaker | circuitbreaker | callnotpermitted | circuit is open | brokencircuit",
         "The breaker protects; look at what opened it: the errors of the same dependency just before."),
    _row("timeout", "Timed out", _S,
         "timed out | timeout | etimedout | deadline exceeded | deadlineexceeded | deadline has elapsed | took too long | read time out",
         "Which dependency is slow? Look at its latency and saturation then, and compare the timeout with the caller's own deadline."),
    _row("broken-pipe", "Connection broken by the other side", _S,
         "broken pipe | epipe | connection reset | econnreset | connection closed | unexpected eof | socket hang up | eofexception | remote end closed | connection aborted | clientabort | unexpected end of file | goaway",
         "The peer went away: a restart, an idle timeout shorter than the client's keep-alive, or a client that gave up waiting."),
    _row("null-pointer", "Null dereference", _F,
         "nullpointerexception | nil pointer dereference | nullreferenceexception | object reference not set | cannot read propert | 'nonetype' object | undefined is not | undefined method + for nil | null pointer | is not a function | option::unwrap()",
         "A value that is never missing was missing: the first own frame of the trace names it; look for input or an upstream answer whose shape changed."),
    _row("parse", "Input cannot be parsed", _F,
         "jsondecodeerror | json parse | jsonparseexception | unexpected token | invalid character + looking for | unexpected end of json | malformed | syntaxerror | parse error | parsing error | invalid json | could not parse | failed to parse | cannot unmarshal | failed to unmarshal | cannot deserialize | unicodedecodeerror | invalid utf-8",
         "Keep one failing input: an HTML error page in place of JSON is an upstream failure; otherwise a schema changed."),
    _row("type-error", "Wrong type or value", _F,
         "typeerror | classcastexception | valueerror | illegalargument | keyerror | indexerror | index out of | arrayindexoutofbounds | indexoutofrange | numberformatexception | assertionerror | attributeerror | invalidcast | argumentexception",
         "A programming error on some input: the first own frame of the trace, and what was deployed before it first appeared."),
    _row("file-missing", "File not found", _F,
         "no such file or directory | enoent | filenotfound | file not found | cannot find the file | nosuchfileexception | cannot find the path",
         "Is the path mounted and the working directory the expected one? Often a volume or an asset missing from the image."),
    _row("probe-failed", "Health check failed", _S,
         "readiness probe failed | liveness probe failed | health check failed | healthcheck failed | unhealthy",
         "Probe and process disagree: read what the process did then; a liveness probe that waits on a dependency makes it worse."),
    _row("queue-full", "Queue or thread pool full", _O,
         "rejectedexecution | queue is full | queue full | task rejected | buffer overflow | es_rejected_execution | backpressure | worker_connections are not enough | maxclients | server reached max",
         "Work arrives faster than it leaves: find the slow stage; shed load early rather than enlarging the queue."),
)
# fmt: on
