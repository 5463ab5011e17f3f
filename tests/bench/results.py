"""RESULTS.md: what was measured, on what, and which goals are reached."""

import datetime
import json
import os
import platform
import re
import subprocess

import bench

PLACE = bench.HERE / "RESULTS.md"

TITLES = {
    "csv": "CSV to bodies",
    "xlsx": "Workbook to bodies",
    "scale": "Ten times the rows",
    "unthrottled": "Delivery without a pace",
    "pace": "Delivery at the API's pace",
    "unchanged": "Orders that are all unchanged",
    "start": "Start-up",
}
# Figures of a contender: the key, the head of its column, how it is written.
FIGURES = [
    ("runs", "runs", "{:.0f}"),
    ("wall_s", "time, s", "{:.3f}"),
    ("cpu_s", "CPU, s", "{:.3f}"),
    ("peak_mb", "peak memory, MB", "{:.0f}"),
    ("requests_per_s", "requests/s", "{:.0f}"),
]


def store():
    return bench.PLACE / "results.json"


def load(setting):
    """Returns the rows that were measured before."""
    return json.loads(store().read_text()) if store().exists() and not setting.is_quick else {}


def save(_setting, kept):
    store().write_text(json.dumps(kept, indent=1))


def missing(words):
    return {"contenders": [], "goals": [], "notes": [f"not measured: {words}"]}


def stamped(found):
    """Adds when and of which version a row was measured."""
    version = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=bench.ROOT, capture_output=True, text=True)
    found["at"] = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    found["version"] = version.stdout.strip()
    found["load"] = os.getloadavg()[0]
    return found


def is_reached(goal):
    _, value, limit, kind = goal
    return value is not None and (value <= limit if kind == "most" else value >= limit)


def goal_cells(goal):
    words, value, limit, kind = goal
    told = "not measured" if value is None else f"{value:.3g}"
    verdict = "–" if value is None else "reached" if is_reached(goal) else "**not reached**"
    return [words, f"at {kind} {limit:.3g}", told, verdict]


def table(head, lines):
    out = ["| " + " | ".join(head) + " |", "| " + " | ".join("---" for _ in head) + " |"]
    return "\n".join(out + ["| " + " | ".join(line) + " |" for line in lines])


def row_text(name, found):
    """Returns a row as a section."""
    parts = [f"## {TITLES[name]} (`{name}`)"]
    parts += [note[0].upper() + note[1:] + "." for note in found["notes"]]
    columns = [figure for figure in FIGURES if any(figure[0] in line for line in found["contenders"])]
    if columns:
        lines = [
            [line["name"], *(form.format(line[key]) if key in line else "" for key, _, form in columns)]
            for line in found["contenders"]
        ]
        parts.append(table(["", *(head for _, head, _ in columns)], lines))
    if found["goals"]:
        parts.append(table(["goal", "limit", "measured", ""], [goal_cells(goal) for goal in found["goals"]]))
    if "text" in found:
        parts.append("```\n" + found["text"] + "\n```")
    parts.append(f"Measured at {found['at']}, version {found['version']}, load {found['load']:.1f}.")
    return "\n\n".join(parts) + "\n"


def machine():
    """Returns what the figures depend on; nothing that names this machine."""
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
    python = bench.PLACE / "venv" / "bin" / "python"
    frozen = subprocess.run([str(python), "-m", "pip", "freeze"], capture_output=True, text=True).stdout
    pinned = dict(line.split("==") for line in frozen.splitlines() if "==" in line)
    names = {name.lower().replace("_", "-"): number for name, number in pinned.items()}
    found += [f"{name} {names[name]}" for name in bench.PACKAGES if name in names]
    for name, flag in (("node", "--version"), ("nginx", "-v"), ("wrk", "-v")):
        try:
            said = subprocess.run([bench.tool(name), flag], capture_output=True, text=True)
            number = re.search(r"(\d+\.\d+[.\d]*)", said.stdout + said.stderr)
            found.append(f"{name} {number.group(1) if number else ''}".strip())
        except bench.Missing:
            pass
    return found


def write(kept):
    """Writes the file anew, from all rows that were ever measured."""
    names = [name for name in TITLES if name in kept]
    goals = [goal for name in names for goal in kept[name]["goals"]]
    parts = [
        "# What was measured",
        "Made by `tests/bench/run`, which says how. Each figure is the median of its runs; contenders take turns, A B A "
        "B, as whole processes. Times depend on whatever else the machine does; the ratios less so, as all meet the "
        "same. A process that needs less memory than the runner itself, some 40 MB, shows as much as that.",
        machine(),
        "## Goals",
        table(["goal", "limit", "measured", ""], [goal_cells(goal) for goal in goals]),
        *(row_text(name, kept[name]) for name in names),
    ]
    PLACE.write_text("\n\n".join(part.rstrip() for part in parts) + "\n", encoding="utf-8")
