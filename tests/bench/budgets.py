"""The performance budgets: for each, the commands that are compared and the limits that must hold.

A benchmark returns {"figures": [medians], "checks": [(text, value, limit, "max" | "min")], "notes": [text]}.
"""

import json
import os
import subprocess
import sys
import urllib.request

import bench
from bench import ROOT, WORK, Command, MissingTool, measure

CONCURRENCY = 32
RATE = "3/s,180/m"


def result(figures, checks, *notes):
    return {"figures": figures, "checks": checks, "notes": [note for note in notes if note]}


def figure(figures, name, key="wall_s"):
    """Returns one figure of a command, or None if the command was not measured."""
    return next((found[key] for found in figures if found["name"] == name), None)


def ratio(figures, name, other, key="wall_s"):
    """Returns how many times the other's figure the first one is, or None if one was not measured."""
    one, two = figure(figures, name, key), figure(figures, other, key)
    return None if one is None or two is None else one / two


def available(makers):
    """Returns the commands that this machine can run, and a note about those it cannot."""
    commands, missing = [], []
    for maker in makers:
        try:
            commands.append(maker())
        except MissingTool as error:
            missing.append(f"left out: {error}")
    return commands, "; ".join(missing)


def csv(setup):
    orders = setup.orders(200_000)
    source, tenth = setup.input("csv", orders), setup.input("csv", orders // 10)
    faulty = setup.input("faulty", orders)
    commands, missing = available([
        lambda: Command("validate", [setup.scoreload, "validate", source]),
        lambda: Command("Polars", setup.peer("polars", "polars_csv.py", source, WORK / "bodies.jsonl")),
        lambda: Command("validate, a tenth of the rows", [setup.scoreload, "validate", tenth]),
        lambda: Command("validate, an error in each row", [setup.scoreload, "validate", faulty], codes=(1,)),
    ])
    figures = measure(setup, commands)
    check_bodies(setup)
    return result(figures, [
        ("`validate` ÷ Polars, time", ratio(figures, "validate", "Polars"), 0.6, "max"),
        ("`validate`, peak memory in MB", figure(figures, "validate", "peak_mb"), 400, "max"),
        ("10 × the rows, time", ratio(figures, "validate", "validate, a tenth of the rows"), 10.5, "max"),
        ("10 × the rows, peak memory", ratio(figures, "validate", "validate, a tenth of the rows", "peak_mb"), 10.5, "max"),
        ("an error in each row ÷ none, time", ratio(figures, "validate, an error in each row", "validate"), 2.5, "max"),
        ("an error in each row, peak memory in MB",
         figure(figures, "validate, an error in each row", "peak_mb"), 800, "max"),
    ], f"{5 * orders} rows of 17 columns, {orders} orders, {os.path.getsize(source) / 1e6:.0f} MB", missing)


def check_bodies(setup):
    """Checks that the peers build the same bodies as Scoreload; otherwise they would not do the same work."""
    source, plan = setup.input("csv", 200), WORK / "plan.json"
    with open(plan, "wb") as file:
        argv = [setup.scoreload, "plan", source, "--ledger", "none", "--target", "http://127.0.0.1:9",
                "--format", "json", "-q"]
        subprocess.run(argv, env=bench.environment(), stdout=file, check=True)
    planned = [json.loads(line) for line in plan.read_text().splitlines()]
    ours = {(line["company_id"], line["order_id"]): with_our_times(line["body"]) for line in planned if "body" in line}
    for package, script in ((None, "plain_csv.py"), ("polars", "polars_csv.py")):
        out = WORK / "check.jsonl"
        try:
            argv = setup.peer(package, script, source, out) if package else plain_csv(source, out)
        except MissingTool:
            continue
        subprocess.run(argv, check=True)
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        theirs = {(line["companyId"], line["orderId"]): with_our_times(line["body"]) for line in lines}
        if theirs != ours:
            raise SystemExit(f"{script} builds other bodies than scoreload")


def plain_csv(source, out):
    return [sys.executable, str(bench.HERE / "peers" / "plain_csv.py"), str(source), str(out)]


def with_our_times(body):
    """Writes the times of a body in Scoreload's form."""
    for assessment in body["assessments"]:
        for test in assessment["assessmentResults"]["tests"]:
            status = test["testStatus"]
            status["updatedAt"] = status["updatedAt"].replace(" ", "T").rstrip("Z") + "Z"
    return body


def xlsx(setup):
    orders = setup.orders(20_000)
    source = setup.input("xlsx", orders)
    figures = measure(setup, [
        Command("validate", [setup.scoreload, "validate", source]),
        Command("calamine alone", [calamine(), source]),
    ])
    return result(figures, [
        ("`validate` ÷ calamine alone, time", ratio(figures, "validate", "calamine alone"), 1.7, "max"),
        ("`validate`, peak memory in MB", figure(figures, "validate", "peak_mb"), 100, "max"),
    ], f"{5 * orders} rows of 17 columns, {os.path.getsize(source) / 1e6:.1f} MB")


def calamine():
    """Builds calamine.rs and returns its path."""
    argv = ["cargo", "bench", "--locked", "--no-run", "--bench", "calamine", "--message-format=json"]
    built = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in built.splitlines()]
    return [message["executable"] for message in messages
            if message.get("executable") and message["target"]["name"] == "calamine"][-1]


def import_command(setup, source, base, ledger, name="import", before=None, more=()):
    """Returns an import with a ledger; its figures include the requests it sent."""
    argv = [setup.scoreload, "import", source, "--target", base, "--ledger", str(ledger), "--rate", "unlimited",
            "--concurrency", str(CONCURRENCY), "--format", "json", *more]
    output = WORK / "result.jsonl"

    def read_result():
        end = json.loads(output.read_text().splitlines()[-1])
        for report in end["reports"]:
            os.remove(WORK / "cwd" / report)
        return {"requests": end["requests"]["sent"]}

    return Command(name, argv, before=before, after=read_result, output=str(output))


def delivery(setup):
    orders = setup.orders(20_000)
    source = setup.input("csv", orders)
    bodies = WORK / f"{orders}-orders.jsonl"
    subprocess.run(plain_csv(source, bodies), check=True)
    script = str(bench.HERE / "peers" / "fetch_flow.mjs")
    with bench.nginx() as server:
        commands, missing = available([
            lambda: import_command(setup, source, server.base, WORK / "ledger" / "ledger.db",
                                   before=lambda: setup.empty_directory("ledger")),
            lambda: Command("aiohttp", setup.peer("aiohttp", "aiohttp_flow.py", server.base, bodies, CONCURRENCY),
                            max_rounds=3),
            lambda: Command("fetch, a token per order (Node)",
                            [bench.program("node"), script, server.base, str(bodies), str(CONCURRENCY)], max_rounds=3),
        ])
        figures = measure(setup, commands)
    return result(figures, [
        ("orders a second ÷ aiohttp", ratio(figures, "aiohttp", "import"), 1.2, "min"),
        ("orders a second ÷ fetch", ratio(figures, "fetch, a token per order (Node)", "import"), 4, "min"),
    ], f"{orders} orders, {CONCURRENCY} at once, ledger and reports on, whole processes; nginx answers 204", missing)


def unchanged(setup):
    orders = setup.orders(200_000)
    source = setup.input("csv", orders)
    ledger = setup.empty_directory("ledger") / "ledger.db"
    with bench.nginx() as server:
        first = import_command(setup, source, server.base, ledger, more=["--no-report"])
        bench.run_once(first, bench.Samples(first.name))
        figures = measure(setup, [
            Command("validate", [setup.scoreload, "validate", source]),
            import_command(setup, source, server.base, ledger, "import, both reports"),
        ])
    return result(figures, [
        ("requests", figure(figures, "import, both reports", "requests"), 0, "max"),
        ("`import` with both reports ÷ `validate`, time", ratio(figures, "import, both reports", "validate"), 3, "max"),
    ], f"{orders} orders that the ledger has as accepted")


def start(setup):
    source = str(ROOT / "samples" / "scores.csv")
    often = bench.Setup(setup.is_quick, 5 if setup.is_quick else 41)
    figures = measure(often, [Command("validate samples/scores.csv", [setup.scoreload, "validate", source])])
    return result(figures, [("whole process, in ms", figures[0]["wall_s"] * 1000, 15, "max")])


def rate(setup):
    orders = 33 if setup.is_quick else 243
    source = setup.input("csv", orders)
    samples = bench.Samples("import")
    for _ in range(min(setup.rounds, 2)):
        with sandbox(setup) as server:
            ledger = setup.empty_directory("ledger") / "ledger.db"
            argv = [setup.scoreload, "import", source, "--target", server.base, "--ledger", str(ledger),
                    "--rate", RATE, "--no-report", "-q"]
            bench.run_once(Command("import", argv), samples)
            with urllib.request.urlopen(server.base + "/sandbox/requests") as answer:
                updates = [entry for entry in json.load(answer) if entry["method"] == "PATCH"]
        times = [entry["at_ms"] / 1000 for entry in updates]
        # Three at once, then three in each further second, is the shortest time allowed.
        samples.extra.append({
            "share": (len(times) - 1) // 3 / (times[-1] - times[0]),
            "refused": sum(entry["status"] == 429 for entry in updates),
        })
    figures = samples.medians()
    return result([figures], [
        ("rate used ÷ rate allowed, as the server sees it", figures["share"], 0.96, "min"),
        ("429 responses", max(extra["refused"] for extra in samples.extra), 0, "max"),
    ], f"{orders} orders at {RATE}; `scoreload sandbox` answers after 5 to 50 ms")


def sandbox(setup):
    port = bench.free_port()
    argv = [setup.scoreload, "sandbox", "--listen", f"127.0.0.1:{port}", "--rate", RATE,
            "--latency", "5ms..50ms", "--seed", "7"]
    return bench.Server(argv, port)


BENCHMARKS = {
    "csv": csv,
    "xlsx": xlsx,
    "delivery": delivery,
    "unchanged": unchanged,
    "start": start,
    "rate": rate,
}
