"""The model that settings name, with everything that surrounds it."""

from contextlib import AsyncExitStack

from chassis.clock import Clock
from triage.cache.budget import Bounds, Budget
from triage.cache.shared import SharedStore
from triage.cache.store import Store
from triage.domain.budget import Prices
from triage.llm.breaker import ModelBreaker
from triage.llm.explainer import Explainer, Limits
from triage.llm.request import Dialect
from triage.rules import Rules
from triage.settings import Settings
from triage.telemetry import Telemetry


def explainer(
    stack: AsyncExitStack,
    settings: Settings,
    *,
    clock: Clock,
    rules: Rules,
    store: Store,
    shared: SharedStore | None,
    telemetry: Telemetry | None = None,
) -> Explainer | None:
    """None where no model is configured."""
    if not settings.model_configured:
        return None
    # A second of importing that nobody without a model should wait for.
    from triage.llm.model import Model  # noqa: PLC0415

    dialect = Dialect(
        endpoint=settings.model_endpoint,
        model=settings.openai_model,
        max_output_tokens=settings.triage_model_max_output_tokens,
    )
    prices = Prices(settings.openai_input_price, settings.openai_output_price)
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else None
    breaker = ModelBreaker(
        fail_max=settings.circuit_breaker_fail_max,
        reset_seconds=settings.circuit_breaker_reset_seconds,
        clock=clock,
    )
    told = telemetry or Telemetry()
    told.watch(breaker)
    told.begins(dialect.model)
    return Explainer(
        model=Model(
            stack, dialect=dialect, key=key, connections=settings.triage_model_concurrency, clock=clock
        ),
        breaker=breaker,
        asked=told.asked,
        staged=told.staged,
        budget=Budget(
            Bounds(
                tokens=settings.triage_daily_tokens,
                tokens_per_user=settings.triage_daily_tokens_per_user,
                cost=settings.triage_daily_cost,
            ),
            prices,
            clock,
            shared,
        ),
        store=store,
        rules=rules,
        prices=prices,
        clock=clock,
        limits=Limits(
            concurrency=settings.triage_model_concurrency,
            input_tokens=settings.triage_model_max_input_tokens,
            seconds=settings.triage_model_timeout_seconds,
            fresh_seconds=settings.triage_cache_fresh_seconds,
            kept_seconds=settings.circuit_breaker_cache_ttl_seconds,
        ),
    )
