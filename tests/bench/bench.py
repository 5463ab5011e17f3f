"""Where a run of the benchmarks takes place, and how processes are measured: whole, one after the other, in turn."""

import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PLACE = ROOT / "target" / "bench"
PACKAGES = ["polars", "duckdb", "openpyxl", "python-calamine", "fastexcel", "aiohttp", "xlsxwriter"]


class Missing(Exception):
    """Something that a row needs is not on this machine."""


@dataclass
class Contender:
    """A command that is measured."""

    name: str
    command: list
    # How often it is run at most: slow ones need not be run as often.
    most_rounds: int = 99
    # Called before each run, outside of the measurement.
    before: object = None
    # Called after each run; returns figures of its own.
    after: object = None
    output: str = os.devnull
    codes: tuple = (0,)


@dataclass
class Measured:
    """What the runs of a contender came to."""

    name: str
    wall: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    memory: list = field(default_factory=list)
    own: list = field(default_factory=list)

    def figures(self):
        """Returns the medians, as RESULTS.md keeps them."""
        figures = {
            "name": self.name,
            "runs": len(self.wall),
            "wall_s": statistics.median(self.wall),
            "cpu_s": statistics.median(self.cpu),
            "peak_mb": statistics.median(self.memory),
        }
        for key in self.own[0] if self.own else ():
            figures[key] = statistics.median(figure[key] for figure in self.own)
        return figures


class Setting:
    """The inputs, the tools and the size of a run."""

    def __init__(self, is_quick, rounds):
        self.is_quick = is_quick
        self.rounds = rounds
        self.python = str(PLACE / "venv" / "bin" / "python")
        self.scoreload = str(ROOT / "target" / "release" / "scoreload")

    def prepare(self):
        """Builds what is measured, and sets up what it is measured with."""
        PLACE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
        if not pathlib.Path(self.python).exists():
            subprocess.run([sys.executable, "-m", "venv", str(PLACE / "venv")], check=True)
        pip = [self.python, "-m", "pip", "--disable-pip-version-check"]
        if subprocess.run([*pip, "show", "-q", *PACKAGES], capture_output=True).returncode:
            subprocess.run([*pip, "install", "-q", *PACKAGES], check=False)

    def orders(self, whole):
        """Returns how many orders a row has that measures so many as a rule."""
        return whole // 10 if self.is_quick else whole

    def input(self, kind, orders):
        """Returns an input of so many orders; it is made where it is not there yet, and read once so that it is warm."""
        maker = HERE / "inputs.py"
        path = PLACE / f"{orders}-orders.{kind}"
        if not path.exists() or path.stat().st_mtime < maker.stat().st_mtime:
            making = path.with_suffix(".part." + kind)
            python = self.with_package("xlsxwriter") if kind == "xlsx" else sys.executable
            subprocess.run([python, str(maker), kind, str(orders), str(making)], check=True)
            making.replace(path)
        with open(path, "rb") as file:
            while file.read(1 << 20):
                pass
        return str(path)

    def with_package(self, name):
        """Returns the Python that has a package."""
        show = [self.python, "-m", "pip", "--disable-pip-version-check", "show", "-q", name]
        if subprocess.run(show, capture_output=True).returncode:
            raise Missing(f"the Python package {name} could not be installed")
        return self.python

    def peer(self, package, script, *arguments):
        """Returns the command of a peer that is written in Python."""
        return [self.with_package(package), str(HERE / "peers" / script), *map(str, arguments)]

    def fresh(self, name):
        """Returns an empty directory of this name."""
        path = PLACE / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path


def tool(name):
    """Returns the path of a program."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise Missing(f"{name} is not installed")
    return found


def environment():
    """Returns an environment in which nothing of the user's own counts."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
    home = str(PLACE / "home")
    return kept | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": home,
        "XDG_STATE_HOME": home + "/state",
        "XDG_CONFIG_HOME": home + "/config",
        "SCORELOAD_CLIENT_ID": "bench",
        "SCORELOAD_CLIENT_SECRET": "bench",
    }


def measure(setting, contenders):
    """Runs contenders in turn, A B A B, and returns the figures of each."""
    found = [Measured(contender.name) for contender in contenders]
    for number in range(setting.rounds):
        for contender, measured in zip(contenders, found):
            if number < contender.most_rounds:
                run_once(contender, measured)
    return [measured.figures() for measured in found]


def run_once(contender, measured):
    if contender.before:
        contender.before()
    work = PLACE / "work"
    work.mkdir(exist_ok=True)
    with open(contender.output, "wb") as output, open(PLACE / "stderr.txt", "wb") as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            contender.command, cwd=work, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in contender.codes:
        words = (PLACE / "stderr.txt").read_text(errors="replace")[-2000:]
        raise SystemExit(f"{contender.name} ended with {process.returncode}:\n{words}")
    measured.wall.append(wall)
    measured.cpu.append(usage.ru_utime + usage.ru_stime)
    measured.memory.append(usage.ru_maxrss / 1024)
    if contender.after:
        measured.own.append(contender.after())
    print(f"  {contender.name}: {wall:.3f} s, {measured.cpu[-1]:.3f} s of CPU, {measured.memory[-1]:.0f} MB", flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server that lives as long as a `with`."""

    def __init__(self, command, port):
        self.command = command
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def __enter__(self):
        with open(PLACE / "server.txt", "wb") as log:
            self.process = subprocess.Popen(
                self.command, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        until = time.monotonic() + 10
        while time.monotonic() < until and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise SystemExit(f"{self.command[0]} does not listen:\n{(PLACE / 'server.txt').read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def nginx():
    """Returns nginx as a gateway that takes everything: 204 for an update, a token for whoever asks."""
    program, port = tool("nginx"), free_port()
    place = PLACE / "nginx"
    place.mkdir(exist_ok=True)
    text = (HERE / "peers" / "nginx.conf").read_text().replace("PLACE", str(place)).replace("PORT", str(port))
    (place / "nginx.conf").write_text(text)
    return Server([program, "-e", str(place / "error.log"), "-c", str(place / "nginx.conf")], port)
