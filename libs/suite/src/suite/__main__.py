"""`make run`: everything on this machine, until Ctrl-C."""

import argparse
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from suite import lock, places, plan
from suite.banner import banner
from suite.children import ChildFailed
from suite.follow import follow
from suite.lock import AlreadyRuns
from suite.postgres import PostgresNotStarted
from suite.run import Suite
from suite.valkey import ValkeyNotStarted

EPILOG = """settings (from the environment; every setting of the services passes through):
  GATEWAY_PORT             the API's port; 8000
  GATEWAY_INTERNAL_PORT    probes and metrics; the one above GATEWAY_PORT
  DEMO_USERNAME            the admin's name; demo
  DEMO_PASSWORD            their password; made up once and kept when not given
  OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL
                           a model for triage; without one, summaries are extractive
  TRIAGE_LOG_FILE          your own log instead of the sample
  RATE_LIMIT_ENABLED=false no limits and no sign-in throttle, for load tests
  BCRYPT_ROUNDS            the cost of a password

data, secrets and logs are kept in .run/ of the checkout; `make clean` removes them."""


class Interrupted(Exception):
    """Somebody asked to stop while the suite was starting."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make run ARGS=...",
        description="Starts PostgreSQL, Valkey, the three services and a sample upstream on this machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--verbose", action="store_true", help="also show the logs of the services")
    parser.add_argument(
        "--folder", type=Path, default=places.RUN_DIR, help="where data, secrets and logs are kept; .run"
    )
    parser.add_argument("--exit-when-ready", action="store_true", help="start, tell the addresses, stop")
    return parser.parse_args()


@contextmanager
def step(what: str) -> Iterator[None]:
    began = time.monotonic()
    say(f"  {what:<12}", end="")
    try:
        yield
    except BaseException:
        say("")
        raise
    say(f"{time.monotonic() - began:5.1f} s")


def say(text: str, *, end: str = "\n") -> None:
    sys.stdout.write(f"{text}{end}")
    sys.stdout.flush()


def refuse_taken(ports: plan.Ports, host: str) -> None:
    for name, port in (("GATEWAY_PORT", ports.public), ("GATEWAY_INTERNAL_PORT", ports.internal)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as refused:
                raise ValueError(
                    f"Port {port} cannot be used ({refused.strerror}): choose another, "
                    f"for example `make run {name}={port + 100}`."
                ) from None


def watch(suite: Suite, stop: threading.Event) -> int:
    """Returns at a signal, or when something of it is lost."""
    while not stop.wait(0.2):
        if (loss := suite.loss()) is not None:
            sys.stderr.write(f"\n{loss}\n")
            return 1
    return 0


def main() -> int:
    options = arguments()
    stop, starting = threading.Event(), True

    def told(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        if starting:
            raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, told)
    try:
        with lock.held(options.folder / "lock"):
            ports = plan.ports(os.environ)
            refuse_taken(ports, os.environ.get("GATEWAY_HOST", "127.0.0.1"))
            suite = Suite(options.folder, ports=ports, env=os.environ, durable=True, step=step)
            began = time.monotonic()
            say("Starting")
            with suite, follow(suite.logs, shown=options.verbose):
                starting = False
                say(banner(suite))
                say(f"Ready in {time.monotonic() - began:.1f} s.")
                status = 0 if options.exit_when_ready else watch(suite, stop)
                say("Stopping")
            return status
    except Interrupted:
        say("Stopped before everything was up.")
        return 130
    except (AlreadyRuns, ChildFailed, PostgresNotStarted, ValkeyNotStarted, ValueError) as known:
        sys.stderr.write(f"{known}\n")
    except BrokenPipeError:
        # Nobody listens any more: `make run | head`. What was started is stopped by now.
        sys.stdout = None
    except PermissionError as refused:
        sys.stderr.write(f"{refused.filename} belongs to somebody else: remove it, or be its owner.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
