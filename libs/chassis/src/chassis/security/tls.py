"""Mutual TLS between services, from files that may be replaced while we run."""

from dataclasses import dataclass
from pathlib import Path

import grpc


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files; all three, since both ends prove who they are."""

    cert: Path
    key: Path
    ca: Path

    def stamp(self) -> tuple[tuple[int, int], ...]:
        """Changes when a file does. Kubernetes swaps a symlink, so inode and time, not the path."""
        return tuple(
            (s.st_ino, s.st_mtime_ns) for s in (path.stat() for path in (self.cert, self.key, self.ca))
        )


def tls_files(cert: Path | None, key: Path | None, ca: Path | None) -> TlsFiles | None:
    """The three together, or None for plaintext (settings refuse anything between)."""
    if cert is None or key is None or ca is None:
        return None
    return TlsFiles(cert, key, ca)


def server_credentials(files: TlsFiles | None) -> grpc.ServerCredentials | None:
    """Credentials that demand a client certificate of our CA; None for plaintext.

    gRPC asks at every handshake, so a rotated certificate serves the next
    connection; one that cannot be read leaves the last good one in place.
    """
    if files is None:
        return None
    return grpc.dynamic_ssl_server_credentials(
        _configuration(files), _Reload(files), require_client_authentication=True
    )


def channel_credentials(files: TlsFiles) -> grpc.ChannelCredentials:
    """Credentials with our own client certificate, as read now.

    A channel keeps what it was made with; `chassis.grpc.rotating` makes a new
    one when the files change.
    """
    return grpc.ssl_channel_credentials(
        root_certificates=files.ca.read_bytes(),
        private_key=files.key.read_bytes(),
        certificate_chain=files.cert.read_bytes(),
    )


def _configuration(files: TlsFiles) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration(
        [(files.key.read_bytes(), files.cert.read_bytes())], root_certificates=files.ca.read_bytes()
    )


class _Reload:
    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._stamp = files.stamp()
        self._last_good = _configuration(files)

    def __call__(self) -> grpc.ServerCertificateConfiguration:
        try:
            stamp = self._files.stamp()
            if stamp != self._stamp:
                self._last_good, self._stamp = _configuration(self._files), stamp
        except OSError:
            # Half-written: the handshake after next sees it whole.
            pass
        return self._last_good
