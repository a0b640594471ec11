"""Secrets that are made up once and kept in files only their owner can read."""

import os
import secrets
from pathlib import Path


class Kept:
    """A folder of secrets, one per file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)

    def secret(self, name: str, *, size: int = 48) -> str:
        """The secret of that name, made up at first asking."""
        file = self.folder / name
        if not file.exists():
            self.put(name, secrets.token_urlsafe(size))
        return file.read_text(encoding="utf-8")

    def put(self, name: str, value: str) -> None:
        file = self.folder / name
        unfinished = self.folder / f".{name}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            opened.write(value)
        unfinished.replace(file)

    def folder_of(self, service: str) -> "Kept":
        """A service's own: it is given no other service's secrets."""
        return Kept(self.folder / service)
