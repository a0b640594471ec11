"""What the gateway's own routes stand on, without the chain in front of them."""

import grpc

from chassis.clock import SystemClock
from chassis.lifecycle import Readiness
from chassis.security.revocations import RevocationList
from gateway.limits.local_ring import local_ring
from gateway.routes.context import Context
from gateway.settings import GatewaySettings
from gateway.telemetry import LimitMetrics
from gateway.upstreams.auth import AuthUpstream
from gateway.upstreams.oversight import OversightUpstream
from gateway.upstreams.triage import TriageUpstream
from gateway.upstreams.users import UsersUpstream
from gateway.upstreams.verification import VerificationUpstream

_SECONDS = 5.0


def context(channel: grpc.aio.Channel, settings: GatewaySettings) -> Context:
    """Auth and triage at the end of one channel, the local ring on, no limits of the cluster."""
    return Context(
        settings=settings,
        auth=AuthUpstream(channel, seconds=_SECONDS, login_seconds=_SECONDS),
        users=UsersUpstream(channel, seconds=_SECONDS, hashing_seconds=_SECONDS),
        oversight=OversightUpstream(channel, seconds=_SECONDS),
        triage=TriageUpstream(channel, seconds=_SECONDS),
        verification=VerificationUpstream(channel, seconds=_SECONDS),
        limiter=None,
        ring=local_ring(enabled=True),
        limits=LimitMetrics(),
        readiness=Readiness(),
        revocations=RevocationList(SystemClock()),
    )
