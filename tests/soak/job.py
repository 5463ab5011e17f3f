"""What a job imports, and what must be true of it in the end: orders made up by chance, the files that say them, and
the checks of reports, of the server's log and of what the server holds."""

import csv
import json
import os
import random

COLUMNS = [
    "company_id", "order_id", "overall_score", "assessment_id", "assessment_status", "test_id", "attempt", "test_score",
    "test_status", "test_status_updated_at", "report_name", "report_url",
]  # fmt: skip
OUTCOMES = ["valid", "accepted", "unchanged", "invalid", "rejected", "failed", "unknown", "not_sent"]


class Job:
    """Some files of orders. `shape` is how many files, orders in each, and rows of an order at most."""

    def __init__(self, number, directory, shape, seed):
        self.chance = random.Random(seed)
        self.directory, self.orders, self.invalid, self.rows = directory, {}, 0, 0
        os.makedirs(directory)
        files, orders, most = shape
        for file in range(files):
            rows = []
            for order in range(orders):
                rows += self._order(f"R{number}-{file}-{order}", most)
            if self.chance.random() < 0.3:
                self.chance.shuffle(rows)
            self._write(f"part-{file:05}.csv", rows)
        if files > 1 and self.chance.random() < 0.3:
            self._write("wrong.csv", [["C1", f"R{number}-wrong"] + [""] * 3 + ["T", "first"] + [""] * 5])
            self.invalid = 1

    def _order(self, order_id, most):
        key = (f"C{self.chance.randrange(9)}", order_id)
        values, reports, rows = {"overall": str(self.chance.randrange(101))}, [], []
        for test in range(self.chance.randint(1, most)):
            score = f"{self.chance.randrange(1000) / 10}"
            day = f"2026-0{self.chance.randint(1, 9)}-1{self.chance.randrange(10)}T08:00:00Z"
            report = ["", ""]
            if self.chance.random() < 0.4:
                report = [f"Report {test}", f"https://r.example/{order_id}/{test}"]
                reports.append((f"T{test}", *report))
            values[f"T{test}"] = (score, "Complete", day)
            rows.append([*key, values["overall"], "A1", "Complete", f"T{test}", "1", score, "complete", day, *report])
        self.orders[key] = (values, sorted(reports))
        return rows

    def _write(self, name, rows):
        self.rows += len(rows)
        with open(os.path.join(self.directory, name), "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(rows)


def said(body):
    """Returns what a body says, as a job has it: its values, and its reports as a list."""
    values, reports = {}, []
    if "overallScore" in body:
        values["overall"] = body["overallScore"]
    for assessment in body.get("assessments", []):
        for test in assessment.get("assessmentResults", {}).get("tests", []):
            score, status = test.get("score", {}), test.get("testStatus", {})
            values[test["id"]] = (score.get("value"), status.get("value"), status.get("updatedAt"))
            reports += [(test["id"], report.get("name"), report.get("url")) for report in score.get("reports", [])]
    return values, sorted(reports)


def check_report(path, exit_code, job, is_spoilt):
    """Yields what is wrong with a report: its sums, its exit code. Where it `is_spoilt`, the ledger may lack the end."""
    with open(path) as file:
        report = json.load(file)
    totals = report["totals"]
    # Who is killed behind the report has no exit code any more.
    if report["exit_code"] != exit_code and exit_code != -9:
        yield f"the exit code is {exit_code}, the report says {report['exit_code']}"
    if totals["rows"] != job.rows:
        yield f"{totals['rows']} rows of {job.rows} are accounted for"
    if totals["rows"] != sum(len(order["rows"]) for order in report["orders"]) + totals["rows_invalid"]:
        yield f"the rows do not add up: {totals}"
    if totals["orders"] != len(report["orders"]) or totals["orders"] != sum(totals[name] for name in OUTCOMES):
        yield f"the orders do not add up: {totals}"
    good = totals["accepted"] + totals["unchanged"] == totals["orders"]
    if exit_code in (0, 1) and (exit_code == 0) != good and not is_spoilt:
        yield f"exit code {exit_code} does not fit {totals}"


def check_resent(log, spared):
    """Yields updates that were sent although the server had acknowledged the order, and the importer had time to write
    that down: `spared` tells for each run when it was disturbed."""
    acknowledged = {}
    for exchange in log:
        earlier = acknowledged.get(exchange.order)
        if earlier is not None and earlier.answered < exchange.came:
            disturbed = spared.get(earlier.run)
            if disturbed is None or earlier.answered < disturbed - 1:
                yield f"{exchange.order} was acknowledged in run {earlier.run} and sent again in run {exchange.run}"
        if exchange.is_acknowledged():
            acknowledged[exchange.order] = exchange


def check_held(job, held, is_each_report_due):
    """Yields what the server holds otherwise than the files say."""
    for key, (values, reports) in job.orders.items():
        if key not in held:
            yield f"{key} never arrived"
            continue
        there, links = held[key]
        if there != values:
            yield f"{key} has {there}, the files say {values}"
        if not set(links) <= set(reports) or (is_each_report_due and set(links) != set(reports)):
            yield f"{key} has the reports {links}, the files say {reports}"
    for key in held.keys() - job.orders.keys():
        yield f"{key} is in no file"


def acknowledged(log):
    """Returns what the acknowledged updates say together, order by order."""
    held = {}
    for exchange in log:
        if exchange.status is not None and 200 <= exchange.status < 300:
            values, reports = held.setdefault(exchange.order, ({}, []))
            more, links = said(exchange.body)
            values.update(more)
            reports += links
    return held


def check_reports_sent(log, marked, unreported, on_ambiguous):
    """Yields reports that left more than once, where no report of a run says that this was possible."""
    sent = {}
    for exchange in log:
        for report in said(exchange.body)[1]:
            # A plain refusal has applied nothing.
            if exchange.status not in (429, 503, 401, 403):
                earlier = sent.setdefault((exchange.order, report), [])
                earlier.append(exchange)
    for (order, report), exchanges in sent.items():
        again = [exchange for exchange in exchanges[1:] if exchange.run not in unreported]
        if on_ambiguous == "hold" and len(exchanges) > 1:
            yield f"{report} of {order} left {len(exchanges)} times although it is to be held back"
        elif any((exchange.run, order) not in marked for exchange in again):
            yield f"{report} of {order} left {len(exchanges)} times, and nothing says so"
