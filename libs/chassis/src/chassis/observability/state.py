"""What every service tells of its own state: what it needs to be ready, until when its certificate holds."""

from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from chassis.lifecycle import Readiness


def watch_readiness(readiness: Readiness) -> None:
    """Each need by name, 1 when met; `serving` turns 0 when the process begins to drain."""

    def observe(_: CallbackOptions) -> Iterable[Observation]:
        return [Observation(int(met), {"need": name}) for name, met in readiness.needs().items()]

    metrics.get_meter("reliability").create_observable_gauge(
        "service.needs", [observe], description="What readiness depends on: 1 met, 0 not."
    )


def watch_certificate(path: Path | None) -> None:
    """When the certificate in a PEM file ends; the file is read anew each time, since it may be replaced."""
    if path is None:
        return

    def observe(_: CallbackOptions) -> Iterable[Observation]:
        try:
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError):
            # Half-written, or gone: no figure is better than an old one.
            return []
        return [Observation(certificate.not_valid_after_utc.timestamp())]

    metrics.get_meter("reliability").create_observable_gauge(
        "tls.certificate.expiry",
        [observe],
        unit="s",
        description="When the certificate for gRPC ends, in seconds since the epoch.",
    )
