"""The source that settings name."""

from triage.settings import Settings
from triage.sources.file import FileSource
from triage.sources.kubernetes import KubernetesQuery, KubernetesSource
from triage.sources.loki import LokiQuery, LokiSource
from triage.sources.source import Source


def configured(settings: Settings) -> Source | None:
    """None where there is none."""
    match settings.triage_source:
        case "file" if settings.triage_log_file is not None:
            return FileSource(settings.triage_log_file, rotated=settings.triage_log_rotated_files)
        case "kubernetes":
            return KubernetesSource(
                KubernetesQuery(
                    namespace=settings.triage_kubernetes_namespace,
                    selector=settings.triage_kubernetes_selector,
                    previous=settings.triage_kubernetes_previous,
                    since_seconds=settings.triage_since_seconds,
                    api_url=settings.triage_kubernetes_api_url,
                    credentials=settings.triage_kubernetes_credentials,
                )
            )
        case "loki" if settings.triage_loki_url is not None and settings.triage_loki_query is not None:
            token = settings.triage_loki_token
            return LokiSource(
                LokiQuery(
                    url=settings.triage_loki_url,
                    query=settings.triage_loki_query,
                    since_seconds=settings.triage_since_seconds,
                    tenant=settings.triage_loki_tenant,
                    token=token.get_secret_value() if token is not None else None,
                )
            )
        case _:
            return None
