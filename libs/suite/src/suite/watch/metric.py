"""A metric as OpenTelemetry names it, and as Prometheus does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]

_UNITS: Final = {"s": "seconds", "By": "bytes"}


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: OpenTelemetry's.
        kind: what may be asked of it.
        unit: UCUM's, empty for plain counts.
        services: who tells it.
        meaning: for people.
        labels: each as Prometheus has it, with the values it can have.
    """

    name: str
    kind: Kind
    unit: str
    services: tuple[str, ...]
    meaning: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def exported(self) -> str:
        """Its name in Prometheus, without the suffixes of a histogram."""
        unit = "" if self.unit.startswith("{") else _UNITS.get(self.unit, self.unit)
        name = self.name.replace(".", "_")
        if unit and not name.endswith(unit):
            name = f"{name}_{unit}"
        return f"{name}_total" if self.kind == "counter" else name

    @property
    def series(self) -> frozenset[str]:
        """Every name it can be asked by."""
        if self.kind == "histogram":
            return frozenset(f"{self.exported}_{part}" for part in ("bucket", "count", "sum"))
        return frozenset({self.exported})
