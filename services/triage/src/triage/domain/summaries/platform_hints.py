"""Failures of what software stands on: memory, disks, names, certificates, clusters."""

from typing import Final

from triage.domain.summaries.hint import Weight, row

PLATFORM: Final = (
    row(
        "oom-killed",
        "Out of memory, killed",
        Weight.DISASTER,
        "oomkilled | oom-kill | out of memory: kill | killed process | memory cgroup out of memory | exit"
        " code 137 | exited with 137",
        "Compare the container's memory limit with its working set just before the kill; raise the limit "
        "or find the leak (heap profile, unbounded cache, large request).",
    ),
    row(
        "heap-exhausted",
        "Heap exhausted",
        Weight.DISASTER,
        "outofmemoryerror | java heap space | gc overhead limit | javascript heap out of memory | cannot "
        "allocate memory | memoryerror | std::bad_alloc | out of memory",
        "Take a heap dump at the limit; look for a cache without a bound or a query that loads "
        "everything. Raise the heap only after that.",
    ),
    row(
        "disk-full",
        "Disk full",
        Weight.DISASTER,
        "no space left on device | enospc | disk full | disk is full | could not extend file | flood-"
        "stage watermark | filesystem is full | disk usage exceeded",
        "Find what grew (`du -xh / | sort -h`, `df -i` for inodes); free space or grow the volume, then "
        "restart writers that stopped.",
    ),
    row(
        "read-only-filesystem",
        "Read-only file system",
        Weight.DISASTER,
        "read-only file system | erofs | remounting filesystem read-only | read only file system",
        "The kernel remounts read-only after I/O errors: look at dmesg and the volume's health. In a pod,"
        " check readOnlyRootFilesystem and mount an emptyDir where it writes.",
    ),
    row(
        "corruption",
        "Data corruption",
        Weight.DISASTER,
        "checksum mismatch | data corruption | corrupted page | invalid page in block | is corrupt | "
        "corruptindexexception | bad magic number | crc mismatch | database disk image is malformed",
        "Stop writing, keep a copy, check the disk; restore from the last good backup or replica.",
    ),
    row(
        "kernel-panic",
        "Kernel fault",
        Weight.DISASTER,
        "kernel panic | kernel bug at | soft lockup | hard lockup | machine check | mce: [hardware error]"
        " | hung_task | blocked for more than 120 seconds",
        "Drain the node, keep its serial console output, check firmware and memory; do not let the "
        "workload come back to it.",
    ),
    row(
        "segfault",
        "Segmentation fault",
        Weight.DISASTER,
        "segfault | segmentation fault | sigsegv | segmentation violation | exit code 139 | core dumped |"
        " access violation",
        "Native code crashed: symbolise the core or the backtrace, and look at what changed in native "
        "libraries or the base image.",
    ),
    row(
        "stack-overflow",
        "Stack overflow",
        Weight.DISASTER,
        "stackoverflowerror | stack overflow | maximum call stack size exceeded | recursionerror | "
        "maximum recursion depth | stack level too deep | goroutine stack exceeds",
        "Unbounded recursion: the repeated frames of the trace name the cycle. Bound the depth of nested "
        "input.",
    ),
    row(
        "crash-loop",
        "Crash loop",
        Weight.OUTAGE,
        "crashloopbackoff | back-off restarting failed | start request repeated too quickly | restarting "
        "too fast",
        "Read the previous container's log (`kubectl logs --previous`) and its exit code; the reason is "
        "in the last lines before the exit.",
    ),
    row(
        "image-pull",
        "Image cannot be pulled",
        Weight.OUTAGE,
        "imagepullbackoff | errimagepull | failed to pull image | manifest unknown | pull access denied |"
        " manifest for + not found",
        "Check the image's name and tag, the pull secret of the service account, and the registry's rate "
        "limit.",
    ),
    row(
        "scheduling",
        "Pod cannot be scheduled",
        Weight.OUTAGE,
        "failedscheduling | insufficient cpu | insufficient memory | nodes are available: | didn't match "
        "node selector | had untolerated taint",
        "Compare requests with what nodes have free; check taints, affinity and the autoscaler's ceiling.",
    ),
    row(
        "volume-mount",
        "Volume cannot be mounted",
        Weight.OUTAGE,
        "failedmount | failedattachvolume | unable to attach or mount volumes | multi-attach error | "
        "mountvolume.setup failed",
        "See which node still holds the volume, whether the claim is bound and the secret or config map "
        "exists.",
    ),
    row(
        "certificate-expired",
        "Certificate expired or not yet valid",
        Weight.OUTAGE,
        "certificate has expired | certificate expired | cert_has_expired | certificate is not yet valid "
        "| notafter | certificateexpired | not valid after",
        "Renew the certificate and find out why renewal did not happen; check the clock where it says "
        "'not yet valid'. Reload processes that hold the old one.",
    ),
    row(
        "certificate-untrusted",
        "Certificate not trusted",
        Weight.OUTAGE,
        "unknown authority | self signed certificate | self-signed certificate | unable to get local "
        "issuer | pkix path building failed | unable_to_verify_leaf | certificate verify failed | "
        "hostname mismatch | doesn't match any of the subject | certificate is valid for",
        "Is the issuing CA in the client's trust store, the chain complete, and the name among the "
        "subject alternative names?",
    ),
    row(
        "tls-handshake",
        "TLS handshake failed",
        Weight.OUTAGE,
        "tls handshake | ssl handshake | sslhandshakeexception | handshake failure | handshake_failure | "
        "wrong version number | unsupported protocol | no shared cipher | ssl_do_handshake | tls: first "
        "record does not look like",
        "Compare protocol versions and ciphers on both sides; 'wrong version number' is plaintext on a "
        "TLS port or the reverse; check whether a client certificate is asked for.",
    ),
    row(
        "dns",
        "Name resolution failed",
        Weight.OUTAGE,
        "no such host | unknownhostexception | getaddrinfo | eai_again | name or service not known | "
        "temporary failure in name resolution | could not resolve host | nxdomain | servfail | nodename "
        "nor servname | name resolution",
        "Resolve the name from the same pod; check CoreDNS' health, the search path (`ndots`), the "
        "service's name and namespace, and egress policy for port 53.",
    ),
    row(
        "pool-exhausted",
        "Connection pool exhausted",
        Weight.OUTAGE,
        "connection pool + exhausted | pool exhausted | pool is exhausted | connection is not available, "
        "request timed out | remaining connection slots | too many connections | too many clients | "
        "queuepool limit | timeout waiting for connection from pool | connection pool timeout | pool "
        "timed out | cannot acquire + pool | max_connections",
        "Connections are held too long or leaked: look for slow queries and transactions left open before"
        " enlarging the pool; sum of all pools must stay under the server's limit.",
    ),
    row(
        "too-many-files",
        "Too many open files",
        Weight.OUTAGE,
        "too many open files | emfile | enfile | file descriptor limit | nofile limit",
        "Count descriptors by kind (`ls /proc/PID/fd`): sockets that are never closed are the usual leak."
        " Raise `nofile` only after that.",
    ),
    row(
        "port-in-use",
        "Port already in use",
        Weight.OUTAGE,
        "address already in use | eaddrinuse | port is already allocated | bind + already in use | port "
        "already in use",
        "Another process holds the port (`ss -ltnp`): often the old instance still stopping. Check "
        "hostPort and duplicate units.",
    ),
    row(
        "leader-lost",
        "Leadership lost",
        Weight.OUTAGE,
        "leader election lost | leaderelection lost | lost leader | failed to renew lease | failed to "
        "update lock | no leader | not the leader | notleaderforpartition | not_leader | stopped leading "
        "| no master | masternotdiscovered | not master",
        "Lost leases follow from a slow API server or store, CPU throttling, or a pause; check latency to"
        " etcd/ZooKeeper/brokers at that time.",
    ),
    row(
        "clock-skew",
        "Clock skew",
        Weight.OUTAGE,
        "clock skew | clock is ahead | clock drift | token used before issued | not valid yet | "
        "requesttimetooskewed | time is out of sync | clock jumped | krb_ap_err_skew | jwt issued in the "
        "future",
        "Compare the clocks (chrony/ntpd status on both nodes); a suspended VM or a stopped time service "
        "is the usual reason.",
    ),
)
