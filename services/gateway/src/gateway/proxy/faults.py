"""The ways an exchange with an upstream fails, told apart by what may be done about it.

* UpstreamFault
  - ConnectFailed   nothing was sent; any other endpoint may be tried
  - ConnectionLost  it closed before a byte of the answer; idempotent requests may be sent again
  - Malformed       what came is no HTTP/1.1 answer
  - Truncated       the answer stopped in the middle
  - TimedOut        its time ran out
* ClientGone        nobody waits for the answer any more; says nothing about the upstream
"""

from typing import ClassVar


class UpstreamFault(Exception):
    # Low cardinality: names the fault in metrics, logs and `retries.on`.
    kind: ClassVar[str] = "fault"


class ConnectFailed(UpstreamFault):
    kind = "connect"


class ConnectionLost(UpstreamFault):
    kind = "reset"


class Malformed(UpstreamFault):
    kind = "malformed"


class Truncated(UpstreamFault):
    kind = "truncated"


class TimedOut(UpstreamFault):
    kind = "timeout"


class ClientGone(Exception):
    pass
