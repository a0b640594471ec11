import os
import signal
import subprocess
import sys
import time
from textwrap import dedent

SERVICE = dedent("""
    import asyncio, sys
    from chassis import lifecycle

    async def build(stack, readiness):
        stack.callback(lambda: print("closed first opened", flush=True))
        stack.callback(lambda: print("closed last opened", flush=True))
        readiness.on_change(lambda ready: print("ready" if ready else "unready", flush=True))
        {extra}

    lifecycle.run(build, delay={delay})
""")


def start(extra: str = "pass", delay: float = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVICE.format(extra=extra, delay=delay)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def until(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdout is not None
    for said in process.stdout:
        if said.strip() == line:
            return
    raise AssertionError(f"ended without saying {line!r}")


def test_told_to_stop_it_turns_unready_and_closes_in_reverse() -> None:
    process = start()
    until(process, "ready")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 0, err
    assert out.split("\n")[:3] == ["unready", "closed last opened", "closed first opened"]


def test_it_goes_on_serving_between_unready_and_closing() -> None:
    process = start(delay=0.3)
    until(process, "ready")
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    until(process, "closed last opened")
    assert time.monotonic() - began >= 0.3
    process.communicate(timeout=10)


def test_a_second_signal_cuts_the_waiting_short() -> None:
    process = start(delay=60)
    until(process, "ready")
    process.send_signal(signal.SIGINT)
    until(process, "unready")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_a_task_that_dies_takes_the_service_with_it() -> None:
    process = start(extra='lifecycle.spawn(stack, asyncio.wait_for(asyncio.Event().wait(), 0.05), "doomed")')
    out, _ = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "closed first opened" in out
