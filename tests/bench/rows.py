"""The rows of the benchmarks: what is run beside what, and the goals that follow.

A row returns {"contenders": [figures], "goals": [(words, value, limit, "most" | "least")], "notes": [text]}.
"""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

import bench
from bench import PLACE, ROOT, Contender, Missing, measure

AT_ONCE = 32
PACE = "3/s,180/m"


def row(contenders, goals, *notes):
    return {"contenders": contenders, "goals": goals, "notes": [note for note in notes if note]}


def ratio(figures, one, other, key="wall_s"):
    """Returns how many times the one's figure is the other's; nothing where either was not measured."""
    by_name = {figure["name"]: figure for figure in figures}
    if one in by_name and other in by_name:
        return by_name[one][key] / by_name[other][key]
    return None


def available(makers):
    """Returns the contenders that this machine has, and a note on those that it lacks."""
    found, lacking = [], []
    for maker in makers:
        try:
            found.append(maker())
        except Missing as missing:
            lacking.append(f"left out: {missing}")
    return found, "; ".join(lacking)


def csv(setting):
    orders = setting.orders(200_000)
    source = setting.input("csv", orders)
    out, plan = PLACE / "bodies.jsonl", PLACE / "plan.json"
    plan_command = [setting.scoreload, "plan", source, "--ledger", "none", "--target", "http://127.0.0.1:9",
                    "--format", "json"]
    contenders, lacking = available([
        lambda: Contender("scoreload validate", [setting.scoreload, "validate", source]),
        lambda: Contender("Polars", setting.peer("polars", "polars_csv.py", source, out)),
        lambda: Contender("scoreload plan --format json", plan_command, output=str(plan)),
        lambda: Contender("DuckDB", setting.peer("duckdb", "duckdb_csv.py", source, out), most_rounds=3),
        lambda: Contender("plain Python", [setting.python, str(bench.HERE / "peers" / "plain_csv.py"), source, str(out)],
                          most_rounds=2),
    ])
    figures = measure(setting, contenders)
    check_bodies(setting)
    memory = figures[0]["peak_mb"] * 1024 * 1024 / os.path.getsize(source)
    return row(figures, [
        ("`validate` ÷ Polars, time", ratio(figures, "scoreload validate", "Polars"), 0.4, "most"),
        ("`validate` ÷ plain Python, time", ratio(figures, "scoreload validate", "plain Python"), 1 / 40, "most"),
        ("`validate` ÷ Polars, peak memory", ratio(figures, "scoreload validate", "Polars", "peak_mb"), 0.6, "most"),
        ("`validate`: peak memory ÷ the file", memory, 1.5, "most"),
        ("`plan --format json` ÷ Polars, time", ratio(figures, "scoreload plan --format json", "Polars"), 0.6, "most"),
    ], f"{5 * orders} rows of 17 columns, {orders} orders, {os.path.getsize(source) / 1e6:.0f} MB", lacking)


def check_bodies(setting):
    """Checks that everybody makes the same bodies: those who do less work would be no peers."""
    source, plan = setting.input("csv", 200), PLACE / "plan.json"
    with open(plan, "wb") as file:
        command = [setting.scoreload, "plan", source, "--ledger", "none", "--target", "http://127.0.0.1:9",
                   "--format", "json", "-q"]
        subprocess.run(command, env=bench.environment(), stdout=file, check=True)
    planned = [json.loads(line) for line in plan.read_text().splitlines()]
    ours = {(line["company_id"], line["order_id"]): times_alike(line["body"]) for line in planned if "body" in line}
    for peer in ("plain", "polars", "duckdb"):
        out = PLACE / "check.jsonl"
        if peer == "plain":
            command = [setting.python, str(bench.HERE / "peers" / "plain_csv.py"), source, str(out)]
        else:
            try:
                command = setting.peer(peer, f"{peer}_csv.py", source, out)
            except Missing:
                continue
        subprocess.run(command, check=True)
        lines = [json.loads(line) for line in out.read_text().splitlines()]
        theirs = {(line["companyId"], line["orderId"]): times_alike(line["body"]) for line in lines}
        if theirs != ours:
            raise SystemExit(f"{peer} makes other bodies than scoreload")


def times_alike(body):
    """Writes the times of a body as Scoreload does."""
    for assessment in body["assessments"]:
        for test in assessment["assessmentResults"]["tests"]:
            status = test["testStatus"]
            status["updatedAt"] = status["updatedAt"].replace(" ", "T").rstrip("Z") + "Z"
    return body


def xlsx(setting):
    orders = setting.orders(20_000)
    source = setting.input("xlsx", orders)
    out = PLACE / "bodies.jsonl"

    def reader(name, package, rounds):
        return lambda: Contender(name, setting.peer(package, "workbook.py", name, source, out), most_rounds=rounds)

    contenders, lacking = available([
        lambda: Contender("scoreload validate", [setting.scoreload, "validate", source]),
        lambda: Contender("bare calamine", [bench_binary("calamine"), source]),
        reader("python-calamine", "python-calamine", 3),
        reader("fastexcel", "fastexcel", 3),
        reader("openpyxl", "openpyxl", 2),
    ])
    figures = measure(setting, contenders)
    return row(figures, [
        ("`validate` ÷ bare calamine, time", ratio(figures, "scoreload validate", "bare calamine"), 1.15, "most"),
        ("`validate` ÷ openpyxl, time", ratio(figures, "scoreload validate", "openpyxl"), 1 / 15, "most"),
    ], f"{5 * orders} rows of 17 columns, {os.path.getsize(source) / 1e6:.1f} MB", lacking)


def bench_binary(name):
    """Builds one of the Rust programs of this directory, and returns its path."""
    command = ["cargo", "bench", "--locked", "--no-run", "--bench", name, "--message-format=json"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    messages = [json.loads(line) for line in built.splitlines()]
    paths = [message["executable"] for message in messages
             if message.get("executable") and message["target"]["name"] == name]
    return paths[-1]


def scale(setting):
    small, large = (setting.input("csv", setting.orders(orders)) for orders in (20_000, 200_000))
    figures = measure(setting, [
        Contender("validate, a tenth of the rows", [setting.scoreload, "validate", small]),
        Contender("validate, all rows", [setting.scoreload, "validate", large]),
    ])
    names = [figure["name"] for figure in reversed(figures)]
    return row(figures, [
        ("10 × the rows: time", ratio(figures, *names), 10.5, "most"),
        ("10 × the rows: peak memory", ratio(figures, *names, "peak_mb"), 10.5, "most"),
    ])


def importing(setting, source, base, ledger, name="scoreload import", before=None, more=()):
    """Returns an import with the ledger on and both reports; it tells its own rate of delivery."""
    command = [setting.scoreload, "import", source, "--target", base, "--ledger", str(ledger), "--rate", "unlimited",
               "--concurrency", str(AT_ONCE), "--format", "json", *more]
    result = PLACE / "result.jsonl"

    def told():
        end = json.loads(result.read_text().splitlines()[-1])
        for report in end["reports"]:
            os.remove(PLACE / "work" / report)
        sent = end["requests"]["sent"]
        delivering = end["timing"]["deliver_s"]
        return {"requests": sent, "requests_per_s": sent / delivering if sent else 0}

    return Contender(name, command, before=before, after=told, output=str(result))


def unthrottled(setting):
    orders = setting.orders(20_000)
    source = setting.input("csv", orders)
    bodies = PLACE / f"{orders}-orders.jsonl"
    subprocess.run([setting.python, str(bench.HERE / "peers" / "plain_csv.py"), source, str(bodies)], check=True)
    ledger = PLACE / "ledger"
    with bench.nginx() as server:
        def seed():
            script = str(bench.HERE / "peers" / "seed_flow.mjs")
            return Contender("the seed's flow (Node)", [bench.tool("node"), script, server.base, str(bodies), str(AT_ONCE)],
                             most_rounds=3)

        contenders, lacking = available([
            lambda: importing(setting, source, server.base, ledger / "ledger.db",
                              before=lambda: setting.fresh("ledger")),
            lambda: Contender("aiohttp", setting.peer("aiohttp", "aiohttp_flow.py", server.base, bodies, AT_ONCE),
                              most_rounds=3),
            seed,
            lambda: wrk(server, bodies),
        ])
        figures = measure(setting, contenders)
    for figure in figures:
        if figure["name"] in ("aiohttp", "the seed's flow (Node)"):
            figure["requests_per_s"] = orders / figure["wall_s"]
    return row(figures, [
        ("orders a second ÷ the seed's flow, whole processes",
         ratio(figures, "the seed's flow (Node)", "scoreload import"), 2, "least"),
        ("orders a second ÷ aiohttp, whole processes", ratio(figures, "aiohttp", "scoreload import"), 4, "least"),
        ("requests a second while delivering ÷ wrk",
         ratio(figures, "scoreload import", "wrk", "requests_per_s"), 0.5, "least"),
    ], f"{orders} orders, {AT_ONCE} at once, ledger and reports on; nginx answers 204; "
       "wrk sends one body for 5 s, the others one for each order", lacking)


def wrk(server, bodies):
    body = PLACE / "body.json"
    with open(bodies, encoding="utf-8") as lines:
        middle = sorted((next(lines) for _ in range(200)), key=len)[100]
    body.write_text(json.dumps(json.loads(middle)["body"], ensure_ascii=False, separators=(",", ":")))
    output = PLACE / "wrk.txt"
    url = f"{server.base}/apiHub/performanceManagement/v1/companies/B6001/assessmentOrders/A0000001"
    script = str(bench.HERE / "peers" / "patch.lua")
    command = [bench.tool("wrk"), "-t1", f"-c{AT_ONCE}", "-d5s", "-s", script, url, "--", str(body)]

    def told():
        text = output.read_text()
        if "Non-2xx" in text or "Socket errors" in text:
            raise SystemExit(f"wrk met errors:\n{text}")
        rate = [line.split()[1] for line in text.splitlines() if line.startswith("Requests/sec:")]
        return {"requests_per_s": float(rate[0])}

    return Contender("wrk", command, after=told, output=str(output))


def pace(setting):
    orders = 33 if setting.is_quick else 243
    source = setting.input("csv", orders)
    found = []

    def run():
        with sandbox(setting) as server:
            ledger = setting.fresh("ledger") / "ledger.db"
            command = [setting.scoreload, "import", source, "--target", server.base, "--ledger", str(ledger),
                       "--rate", PACE, "--no-report", "-q"]
            measured = bench.Measured("scoreload import")
            bench.run_once(Contender("scoreload import", command), measured)
            with urllib.request.urlopen(server.base + "/sandbox/requests") as answer:
                log = json.load(answer)
            return measured, [entry for entry in log if entry["method"] == "PATCH"]

    whole = bench.Measured("scoreload import")
    for _ in range(min(setting.rounds, 2)):
        measured, arrived = run()
        whole.wall += measured.wall
        whole.cpu += measured.cpu
        whole.memory += measured.memory
        times = [entry["at_ms"] / 1000 for entry in arrived]
        # Three at once, and three more each second: that is the least time in which so many may arrive.
        allowed = (len(times) - 1) // 3
        found.append({
            "arrived": len(times),
            "share": allowed / (times[-1] - times[0]),
            "refused": sum(entry["status"] == 429 for entry in arrived),
        })
    whole.own = found
    figures = whole.figures()
    return row([figures], [
        ("rate as the server sees it ÷ the rate allowed", figures["share"], 0.97, "least"),
        ("answers 429", max(one["refused"] for one in found), 0, "most"),
    ], f"{orders} orders at {PACE}, answers after 5 to 50 ms from `scoreload sandbox`")


def sandbox(setting):
    port = bench.free_port()
    command = [setting.scoreload, "sandbox", "--listen", f"127.0.0.1:{port}", "--rate", PACE,
               "--latency", "5ms..50ms", "--seed", "7"]
    return bench.Server(command, port)


def unchanged(setting):
    orders = setting.orders(200_000)
    source = setting.input("csv", orders)
    ledger = setting.fresh("ledger") / "ledger.db"
    with bench.nginx() as server:
        first = importing(setting, source, server.base, ledger, more=["--no-report"])
        bench.run_once(first, bench.Measured(first.name))
        again = "import, all unchanged"
        figures = measure(setting, [
            Contender("validate", [setting.scoreload, "validate", source]),
            importing(setting, source, server.base, ledger, again + ", no report", more=["--no-report"]),
            importing(setting, source, server.base, ledger, again + ", both reports"),
        ])
    by_name = {figure["name"]: figure for figure in figures}
    sent = sum(figure.get("requests", 0) for figure in by_name.values())
    return row(figures, [
        ("requests", sent, 0, "most"),
        ("`import` without a report ÷ `validate`, time", ratio(figures, again + ", no report", "validate"), 1.3, "most"),
        ("`import` with both reports ÷ `validate`, time",
         ratio(figures, again + ", both reports", "validate"), 1.3, "most"),
    ], f"{orders} orders that the ledger knows")


def start(setting):
    source = str(ROOT / "samples" / "scores.csv")
    often = bench.Setting(setting.is_quick, 5 if setting.is_quick else 41)
    figures = measure(often, [Contender("validate samples/scores.csv", [setting.scoreload, "validate", source])])
    return row(figures, [("whole process, in ms", figures[0]["wall_s"] * 1000, 15, "most")])


ROWS = {
    "csv": csv,
    "xlsx": xlsx,
    "scale": scale,
    "unthrottled": unthrottled,
    "pace": pace,
    "unchanged": unchanged,
    "start": start,
}
