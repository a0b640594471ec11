"""What an operator may tell triage, read once and refused whole when any of it is wrong."""

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr

from chassis.secret_key import weak
from chassis.settings import ServiceSettings
from chassis.settings_faults import memory_storage, weak_secret
from triage.domain.redaction.extra import RulesRefused
from triage.rules import load

SourceName = Literal["none", "file", "kubernetes", "loki"]

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class Settings(ServiceSettings):
    namespaces: ClassVar[tuple[str, ...]] = ("TRIAGE_", "OPENAI_", "CIRCUIT_BREAKER_", "METRICS_")

    grpc_bind: str = Field("0.0.0.0:50052", description="Address and port the gRPC server listens on.")
    metrics_bind: str | None = Field(
        None,
        pattern=r"^.+:\d{1,5}$",
        description="host:port for Prometheus to read metrics from; not served when unset.",
    )
    health_bind: str | None = Field(
        None,
        pattern=r"^.+:\d{1,5}$",
        description="host:port for gRPC health without TLS, for probes; not served when unset.",
    )
    auth_grpc_target: str = Field(
        "dns:///auth:50051", description="Where the keys and revocations come from."
    )
    token_issuer: str = Field("api-reliability-suite", description="The `iss` that access tokens must carry.")
    token_audience: str = Field("api", description="The `aud` that access tokens must carry.")
    token_algorithm: Literal["EdDSA", "ES256", "RS256", "HS256"] = Field(
        "EdDSA", description="How auth signs access tokens; HS256 needs SECRET_KEY here too."
    )
    secret_key: SecretStr | None = Field(
        None, description="Only for access tokens signed with HS256: the key shared with auth."
    )
    secret_key_previous: SecretStr | None = Field(
        None, description="Others still accepted, comma-separated: the old one while SECRET_KEY is changed."
    )

    triage_source: SourceName = Field("none", description="What `/debug/summarize-errors` reads.")
    triage_log_file: Path | None = Field(None, description="The log file of the source `file`.")
    triage_log_rotated_files: int = Field(
        1, ge=0, le=100, description="How many rotated siblings (.1, .2.gz, ...) are read before the file."
    )
    triage_since_seconds: float = Field(
        3600, gt=0, le=30 * 86400, description="How far back the sources `kubernetes` and `loki` look."
    )
    triage_kubernetes_namespace: str | None = Field(
        None, description="Namespace of the source `kubernetes`; the pod's own when unset."
    )
    triage_kubernetes_selector: str = Field("", description="Label selector of the pods to read.")
    triage_kubernetes_previous: bool = Field(
        default=True, description="Read a restarted container's previous log before its present one."
    )
    triage_kubernetes_api_url: str | None = Field(
        None, description="The API server; the one the cluster tells its pods when unset."
    )
    triage_kubernetes_credentials: Path = Field(
        Path("/var/run/secrets/kubernetes.io/serviceaccount"),
        description="Folder of the service account's token, ca.crt and namespace.",
    )
    triage_loki_url: str | None = Field(None, description="Base address of Loki for the source `loki`.")
    triage_loki_query: str | None = Field(None, description='LogQL log query, such as `{namespace="shop"}`.')
    triage_loki_tenant: str | None = Field(None, description="X-Scope-OrgID, where Loki has several tenants.")
    triage_loki_token: SecretStr | None = Field(None, description="Bearer token for Loki.")

    triage_max_bytes: int = Field(
        64 * 1024 * 1024,
        ge=64 * 1024,
        description="Most bytes read for one summary; of a file, the newest. More is left out, and said.",
    )
    triage_workers: int = Field(1, ge=1, le=32, description="Logs read at the same time, one process each.")
    triage_queue: int = Field(4, ge=0, le=1000, description="Requests that may wait for a free reader.")
    triage_deadline_seconds: float = Field(
        60, gt=1, le=600, description="Longest time to an answer, the model's included."
    )
    triage_redaction_rules_file: Path | None = Field(
        None, description="More redaction rules and an allow-list, beside the built-in ones."
    )
    triage_summary_ttl_seconds: int = Field(
        86_400, ge=60, description="How long a summary can be fetched again by its id."
    )

    openai_api_key: SecretStr | None = Field(
        None, description="Key of the model's endpoint, if it wants one."
    )
    openai_base_url: str | None = Field(
        None, description="Any OpenAI-compatible endpoint; OpenAI's own when only the key is set."
    )
    openai_model: str = Field("gpt-5-mini", description="The model's name at that endpoint.")
    triage_model_timeout_seconds: float = Field(
        15, gt=0, le=300, description="Longest time for the model, its one retry included."
    )
    triage_model_concurrency: int = Field(4, ge=1, le=1000, description="Model calls at the same time.")
    triage_model_max_input_tokens: int = Field(
        12_000, ge=1000, description="Most tokens sent in one call, by estimate (bytes / 3)."
    )
    triage_model_max_output_tokens: int = Field(
        2_000, ge=256, description="Most tokens asked for in one call."
    )
    triage_daily_tokens: int = Field(
        2_000_000, ge=0, description="Tokens a day over all replicas; 0 for no bound."
    )
    triage_daily_tokens_per_user: int = Field(
        500_000, ge=0, description="Tokens a day for one caller; 0 for no bound."
    )
    triage_daily_cost: float = Field(
        0.0, ge=0, description="US dollars a day over all replicas; 0 for no bound."
    )
    openai_input_price: float = Field(0.0, ge=0, description="US dollars per million input tokens.")
    openai_output_price: float = Field(0.0, ge=0, description="US dollars per million output tokens.")
    circuit_breaker_fail_max: int = Field(3, ge=1, description="Failures in a row that open the breaker.")
    circuit_breaker_reset_seconds: float = Field(
        30, gt=0, description="Seconds the breaker stays open before one trial call."
    )
    circuit_breaker_cache_url: SecretStr | None = Field(
        None, description="Redis or Valkey for answers, summaries and budgets; kept in memory when unset."
    )
    circuit_breaker_cache_ttl_seconds: int = Field(
        3600, ge=1, description="How long an answer may still be given when the model cannot be asked."
    )
    triage_cache_fresh_seconds: float = Field(
        300, ge=0, description="How long an answer is given again without asking the model."
    )

    @property
    def model_configured(self) -> bool:
        return self.openai_api_key is not None or self.openai_base_url is not None

    @property
    def model_endpoint(self) -> str:
        """Base address of the model, without a trailing slash; empty where none is set."""
        if not self.model_configured:
            return ""
        return (self.openai_base_url or "https://api.openai.com/v1").rstrip("/")

    def faults(self) -> Iterator[str]:
        yield from super().faults()
        symmetric = self.token_algorithm == "HS256"  # noqa: S105  # the name of an algorithm
        if symmetric and self.secret_key is None:
            yield "SECRET_KEY must be set where TOKEN_ALGORITHM is HS256."
        if self.triage_source == "file" and self.triage_log_file is None:
            yield "TRIAGE_LOG_FILE must be set where TRIAGE_SOURCE is file."
        if self.triage_source == "loki" and not (self.triage_loki_url and self.triage_loki_query):
            yield "TRIAGE_LOKI_URL and TRIAGE_LOKI_QUERY must be set where TRIAGE_SOURCE is loki."
        for name, url in (
            ("OPENAI_BASE_URL", self.openai_base_url),
            ("TRIAGE_LOKI_URL", self.triage_loki_url),
            ("TRIAGE_KUBERNETES_API_URL", self.triage_kubernetes_api_url),
        ):
            if url is not None:
                yield from _address_faults(name, url)
        if self.openai_api_key is not None and not self.openai_api_key.get_secret_value().strip():
            yield "OPENAI_API_KEY is empty; set the key, or leave it out to summarise without a model."
        if self.triage_redaction_rules_file is not None:
            try:
                load(self.triage_redaction_rules_file)
            except RulesRefused as refused:
                yield f"TRIAGE_REDACTION_RULES_FILE: {refused}"
        if self.triage_daily_cost and not (self.openai_input_price or self.openai_output_price):
            yield "TRIAGE_DAILY_COST needs OPENAI_INPUT_PRICE and OPENAI_OUTPUT_PRICE to count by."

    def production_faults(self) -> Iterator[str]:
        yield from super().production_faults()
        if self.circuit_breaker_cache_url is None:
            yield (
                "CIRCUIT_BREAKER_CACHE_URL is not set, so every replica would keep its own answers "
                "and budget; point it at Redis or Valkey (redis://, rediss://)."
            )
        else:
            shared = self.circuit_breaker_cache_url.get_secret_value()
            yield from _told(memory_storage("CIRCUIT_BREAKER_CACHE_URL", shared))
        yield from weak(self.secret_key, self.secret_key_previous)
        if self.openai_api_key is not None:
            yield from _told(_placeholder_key(self.openai_api_key))
        for name, url, key in (
            ("OPENAI_BASE_URL", self.openai_base_url, self.openai_api_key),
            ("TRIAGE_LOKI_URL", self.triage_loki_url, self.triage_loki_token),
        ):
            if url is None or key is None or self.service_mesh_mtls:
                continue
            if _crosses_the_net_in_the_clear(url):
                yield (
                    f"{name} is plain http and would show its credential to the network; use https, "
                    "or SERVICE_MESH_MTLS=true where a mesh encrypts."
                )


def _told(fault: str | None) -> Iterator[str]:
    if fault is not None:
        yield fault


def _address_faults(name: str, url: str) -> Iterator[str]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield f"{name} must be an http or https address."
    if parts.username or parts.password:
        yield f"{name} carries a user or password; give the credential in its own setting."


def _placeholder_key(key: SecretStr) -> str | None:
    """A provider's key has the provider's length; only what is plainly no key is refused."""
    fault = weak_secret("OPENAI_API_KEY", key.get_secret_value())
    if fault is None or "shorter" in fault or "empty" in fault:
        return None
    return (
        "OPENAI_API_KEY looks like a placeholder; set the provider's key, or leave it out if none is needed."
    )


def _crosses_the_net_in_the_clear(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in _LOCAL_HOSTS
