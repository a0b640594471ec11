"""The service, put together: what is opened here is closed here, in reverse."""

from contextlib import AsyncExitStack

import grpc

from chassis.clock import Clock, SystemClock
from chassis.grpc.client import open_channel
from chassis.grpc.server import serve
from chassis.lifecycle import Readiness, run
from chassis.observability.scrape import serve_metrics
from chassis.observability.setup import observe
from chassis.observability.state import watch_certificate, watch_readiness
from chassis.secret_key import accepted
from chassis.security.tls import tls_files
from reliability.triage.v1 import triage_pb2_grpc as rpc
from triage.cache.shared import SharedStore
from triage.cache.store import Store
from triage.llm.configured import explainer
from triage.llm.previews import imagined
from triage.pipeline import Bounds, Triage
from triage.rules import load
from triage.servicer import TriageServicer
from triage.settings import Settings
from triage.sources.configured import configured
from triage.telemetry import Telemetry
from triage.verification import IDEMPOTENT, Verification
from triage.workers.pool import Readers

SERVICE = "reliability.triage.v1.TriageService"


def main() -> int:
    settings = Settings.load()

    async def build(stack: AsyncExitStack, readiness: Readiness) -> None:
        sampler = observe(stack, settings, "triage", prometheus=settings.metrics_bind is not None)
        clock = SystemClock()
        # Before any gRPC thread is there: a process is not started beside running threads lightly.
        behind = await triage(stack, settings, clock)
        serve_metrics(stack, settings.metrics_bind)
        watch_readiness(readiness)
        watch_certificate(settings.tls_cert_file)
        tls = tls_files(settings.tls_cert_file, settings.tls_key_file, settings.tls_ca_file)
        channel = open_channel(stack, settings.auth_grpc_target, tls=tls, idempotent=IDEMPOTENT)
        verification = Verification(
            channel,
            issuer=settings.token_issuer,
            audience=settings.token_audience,
            hs256_secrets=accepted(settings.secret_key, settings.secret_key_previous),
            clock=clock,
        )
        verification.keep(stack, readiness)
        servicer = TriageServicer(behind, configured(settings))

        def register(server: grpc.aio.Server) -> None:
            rpc.add_TriageServiceServicer_to_server(servicer, server)

        await serve(
            stack,
            bind=settings.grpc_bind,
            register=register,
            services=(SERVICE,),
            readiness=readiness,
            verify=verification.verify,
            public=frozenset(),
            # They have a deadline of their own, told by the settings.
            unbounded=frozenset({f"/{SERVICE}/Summarize", f"/{SERVICE}/Preview"}),
            tls=tls,
            sampler=sampler,
            health_bind=settings.health_bind,
        )

    run(build, delay=settings.shutdown_delay)
    return 0


async def triage(stack: AsyncExitStack, settings: Settings, clock: Clock) -> Triage:
    """Everything behind the servicer."""
    telemetry = Telemetry()
    telemetry.bounded(tokens=settings.triage_daily_tokens, cost=settings.triage_daily_cost)
    shared = None
    if settings.circuit_breaker_cache_url is not None:
        shared = SharedStore(stack, settings.circuit_breaker_cache_url.get_secret_value(), clock)
    store = Store(clock, shared)
    readers = Readers(
        count=settings.triage_workers, queue=settings.triage_queue, rules=settings.triage_redaction_rules_file
    )
    await readers.open(stack)
    rules = load(settings.triage_redaction_rules_file)
    return Triage(
        readers=readers,
        explainer=explainer(
            stack, settings, clock=clock, rules=rules, store=store, shared=shared, telemetry=telemetry
        ),
        imagined=imagined(settings, rules),
        store=store,
        clock=clock,
        bounds=Bounds(
            max_bytes=settings.triage_max_bytes,
            seconds=settings.triage_deadline_seconds,
            model_seconds=settings.triage_model_timeout_seconds if settings.model_configured else 0.0,
            kept_seconds=settings.triage_summary_ttl_seconds,
        ),
        answered=telemetry.answered,
        staged=telemetry.staged,
    )
