"""RESULTS.md: what was measured, on what machine, and whether the budgets hold."""

import datetime
import json
import os
import platform
import re
import subprocess

import bench

PATH = bench.HERE / "RESULTS.md"
STORE = bench.WORK / "results.json"

TITLES = {
    "csv": "CSV",
    "xlsx": "Workbook",
    "delivery": "Delivery without a rate",
    "unchanged": "Unchanged orders",
    "start": "Start-up",
    "rate": "Delivery at the API's rate",
}
# Figures of a command: the key, the head of its column, the format.
FIGURES = [
    ("runs", "runs", "{:.0f}"),
    ("wall_s", "time, s", "{:.3f}"),
    ("cpu_s", "CPU, s", "{:.3f}"),
    ("peak_mb", "peak memory, MB", "{:.0f}"),
    ("requests", "requests", "{:.0f}"),
]


def load(setup):
    """Returns the results of earlier runs."""
    return json.loads(STORE.read_text()) if STORE.exists() and not setup.is_quick else {}


def save(results):
    STORE.write_text(json.dumps(results, indent=1))


def not_measured(reason):
    return {"figures": [], "checks": [], "notes": [f"not measured: {reason}"]}


def stamped(found):
    """Adds the time, the version and the load of the machine."""
    version = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=bench.ROOT, capture_output=True, text=True)
    found["at"] = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    found["version"] = version.stdout.strip()
    found["load"] = os.getloadavg()[0]
    return found


def is_met(check):
    """Returns whether a budget holds; one that could not be measured does not count as exceeded."""
    _, value, limit, kind = check
    return value is None or (value <= limit if kind == "max" else value >= limit)


def check_cells(check):
    text, value, limit, kind = check
    measured = "not measured" if value is None else f"{value:.3g}"
    verdict = "–" if value is None else "met" if is_met(check) else "**exceeded**"
    return [text, f"{'at most' if kind == 'max' else 'at least'} {limit:.3g}", measured, verdict]


def table(head, lines):
    out = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(out + ["| " + " | ".join(line) + " |" for line in lines])


def section(name, found):
    """Returns the section of one benchmark."""
    parts = [f"## {TITLES[name]} (`{name}`)"]
    parts += [note[0].upper() + note[1:] + "." for note in found["notes"]]
    columns = [column for column in FIGURES if any(column[0] in line for line in found["figures"])]
    if columns:
        lines = [
            [line["name"], *(form.format(line[key]) if key in line else "" for key, _, form in columns)]
            for line in found["figures"]
        ]
        parts.append(table(["", *(head for _, head, _ in columns)], lines))
    if found["checks"]:
        parts.append(table(["budget", "limit", "measured", ""], [check_cells(check) for check in found["checks"]]))
    parts.append(f"Measured at {found['at']}, version {found['version']}, load {found['load']:.1f}.")
    return "\n\n".join(parts) + "\n"


def machine():
    """Describes the hardware and the versions that the figures depend on."""
    info = open("/proc/cpuinfo", encoding="utf-8").read()
    model = re.search(r"model name\s*: (.*)", info)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True).stdout.split()
    lines = [
        f"- {os.cpu_count()} cores ({model.group(1) if model else platform.machine()}), {memory:.0f} GB of memory",
        f"- Linux {platform.release().split('-')[0]}, rustc {rustc[1] if len(rustc) > 1 else 'unknown'}",
        f"- peers: {', '.join(versions())}",
    ]
    return "\n".join(lines)


def versions():
    found = [f"Python {platform.python_version()}"]
    python = bench.WORK / "venv" / "bin" / "python"
    frozen = subprocess.run([str(python), "-m", "pip", "freeze"], capture_output=True, text=True).stdout
    pinned = dict(line.split("==") for line in frozen.splitlines() if "==" in line)
    names = {name.lower().replace("_", "-"): version for name, version in pinned.items()}
    found += [f"{name} {names[name]}" for name in bench.PACKAGES if name in names]
    for name, flag in (("node", "--version"), ("nginx", "-v")):
        try:
            said = subprocess.run([bench.program(name), flag], capture_output=True, text=True)
        except bench.MissingTool:
            continue
        number = re.search(r"(\d+\.\d+[.\d]*)", said.stdout + said.stderr)
        found.append(f"{name} {number.group(1) if number else ''}".strip())
    return found


def write(results):
    """Writes RESULTS.md from the latest result of each benchmark."""
    names = [name for name in TITLES if name in results]
    checks = [check for name in names for check in results[name]["checks"]]
    parts = [
        "# Benchmark results",
        "Written by `tests/bench/run`. Each figure is the median of its runs; the commands of a benchmark take turns "
        "(A B A B) as whole processes, so the ratios depend less on the load of the machine than the times do. The "
        "peak memory of a process is never reported below that of the runner itself, about 40 MB.",
        machine(),
        "## Budgets",
        table(["budget", "limit", "measured", ""], [check_cells(check) for check in checks]),
        *(section(name, results[name]) for name in names),
    ]
    PATH.write_text("\n\n".join(part.rstrip() for part in parts) + "\n", encoding="utf-8")
    print(f"wrote {PATH}")
