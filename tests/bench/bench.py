"""The machine a benchmark runs on: inputs, tools, and the measurement of whole processes, one at a time."""

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
WORK = ROOT / "target" / "bench"
PACKAGES = ["polars", "aiohttp", "xlsxwriter"]


class MissingTool(Exception):
    """A program or package that a benchmark needs is not installed."""


@dataclass
class Command:
    """A command to measure."""

    name: str
    argv: list
    max_rounds: int = 99
    # Called before each run, outside of the measurement.
    before: object = None
    # Called after each run; returns further figures.
    after: object = None
    output: str = os.devnull
    # Exit codes that count as success.
    codes: tuple = (0,)


@dataclass
class Samples:
    """What the runs of one command took."""

    name: str
    wall: list = field(default_factory=list)
    cpu: list = field(default_factory=list)
    memory: list = field(default_factory=list)
    extra: list = field(default_factory=list)

    def medians(self):
        medians = {
            "name": self.name,
            "runs": len(self.wall),
            "wall_s": statistics.median(self.wall),
            "cpu_s": statistics.median(self.cpu),
            "peak_mb": statistics.median(self.memory),
        }
        for key in self.extra[0] if self.extra else ():
            medians[key] = statistics.median(extra[key] for extra in self.extra)
        return medians


class Setup:
    """The inputs, the tools and the amount of work of a benchmark run."""

    def __init__(self, is_quick, rounds):
        self.is_quick = is_quick
        self.rounds = rounds
        self.python = str(WORK / "venv" / "bin" / "python")
        self.scoreload = str(ROOT / "target" / "release" / "scoreload")

    def prepare(self):
        """Builds Scoreload and installs the Python packages of the peers."""
        WORK.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
        if not pathlib.Path(self.python).exists():
            subprocess.run([sys.executable, "-m", "venv", str(WORK / "venv")], check=True)
        pip = [self.python, "-m", "pip", "--disable-pip-version-check"]
        if subprocess.run([*pip, "show", "-q", *PACKAGES], capture_output=True).returncode:
            subprocess.run([*pip, "install", "-q", *PACKAGES], check=False)

    def orders(self, count):
        """Returns the number of orders to use where a full run uses `count`."""
        return count // 10 if self.is_quick else count

    def input(self, kind, orders):
        """Returns the path of a generated input, created if needed and read once so that it is in the page cache."""
        maker = HERE / "inputs.py"
        path = WORK / f"{orders}-orders-{kind}.{'xlsx' if kind == 'xlsx' else 'csv'}"
        if not path.exists() or path.stat().st_mtime < maker.stat().st_mtime:
            part = path.with_name("part-" + path.name)
            python = self.python_with("xlsxwriter") if kind == "xlsx" else sys.executable
            subprocess.run([python, str(maker), kind, str(orders), str(part)], check=True)
            part.replace(path)
        with open(path, "rb") as file:
            while file.read(1 << 20):
                pass
        return str(path)

    def python_with(self, package):
        """Returns a Python interpreter that has a package."""
        show = [self.python, "-m", "pip", "--disable-pip-version-check", "show", "-q", package]
        if subprocess.run(show, capture_output=True).returncode:
            raise MissingTool(f"the Python package {package} is not installed")
        return self.python

    def peer(self, package, script, *arguments):
        """Returns the argv of a peer script in Python."""
        return [self.python_with(package), str(HERE / "peers" / script), *map(str, arguments)]

    def empty_directory(self, name):
        path = WORK / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path


def program(name):
    """Returns the path of a program."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if not found:
        raise MissingTool(f"{name} is not installed")
    return found


def environment():
    """Returns an environment without the user's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
    home = str(WORK / "home")
    return kept | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": home,
        "XDG_STATE_HOME": home + "/state",
        "XDG_CONFIG_HOME": home + "/config",
        "SCORELOAD_CLIENT_ID": "bench",
        "SCORELOAD_CLIENT_SECRET": "bench",
    }


def measure(setup, commands):
    """Runs the commands in turn, A B A B, and returns the medians of each."""
    samples = [Samples(command.name) for command in commands]
    for number in range(setup.rounds):
        for command, found in zip(commands, samples):
            if number < command.max_rounds:
                run_once(command, found)
    return [found.medians() for found in samples]


def run_once(command, samples):
    if command.before:
        command.before()
    directory = WORK / "cwd"
    directory.mkdir(exist_ok=True)
    with open(command.output, "wb") as output, open(WORK / "stderr.txt", "wb") as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command.argv, cwd=directory, env=environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.codes:
        text = (WORK / "stderr.txt").read_text(errors="replace")[-2000:]
        raise SystemExit(f"{command.name} exited with {process.returncode}:\n{text}")
    samples.wall.append(wall)
    samples.cpu.append(usage.ru_utime + usage.ru_stime)
    samples.memory.append(usage.ru_maxrss / 1024)
    if command.after:
        samples.extra.append(command.after())
    print(f"  {command.name}: {wall:.3f} s, {samples.cpu[-1]:.3f} s of CPU, {samples.memory[-1]:.0f} MB", flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server that runs for the length of a `with` block."""

    def __init__(self, argv, port):
        self.argv = argv
        self.port = port
        self.base = f"http://127.0.0.1:{port}"

    def __enter__(self):
        with open(WORK / "server.txt", "wb") as log:
            self.process = subprocess.Popen(
                self.argv, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise SystemExit(f"{self.argv[0]} does not listen:\n{(WORK / 'server.txt').read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def nginx():
    """Returns nginx as an API that answers 204 to every update and gives everybody a token."""
    path, port = program("nginx"), free_port()
    directory = WORK / "nginx"
    directory.mkdir(exist_ok=True)
    text = (HERE / "peers" / "nginx.conf").read_text().replace("PLACE", str(directory)).replace("PORT", str(port))
    (directory / "nginx.conf").write_text(text)
    return Server([path, "-e", str(directory / "error.log"), "-c", str(directory / "nginx.conf")], port)
