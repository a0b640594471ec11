"""Failures of software and of what it talks to, causes before their symptoms."""

from typing import Final

from triage.domain.summaries.hint import Weight, row

APPLICATION: Final = (
    row(
        "deadlock",
        "Deadlock",
        Weight.FAULT,
        "deadlock | lock wait timeout | could not obtain lock | ora-00060 | all goroutines are asleep | "
        "could not serialize access | serialization failure",
        "See which statements hold the locks, take locks in one order, keep transactions short; retry the"
        " victim once.",
    ),
    row(
        "missing-table",
        "Schema does not match",
        Weight.OUTAGE,
        "relation + does not exist | no such table | table + doesn't exist | unknown column | column + "
        "does not exist | undefinedtable | undefinedcolumn | no such column | ora-00942 | invalid object "
        "name | pending migration | migration failed | migrations have not been applied | type + does not"
        " exist",
        "Code and schema are of different releases: were the migrations run, on this database, in this "
        "schema (`search_path`)?",
    ),
    row(
        "unique-violation",
        "Unique constraint violated",
        Weight.FAULT,
        "duplicate key | unique constraint | duplicate entry | uniqueviolation | unique violation | e11000",
        "A retry or two writers insert the same row: make the write idempotent (`ON CONFLICT`), or check "
        "a sequence that fell behind after a restore.",
    ),
    row(
        "foreign-key",
        "Other constraint violated",
        Weight.FAULT,
        "foreign key constraint | violates check constraint | violates not-null | cannot be null | "
        "integrity constraint | notnullviolation",
        "The writer sends what the schema forbids: compare the failing column with the release that "
        "writes it.",
    ),
    row(
        "database-down",
        "Database is not accepting work",
        Weight.OUTAGE,
        "the database system is starting up | the database system is shutting down | terminating "
        "connection due to administrator | server closed the connection unexpectedly | mysql server has "
        "gone away | lost connection to mysql | could not connect to server | canceling statement due to "
        "| cannot execute + in a read-only transaction | loading the dataset in memory | misconf redis | "
        "clusterdown | connection to server at",
        "Look at the database's own log and at failover events of that minute; clients should reconnect "
        "with backoff.",
    ),
    row(
        "kafka",
        "Kafka consumer or broker trouble",
        Weight.FAULT,
        "rebalance + group | offset out of range | offsetoutofrange | commitfailedexception | "
        "unknown_topic_or_partition | coordinator not available | notenoughreplicas | not enough in-sync "
        "replicas | broker may not be available | max.poll.interval | unknown_member_id | leader not "
        "available",
        "Processing longer than `max.poll.interval.ms`, or replicas out of sync: check consumer lag, "
        "broker health and retention against the committed offset.",
    ),
    row(
        "quota",
        "Quota exceeded",
        Weight.OUTAGE,
        "quota exceeded | exceeded quota | insufficient_quota | quotaexceeded | resource_exhausted | "
        "exceeds the maximum allowed | limit exceeded + quota | disk quota exceeded | storage quota",
        "See which quota (project, namespace, API key) and what used it up; raise it or shed load.",
    ),
    row(
        "rate-limited",
        "Rate limited (429)",
        Weight.FAULT,
        "too many requests | rate limit | ratelimit | status 429 | status code 429 | http 429 | 429 too |"
        " throttlingexception | throttled | slowdown: please reduce | request rate is too high",
        "Honour Retry-After, add jittered backoff and a client-side limit; find the caller whose rate rose.",
    ),
    row(
        "auth-failed",
        "Authentication failed",
        Weight.FAULT,
        "authentication failed | authentication failure | password authentication failed | invalid "
        "credentials | access denied for user | unauthorized | status 401 | http 401 | status code 401 | "
        "invalid api key | invalid token | token expired | token has expired | jwt expired | "
        "expiredsignature | failed password | login failed | wrongpass | noauth | invalid_grant | bad "
        "credentials",
        "After a rotation: do all readers have the new secret? Otherwise count by source address and "
        "account to tell an attack from a misconfigured client.",
    ),
    row(
        "permission",
        "Permission denied",
        Weight.FAULT,
        "permission denied | access denied | accessdenied | eacces | eperm | operation not permitted | "
        "forbidden | status 403 | http 403 | status code 403 | not authorized to perform | insufficient "
        "privileges | is not allowed to",
        "Compare the identity in use (uid, service account, role) with what the resource grants; look for"
        " a policy or image user that changed.",
    ),
    row(
        "config-missing",
        "Configuration missing or wrong",
        Weight.OUTAGE,
        "missing required | environment variable + not set | is not set | configuration error | invalid "
        "configuration | missing config | config file not found | failed to load config | required "
        "property | could not resolve placeholder | unknown configuration | no such key | "
        "improperlyconfigured | validation error for settings | configmap + not found | secret + not "
        "found",
        "Compare the environment, config map and secret of this release with the last one that worked.",
    ),
    row(
        "class-not-found",
        "Code missing at run time",
        Weight.OUTAGE,
        "classnotfoundexception | noclassdeffounderror | nosuchmethoderror | modulenotfounderror | no "
        "module named | cannot find module | importerror | cannot open shared object file | undefined "
        "symbol | could not load file or assembly | nosuchfielderror | uninitialized constant | glibc",
        "The image lacks a dependency or has two versions of it: compare the lock file with what was "
        "built; clean the build cache.",
    ),
    row(
        "connection-refused",
        "Connection refused",
        Weight.OUTAGE,
        "connection refused | econnrefused | actively refused | connectexception | connect failed (111 | "
        "connection to + refused | failed to connect | couldn't connect to",
        "Nothing listens at that address: is the target up, ready and on that port? Check its restarts, "
        "the Service's endpoints and network policy.",
    ),
    row(
        "unreachable",
        "Network unreachable",
        Weight.OUTAGE,
        "no route to host | ehostunreach | enetunreach | network is unreachable | noroutetohost | host is"
        " down | destination host unreachable | network unreachable",
        "Routing or policy: check the node's network, security groups and network policies between the two.",
    ),
    row(
        "upstream-5xx",
        "Upstream answered 5xx",
        Weight.SYMPTOM,
        "bad gateway | service unavailable | gateway timeout | gateway time-out | status 502 | status 503"
        " | status 504 | status 500 | http 500 | http 502 | http 503 | http 504 | status code 50 | "
        "internal server error | no live upstreams | upstream prematurely closed | no healthy upstream | "
        'upstream connect error | code=503 | statuscode=50 | <nosrv> | http/1.1" 50 | http/2.0" 50 | '
        'http/1.0" 50',
        "The fault is one hop further: read the upstream's log of the same minute, its readiness and its "
        "deploys.",
    ),
    row(
        "circuit-open",
        "Circuit breaker open",
        Weight.SYMPTOM,
        "circuit breaker | circuitbreaker | callnotpermitted | circuit is open | brokencircuit",
        "The breaker protects; look at what opened it: the errors of the same dependency just before.",
    ),
    row(
        "timeout",
        "Timed out",
        Weight.SYMPTOM,
        "timed out | timeout | etimedout | deadline exceeded | deadlineexceeded | deadline has elapsed | "
        "took too long | read time out",
        "Which dependency is slow? Look at its latency and saturation then, and compare the timeout with "
        "the caller's own deadline.",
    ),
    row(
        "broken-pipe",
        "Connection broken by the other side",
        Weight.SYMPTOM,
        "broken pipe | epipe | connection reset | econnreset | connection closed | unexpected eof | "
        "socket hang up | eofexception | remote end closed | connection aborted | clientabort | "
        "unexpected end of file | goaway",
        "The peer went away: a restart, an idle timeout shorter than the client's keep-alive, or a client"
        " that gave up waiting.",
    ),
    row(
        "null-pointer",
        "Null dereference",
        Weight.FAULT,
        "nullpointerexception | nil pointer dereference | nullreferenceexception | object reference not "
        "set | cannot read propert | 'nonetype' object | undefined is not | undefined method + for nil | "
        "null pointer | is not a function | option::unwrap()",
        "A value that is never missing was missing: the first own frame of the trace names it; look for "
        "input or an upstream answer whose shape changed.",
    ),
    row(
        "parse",
        "Input cannot be parsed",
        Weight.FAULT,
        "jsondecodeerror | json parse | jsonparseexception | unexpected token | invalid character + "
        "looking for | unexpected end of json | malformed | syntaxerror | parse error | parsing error | "
        "invalid json | could not parse | failed to parse | cannot unmarshal | failed to unmarshal | "
        "cannot deserialize | unicodedecodeerror | invalid utf-8",
        "Keep one failing input: an HTML error page in place of JSON is an upstream failure; otherwise a "
        "schema changed.",
    ),
    row(
        "type-error",
        "Wrong type or value",
        Weight.FAULT,
        "typeerror | classcastexception | valueerror | illegalargument | keyerror | indexerror | index "
        "out of | arrayindexoutofbounds | indexoutofrange | numberformatexception | assertionerror | "
        "attributeerror | invalidcast | argumentexception",
        "A programming error on some input: the first own frame of the trace, and what was deployed "
        "before it first appeared.",
    ),
    row(
        "file-missing",
        "File not found",
        Weight.FAULT,
        "no such file or directory | enoent | filenotfound | file not found | cannot find the file | "
        "nosuchfileexception | cannot find the path",
        "Is the path mounted and the working directory the expected one? Often a volume or an asset "
        "missing from the image.",
    ),
    row(
        "probe-failed",
        "Health check failed",
        Weight.SYMPTOM,
        "readiness probe failed | liveness probe failed | health check failed | healthcheck failed | "
        "unhealthy",
        "Probe and process disagree: read what the process did then; a liveness probe that waits on a "
        "dependency makes it worse.",
    ),
    row(
        "queue-full",
        "Queue or thread pool full",
        Weight.OUTAGE,
        "rejectedexecution | queue is full | queue full | task rejected | buffer overflow | "
        "es_rejected_execution | backpressure | worker_connections are not enough | maxclients | server "
        "reached max",
        "Work arrives faster than it leaves: find the slow stage; shed load early rather than enlarging "
        "the queue.",
    ),
)
