"""The servers under measurement, each started alone, waited for, and ended."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PEER = ROOT / ".data" / "bench" / "peer"
START_SECONDS = 30
INSTALL_SECONDS = 300


def environment(**more: str) -> dict[str, str]:
    """As in production: without DEBUG, whose query log alone costs a good part of the speed."""
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "platform")]),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DEBUG": "false",
        "SECRET_KEY": "bench" * 12,
        "ENCRYPTION_KEYS": "bench" * 12,
        "ALLOWED_HOSTS": "127.0.0.1",
        "LOG_LEVEL": "WARNING",
        **more,
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def granian(threads: int = 16) -> Iterator[str]:
    port = free_port()
    argv = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--workers",
        "1",
        "--blocking-threads",
        str(threads),
    ]
    argv += ["--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error", "config.wsgi:application"]
    with running(argv, port, environment(DATABASE_KEEP_SECONDS="600")) as url:
        yield url


@contextmanager
def daphne() -> Iterator[str]:
    port = free_port()
    argv = [sys.executable, "-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p", str(port), "config.asgi:application"]
    with running(argv, port, environment(DATABASE_POOL_SIZE="12")) as url:
        yield url


@contextmanager
def express() -> Iterator[str]:
    port = free_port()
    with running(["node", "server.mjs"], port, environment(PORT=str(port), NODE_ENV="production"), cwd=PEER) as url:
        yield url


def install_peer() -> str:
    """Fetch the peer's packages; returns why there is no peer, or ""."""
    PEER.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "server.mjs"):
        shutil.copy(ROOT / "bench" / "peer" / name, PEER / name)
    return npm_install(PEER)


def npm_install(folder: Path) -> str:
    """Fetch what the package.json in `folder` names; returns what went wrong, or ""."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node and npm are not installed"
    return trouble_of(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], folder)


def trouble_of(installing: list[str], folder: Path) -> str:
    """What went wrong with this command, or ""."""
    try:
        done = subprocess.run(installing, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return f"not installed within {INSTALL_SECONDS} s"
    return "" if done.returncode == 0 else f"not installed: {done.stderr.strip()[-200:]}"


def node_version() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()


@contextmanager
def running(argv: list[str], port: int, env: dict[str, str], cwd: Path = ROOT) -> Iterator[str]:
    process = subprocess.Popen(argv, env=env, cwd=cwd)
    try:
        _wait_until_it_answers(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(process: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"{process.args[:4]} ended at once with code {process.returncode}.")
        try:
            caller = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            caller.request("GET", "/healthz")
            if caller.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{process.args[:4]} did not answer within {START_SECONDS} s.")
