"""`python -m gateway.check URL`: walks once through what a client does and says which steps work.

With the files `username` and `password` of an admin in --account it signs in, uses the token, refreshes it,
previews a redaction (--triage) and signs out; without them it checks only what needs no account. Every line
is `pass` or `fail` and a step. Exit status 0 when all pass, 1 at the first that does not.
"""

import argparse
import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

_SECONDS: Final = 15
_REVOKED_WITHIN_SECONDS: Final = 5.0
_MAIL: Final = "ada@example.org"
_LINE: Final = f"2026-01-01T00:00:00Z ERROR payment failed for {_MAIL}\n"


class _Failed(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def must(self, status: int) -> "_Answer":
        if self.status != status:
            raise _Failed(f"{status} was expected, the answer was {self.status}")
        return self


class _StaysHere(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the password elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class _Client:
    base_url: str

    def ask(
        self, method: str, path: str, *, token: str = "", body: bytes | None = None, kind: str = ""
    ) -> _Answer:
        headers: dict[str, str] = {}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if kind:
            headers["Content-Type"] = kind
        request = urllib.request.Request(  # noqa: S310  http and https only, see main
            self.base_url + path, data=body, headers=headers, method=method
        )
        try:
            with urllib.request.build_opener(_StaysHere).open(request, timeout=_SECONDS) as answer:
                return _Answer(answer.status, answer.read())
        except urllib.error.HTTPError as refused:
            return _Answer(refused.code, refused.read())
        except OSError as error:
            raise _Failed(f"no answer: {getattr(error, 'reason', error)}") from None


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m gateway.check", description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--account", type=Path, default=Path("/run/suite/account"))
    parser.add_argument("--triage", action="store_true", help="also preview a redaction")
    asked = parser.parse_args(arguments)
    if not asked.url.startswith(("http://", "https://")):
        parser.error("URL begins with http:// or https://")
    step = "start"
    try:
        for step in _steps(_Client(asked.url.rstrip("/")), asked.account, triage=asked.triage):
            sys.stdout.write(f"pass  {step}\n")
    except _Failed as wrong:
        sys.stdout.write(f"fail  after: {step}: {wrong}\n")
        return 1
    return 0


def _steps(client: _Client, account: Path, *, triage: bool) -> Iterator[str]:
    keys = client.ask("GET", "/.well-known/jwks.json").must(200).json()
    if not isinstance(keys.get("keys"), list):
        raise _Failed("there is no list of keys")
    yield "keys are published"
    client.ask("GET", "/protected").must(401)
    yield "no token, no entry"
    if not (account / "username").is_file():
        yield "no account was given (helmTest.existingSecret), so signing in was not tested"
        return
    pair = client.ask("POST", "/login", body=_form(_credentials(account)), kind=_FORM).must(200).json()
    yield "login"
    client.ask("GET", "/protected", token=pair["access_token"]).must(200)
    yield "a token lets in"
    body = json.dumps({"refresh_token": pair["refresh_token"]}).encode()
    pair = client.ask("POST", "/token/refresh", body=body, kind="application/json").must(200).json()
    yield "refresh"
    token = pair["access_token"]
    if triage:
        shown = client.ask("POST", "/triage/preview", token=token, body=_LINE.encode(), kind="text/plain")
        if _MAIL.encode() in shown.must(200).body:
            raise _Failed("the preview still shows an address that has to be redacted")
        yield "preview redacts"
    client.ask("POST", "/logout", token=token).must(204)
    ends = time.monotonic() + _REVOKED_WITHIN_SECONDS
    while client.ask("GET", "/protected", token=token).status != 401:  # noqa: PLR2004  what it has to become
        if time.monotonic() > ends:
            raise _Failed("the token still lets in after logout")
        time.sleep(0.1)
    yield "logout"


_FORM: Final = "application/x-www-form-urlencoded"


def _credentials(account: Path) -> Mapping[str, str]:
    return {
        name: (account / name).read_text(encoding="utf-8").rstrip("\r\n") for name in ("username", "password")
    }


def _form(fields: Mapping[str, str]) -> bytes:
    return urlencode(fields).encode()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
