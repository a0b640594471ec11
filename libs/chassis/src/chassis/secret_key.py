"""SECRET_KEY and those accepted beside it while it is changed."""

from collections.abc import Iterator

from pydantic import SecretStr

from chassis.settings_faults import weak_secret


def accepted(current: SecretStr | None, previous: SecretStr | None) -> tuple[bytes, ...]:
    """The one that makes, then those that only open and check, which are given separated by commas."""
    if current is None:
        return ()
    return tuple(secret.encode() for secret in (current.get_secret_value(), *_split(previous)))


def weak(current: SecretStr | None, previous: SecretStr | None) -> Iterator[str]:
    """A sentence for each that could be guessed."""
    named = [("SECRET_KEY", current.get_secret_value())] if current is not None else []
    for name, value in (*named, *(("SECRET_KEY_PREVIOUS", old) for old in _split(previous))):
        fault = weak_secret(name, value) if value else None
        if fault:
            yield fault


def _split(given: SecretStr | None) -> list[str]:
    parts = given.get_secret_value().split(",") if given is not None else []
    return [part.strip() for part in parts if part.strip()]
