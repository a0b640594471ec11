"""Settings: read once, strictly, with every fault told in one sentence.

A setting comes from the environment or from a file of the same lower-case
name in `SETTINGS_SECRETS_DIR` (else `/run/secrets`); the environment wins.
A service that is configured wrongly does not start: `load` prints one line
per fault and exits with status 78 (EX_CONFIG of sysexits.h).
"""

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Self

from pydantic import BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.security.tls import TlsFiles, tls_files
from chassis.settings_faults import misspelt_of, readable

EX_CONFIG = 78
_SECRETS_DIR = "/run/secrets"
_MAX_SECRET_FILE_BYTES = 64 * 1024

Environment = Literal["development", "test", "staging", "production"]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


CommaSeparated = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""`a, b,c` in the environment, `("a", "b", "c")` in the program."""


class ServiceSettings(BaseSettings):
    """What every service is told. Subclasses add their own; nobody adds others'."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", case_sensitive=False, hide_input_in_errors=True, env_ignore_empty=False
    )

    namespaces: ClassVar[tuple[str, ...]] = ()
    """Prefixes that belong to this service alone: an unknown name under one is a fault."""

    stand_ins: ClassVar[Mapping[str, str]] = {}
    """For each setting without a default, a value that is well-formed: so that where the given one is
    not, everything else can still be judged. Never served with."""

    environment: Environment = Field("production", description="What this installation is for.")
    log_level: Annotated[LogLevel, BeforeValidator(lambda v: v.lower() if isinstance(v, str) else v)] = Field(
        "info", description="The least severe records that are written."
    )
    tls_cert_file: Path | None = Field(
        None, description="Certificate chain for gRPC, PEM; reloaded when it changes."
    )
    tls_key_file: Path | None = Field(None, description="Private key of that certificate, PEM.")
    tls_ca_file: Path | None = Field(
        None, description="CA that the other services' certificates must be issued by, PEM."
    )
    service_mesh_mtls: bool = Field(
        default=False,
        description="A service mesh encrypts between the pods, so gRPC may be plaintext in production.",
    )
    shutdown_delay_seconds: float | None = Field(
        None,
        ge=0,
        le=120,
        description="Seconds between turning unready and closing; 5 in staging and production, 0 elsewhere.",
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None, description="OTLP/gRPC endpoint of the collector; nothing is exported when unset."
    )
    otel_traces_sampler_arg: float = Field(
        1.0, ge=0, le=1, description="Share of new traces that are recorded."
    )

    @property
    def hardened(self) -> bool:
        """Whether the fail-fast list applies."""
        return self.environment in ("staging", "production")

    @property
    def shutdown_delay(self) -> float:
        if self.shutdown_delay_seconds is not None:
            return self.shutdown_delay_seconds
        return 5.0 if self.hardened else 0.0

    @property
    def tls(self) -> TlsFiles | None:
        return tls_files(self.tls_cert_file, self.tls_key_file, self.tls_ca_file)

    def faults(self) -> Iterator[str]:
        """Contradictions that are wrong in every environment, one sentence each."""
        tls = {
            "TLS_CERT_FILE": self.tls_cert_file,
            "TLS_KEY_FILE": self.tls_key_file,
            "TLS_CA_FILE": self.tls_ca_file,
        }
        if any(tls.values()) and not all(tls.values()):
            absent = ", ".join(name for name, path in tls.items() if path is None)
            yield f"{absent} must be set too: mutual TLS needs the certificate, its key and the CA together."
        for name, path in tls.items():
            if path is not None and not path.is_file():
                yield f"{name} names a file that does not exist."

    def production_faults(self) -> Iterator[str]:
        """What staging and production refuse, one sentence each with the fix."""
        if self.log_level == "debug":
            yield "LOG_LEVEL is debug, which is too talkative for production; set it to info."
        if self.tls_cert_file is None and not self.service_mesh_mtls:
            yield (
                "gRPC would be plaintext; set TLS_CERT_FILE, TLS_KEY_FILE and TLS_CA_FILE, "
                "or SERVICE_MESH_MTLS=true where a mesh encrypts."
            )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: no second, hidden way in."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @classmethod
    def load(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """The settings, or the end of the process with one line per fault."""
        settings, faults = cls.inspect(environ)
        if settings is None or faults:
            _refuse(faults)
        return settings

    @classmethod
    def inspect(cls, environ: Mapping[str, str]) -> tuple[Self | None, list[str]]:
        """The settings where they can be built, and every fault there is."""
        try:
            given = _secret_files(environ) | {name.upper(): value for name, value in environ.items()}
        except OSError as error:
            return None, [f"SETTINGS_SECRETS_DIR cannot be read: {error.strerror}."]
        except UnicodeDecodeError:
            return None, ["SETTINGS_SECRETS_DIR holds a file that is not text in UTF-8."]
        faults = list(_unknown(cls, given))
        values: dict[str, Any] = {
            name: given[name.upper()] for name in cls.model_fields if name.upper() in given
        }
        try:
            settings = cls(**values)
        except ValidationError as error:
            return None, [*faults, *readable(error), *cls._of_the_rest(values, error)]
        return settings, [*faults, *settings._contradictions()]

    def _contradictions(self) -> Iterator[str]:
        yield from self.faults()
        if self.hardened:
            yield from self.production_faults()

    @classmethod
    def _of_the_rest(cls, values: Mapping[str, Any], error: ValidationError) -> Iterator[str]:
        """What is wrong beside the settings that are not even well-formed."""
        malformed = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        sound = {name: value for name, value in values.items() if name not in malformed}
        sound |= {name: cls.stand_ins[name] for name in malformed & cls.stand_ins.keys()}
        try:
            rest = cls(**sound)
        except ValidationError:
            return
        for fault in rest._contradictions():
            if not any(name.upper() in fault for name in malformed):
                yield fault


def _secret_files(environ: Mapping[str, str]) -> dict[str, str]:
    named = environ.get("SETTINGS_SECRETS_DIR")
    folder = Path(named or _SECRETS_DIR)
    if not folder.is_dir():
        if named:
            raise NotADirectoryError(20, "it is not a folder")
        return {}
    return {
        path.name.upper(): path.read_bytes()[:_MAX_SECRET_FILE_BYTES].decode("utf-8", "strict").rstrip("\r\n")
        for path in sorted(folder.iterdir())
        # Kubernetes keeps its bookkeeping in ..data beside the secrets.
        if path.is_file() and not path.name.startswith(".")
    }


def _unknown(cls: type[ServiceSettings], given: Mapping[str, str]) -> Iterator[str]:
    known = {name.upper() for name in cls.model_fields}
    for name in sorted(given.keys() - known):
        meant = misspelt_of(name, known)
        if name.startswith(cls.namespaces) or meant:
            yield f"{name} is not a setting of this service" + (f"; {meant} is." if meant else ".")


def _refuse(faults: list[str]) -> NoReturn:
    for fault in faults:
        sys.stderr.write(f"{fault}\n")
    sys.stderr.flush()
    raise SystemExit(EX_CONFIG)
