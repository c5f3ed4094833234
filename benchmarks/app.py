"""How quick the app is while it trains: a real server, asked over the network.

``make bench-app``, or ``python benchmarks/app.py [--quick] [--json]``. The server is started as a
person starts it, with a home of its own; tabs are websockets that speak as Streamlit's page does,
so that no browser takes processor time away from what is measured. Idle and training phases
alternate, because machines drift, and what counts is their ratio.
"""

import os

# Before torch is imported; also for the training without a server, which is compared.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import argparse
import http.client
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tjepa.pretraining import PretrainingConfig, preset
from tjepa.progress import finish
from tjepa.workbench import Workbench

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "assets" / "demo"
ROWS = 20_000
MAP_ROWS = 5_000
PULSE_SECONDS = 0.02
PAUSE_SECONDS = 0.3
"""Between two reruns of a page, as nobody clicks faster."""
MINUTE = 60.0
SPEED_SECONDS = 6.0
PATIENCE = 300.0

RERUN_TARGET, LAG_TARGET_MS, MAP_TARGET = 2.0, 50.0, 1.5


def main() -> None:
    arguments = _arguments()
    quick: bool = arguments.quick
    with tempfile.TemporaryDirectory() as home:
        bench = Workbench(Path(home))
        maps = [] if quick else [_finished_run(bench, seed) for seed in range(4)]
        with server(Path(home)) as app:
            result: dict[str, Any] = {"start_s": round(app.start_seconds, 1)}
            if not quick:
                result["umap"] = first_and_warm_maps(app, bench, maps)
            result |= idle_and_training(
                app, bench, rounds=1 if quick else 5, reruns=8 if quick else 15
            )
    print(json.dumps(result, indent=2) if arguments.json else _table(result))


# The server and a tab on it


@dataclass(frozen=True)
class App:
    """A running server on `port`; it answered `start_seconds` after it was started, at
    `started` of the monotonic clock."""

    port: int
    started: float
    start_seconds: float


@contextmanager
def server(home: Path) -> Iterator[App]:
    """`streamlit run app.py` with its runs in `home`, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    environment = {**os.environ, "TJEPA_HOME": str(home)}
    # What app.py sets by itself is left to it.
    for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY"):
        environment.pop(name)
    log = home / "server.log"
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while not _answers(port):
                if process.poll() is not None or time.monotonic() - started > PATIENCE:
                    raise SystemExit(f"the server did not start:\n{log.read_text()[-4000:]}")
                time.sleep(0.05)
            yield App(port, started, time.monotonic() - started)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().read() == b"ok"
    except OSError:
        return False
    finally:
        connection.close()


class Tab:
    """One tab on a page: it keeps what Streamlit's own page keeps, and polls where that would."""

    def __init__(self, app: App, page: str, **params: str) -> None:
        self._open = ExitStack()
        self._socket = self._open.enter_context(
            connect(
                f"ws://127.0.0.1:{app.port}/_stcore/stream",
                subprotocols=[Subprotocol("streamlit")],
                max_size=None,
            )
        )
        self._page, self._hash = page, ""
        self._query = "&".join(f"{name}={value}" for name, value in params.items())
        self._cached: set[str] = set()
        self._buttons: dict[str, str] = {}
        self._due: dict[str, tuple[float, float]] = {}
        self.rerun()

    def __enter__(self) -> "Tab":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def rerun(self, pressed: str | None = None) -> float:
        """Run the page once more; seconds until it says that it has finished.

        Raises
        ------
        KeyError
            When there is no button of that label.
        """
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.page_script_hash = self._query, self._hash
        state.page_name = "" if self._hash else self._page
        state.cached_message_hashes.extend(self._cached)
        if pressed is not None:
            state.widget_states.widgets.add(id=self._buttons[pressed], trigger_value=True)
        self._due.clear()
        started = time.perf_counter()
        self._socket.send(message.SerializeToString())
        while not self._receive(PATIENCE):
            pass
        return time.perf_counter() - started

    def stay(self, seconds: float) -> None:
        """Look at the page for a while: its fragments run when they are due."""
        until = time.monotonic() + seconds
        while (now := time.monotonic()) < until:
            for fragment, (interval, due) in list(self._due.items()):
                if due <= now:
                    self._due[fragment] = (interval, now + interval)
                    message = BackMsg()
                    state = message.rerun_script
                    state.query_string, state.page_script_hash = self._query, self._hash
                    state.fragment_id, state.is_auto_rerun = fragment, True
                    state.cached_message_hashes.extend(self._cached)
                    self._socket.send(message.SerializeToString())
            earliest = min((due for _, due in self._due.values()), default=until)
            self._receive(max(0.0, min(until, earliest) - time.monotonic()))

    def _receive(self, timeout: float) -> bool:
        """Take one message in; whether it says that the whole page has finished."""
        try:
            message = ForwardMsg.FromString(self._socket.recv(timeout))
        except TimeoutError:
            if timeout == PATIENCE:
                raise
            return False
        if message.metadata.cacheable:
            self._cached.add(message.hash)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "auto_rerun":
            interval = message.auto_rerun.interval
            self._due[message.auto_rerun.fragment_id] = (interval, time.monotonic() + interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._due.pop(fragment, None)
        elif kind == "delta":
            element = message.delta.new_element
            if element.WhichOneof("type") == "button":
                self._buttons[element.button.label] = element.button.id
        return kind == "script_finished" and message.script_finished == (
            ForwardMsg.FINISHED_SUCCESSFULLY
        )


class Pulse:
    """Asks the event loop for a sign of life every 20 ms, on a thread of its own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.milliseconds: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(PULSE_SECONDS):
            started = time.perf_counter()
            # A new connection each time: on an old one TCP holds half of an answer back for 40 ms.
            if _answers(self._port):
                self.milliseconds.append(1_000 * (time.perf_counter() - started))


# What is measured


@dataclass
class Phase:
    """What was seen while the server was idle, or while it trained."""

    reruns: dict[str, list[float]] = field(default_factory=dict)
    lags: list[float] = field(default_factory=list)

    def look(self, app: App, pages: dict[str, tuple[str, dict[str, str]]], reruns: int) -> None:
        """One visit to every page, as one person: so many reruns, each after a pause."""
        with Pulse(app.port) as pulse:
            for name, (page, params) in pages.items():
                with Tab(app, page, **params) as tab:
                    for _ in range(reruns):
                        tab.stay(PAUSE_SECONDS)
                        self.reruns.setdefault(name, []).append(1_000 * tab.rerun())
        self.lags += pulse.milliseconds

    def summary(self) -> dict[str, Any]:
        return {
            "rerun_ms": {name: _spread(times) for name, times in self.reruns.items()},
            "lag_ms": _spread(self.lags),
        }


def idle_and_training(app: App, bench: Workbench, *, rounds: int, reruns: int) -> dict[str, Any]:
    """Reruns, lags and training speeds; every round looks at an idle server, then at one that
    trains, and then trains without a server."""
    table = bench.open_table(_csv(ROWS), name="benchmark.csv")
    config = replace(preset("balanced", ROWS), epochs=100_000)
    example = next(path.name for path in (DEMO / "runs").iterdir() if path.is_dir())
    pages = {
        "data": ("data", {"table": table}),
        "settings": ("pretrain", {"table": table}),
        "run": ("pretrain", {"run": example}),
        "embeddings": ("embeddings", {"run": example}),
    }
    idle, training = Phase(), Phase()
    speeds: dict[str, list[float]] = {"alone": [], "unwatched": [], "watched": []}
    _until_a_minute_old(app)
    Phase().look(app, pages, 1)
    for _ in range(rounds):
        idle.look(app, pages, reruns)
        with training_run(app, bench, _waiting_run(bench, table, config)) as run:
            training.look(app, pages | {"run": ("pretrain", {"run": run})}, reruns)
            speeds["unwatched"].append(_rows_per_second(bench, run, time.sleep))
            with Tab(app, "pretrain", run=run) as tab:
                speeds["watched"].append(_rows_per_second(bench, run, tab.stay))
        speeds["alone"].append(_alone(bench, _waiting_run(bench, table, config)))
    ratios = {name: _median(training.reruns[name]) / _median(idle.reruns[name]) for name in pages}
    return {
        "idle": idle.summary(),
        "training": training.summary(),
        "rerun_ratio": {name: round(ratio, 2) for name, ratio in ratios.items()},
        "rows_per_s": {name: round(_median(values)) for name, values in speeds.items()},
    }


@contextmanager
def training_run(app: App, bench: Workbench, run: str) -> Iterator[str]:
    """The server trains `run` until the end of the block."""
    with Tab(app, "pretrain", run=run) as tab:
        tab.rerun("Resume")
        _until(lambda: len(bench.metrics(run)) > 1, tab.stay)
    yield run
    with Tab(app, "pretrain", run=run) as tab:
        tab.rerun("Cancel")
        _until(lambda: bench.run(run).state == "cancelled", tab.stay)


def first_and_warm_maps(app: App, bench: Workbench, runs: list[str]) -> dict[str, float]:
    """The first UMAP that the Embeddings page asks for a minute after the start, and later ones."""
    _until_a_minute_old(app)
    seconds = [_seconds_of_map(app, bench, run) for run in runs]
    first, warm = seconds[0], _median(seconds[1:])
    return {
        "first_s": round(first, 2),
        "warm_s": round(warm, 2),
        "ratio": round(first / warm, 2),
    }


def _seconds_of_map(app: App, bench: Workbench, run: str) -> float:
    """Of the UMAP of the embedding alone: from when the PCA maps, made before it, are there."""
    with Tab(app, "embeddings", run=run) as tab:
        _until(lambda: bench.projection(run, "raw", "pca") is not None, tab.stay)
        started = time.perf_counter()
        _until(lambda: bench.projection(run, "tjepa", "umap") is not None, tab.stay)
        seconds = time.perf_counter() - started
        _until(lambda: bench.agreement(run) is not None, tab.stay)
    return seconds


def _alone(bench: Workbench, run: str) -> float:
    """Rows per second of the same training in this process, while the server has nothing to do."""
    with closing(bench.pretrain(run)) as work:

        def for_seconds(seconds: float) -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                next(work)

        return _rows_per_second(bench, run, for_seconds)


def _waiting_run(bench: Workbench, table: str, config: PretrainingConfig) -> str:
    """A run that a person may resume: this process, which made it, has nothing to do with it."""
    run = bench.create_run(table, bench.schema(table), config)
    bench.store.update_run(run, state="cancelled", pid=None)
    return run


def _rows_per_second(bench: Workbench, run: str, wait: Callable[[float], None]) -> float:
    """Of the training of `run`, between two moments when whole epochs were written down."""

    def next_epochs() -> tuple[int, float]:
        before = len(bench.metrics(run))
        _until(lambda: len(bench.metrics(run)) > before, wait)
        return len(bench.metrics(run)), time.perf_counter()

    first, started = next_epochs()
    while True:
        last, now = next_epochs()
        if now - started > SPEED_SECONDS:
            return (last - first) * bench.run(run).rows["train"] / (now - started)


def _finished_run(bench: Workbench, seed: int) -> str:
    """A run without any analysis."""
    table = bench.open_table(_csv(MAP_ROWS), name="maps.csv")
    run = bench.create_run(
        table, bench.schema(table), replace(preset("quick", MAP_ROWS), epochs=1, seed=seed)
    )
    finish(bench.pretrain(run))
    return run


def _csv(rows: int) -> bytes:
    """A mixed table of 14 columns, 6 numeric and 8 categorical, that depend on each other."""
    random = np.random.default_rng(0)
    hidden = random.normal(size=(rows, 3))
    numbers = hidden @ random.normal(size=(3, 6)) + random.normal(size=(rows, 6))
    levels = (hidden @ random.normal(size=(3, 8))).round().clip(-3, 3).astype(int)
    columns = {f"n{j}": numbers[:, j].round(4) for j in range(6)}
    columns |= {f"c{j}": np.array(list("abcdefg"))[levels[:, j] + 3] for j in range(8)}
    return pd.DataFrame(columns).to_csv(index=False).encode()


def _until(condition: Callable[[], bool], wait: Callable[[float], None]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {PATIENCE:g} seconds in vain; see the server's log")
        wait(0.02)


def _until_a_minute_old(app: App) -> None:
    time.sleep(max(0.0, app.started + MINUTE - time.monotonic()))


def _median(values: list[float]) -> float:
    return float(np.median(values))


def _spread(values: list[float]) -> dict[str, float]:
    points = {"median": 50, "p95": 95, "p99": 99, "max": 100}
    return {name: round(float(np.percentile(values, p)), 1) for name, p in points.items()}


def _table(result: dict[str, Any]) -> str:
    lines = [f"the server answers after {result['start_s']} s", ""]
    lines.append(
        f"{'milliseconds':12} {'idle':>8} {'p95':>8} {'training':>9} {'p95':>8} {'ratio':>6}"
    )
    idle, training = result["idle"], result["training"]
    for name, ratio in result["rerun_ratio"].items():
        one, other = idle["rerun_ms"][name], training["rerun_ms"][name]
        lines.append(
            f"{name:12} {one['median']:8.1f} {one['p95']:8.1f} {other['median']:9.1f} "
            f"{other['p95']:8.1f} {ratio:6.2f}  (target: at most {RERUN_TARGET:g})"
        )
    for name, phase in (("idle", idle), ("training", training)):
        lag = ", ".join(f"{key} {value:.1f}" for key, value in phase["lag_ms"].items())
        lines.append(f"event loop, {name}: {lag} ms (target: under {LAG_TARGET_MS:g})")
    speeds = ", ".join(f"{name} {value:,}" for name, value in result["rows_per_s"].items())
    lines.append(f"training, rows per second: {speeds}")
    if "umap" in result:
        first, warm, ratio = result["umap"].values()
        lines.append(
            f"UMAP: first {first} s, warm {warm} s, ratio {ratio} (target: at most {MAP_TARGET:g})"
        )
    return "\n".join(lines)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="one round, no maps: about two minutes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
