"""Writes the inputs of the benchmarks; the same seed gives the same file.

    inputs.py csv ORDERS FILE       five rows per order, 17 columns
    inputs.py faulty ORDERS FILE    the same with an unknown test status in each row
    inputs.py xlsx ORDERS FILE      the same as a workbook with number and date cells (needs XlsxWriter)
"""

import csv
import datetime
import random
import sys

SEED = 20260304
ROWS_PER_ORDER = 5

COLUMNS = [
    "company_id", "order_id", "overall_score", "overall_report_name", "overall_report_url",
    "assessment_id", "assessment_status", "assessment_status_updated_at", "assessment_score",
    "test_id", "attempt", "test_score", "test_score_description", "test_status", "test_status_updated_at",
    "test_report_name", "test_report_url",
]
# Columns that a workbook holds as numbers and as dates.
NUMBERS = {"overall_score", "assessment_score", "attempt", "test_score"}
DATES = {"assessment_status_updated_at", "test_status_updated_at"}

ASSESSMENTS = ["COG-A", "COG-B", "PERS-1", "SALES-2", "JAVA-DEV", "EXCEL-ADV"]
TESTS = ["NUM-01", "VRB-02", "ABS-03", "JAVA-11", "SPD-07", "MEM-12", "LOG-04", "CHK-09"]
PEOPLE = [
    "Zoë Müller", "José Núñez", "Łukasz Żak", "Anne O'Brien", "Çağla Yılmaz", "Søren Ødegård", "Mary Smith",
    "李小龙", "John Doe", "Renée Côté", "Ángel Peña", "Priya Patel",
]
WORDS = [
    "Above average for the role", "Well above average", "Average, with some strengths", "Below the cut-off",
    'Rated "strong" by the panel', "First sitting, supervised", "Ünusually quick and accurate",
    "Careful; few mistakes", "Needs practice, see the report", "Top quartile of all candidates",
]


def orders(count):
    """Yields the rows of each order: lists of texts in the order of COLUMNS."""
    chance = random.Random(SEED)
    begin = datetime.datetime(2026, 1, 5, 8, 0, 0)
    for number in range(count):
        company = f"A{1001 + chance.randrange(12)}"
        order = f"A{number:07d}"
        person = PEOPLE[chance.randrange(len(PEOPLE))]
        day = begin + datetime.timedelta(seconds=chance.randrange(4_000_000))
        link = f"https://r.example.com/{order}/"
        whole = [company, order, str(chance.randrange(20, 100)), f"Summary of {person}", link + "summary.pdf"]
        first, second = chance.sample(ASSESSMENTS, 2)
        tests = chance.sample(TESTS, ROWS_PER_ORDER)
        split = chance.randrange(2, 5)
        is_done = chance.random() < 0.8
        rows = []
        for index, test in enumerate(tests):
            assessment = first if index < split else second
            until = day + datetime.timedelta(hours=2 if index < split else 3)
            at = day + datetime.timedelta(seconds=600 * index + chance.randrange(600))
            score = chance.randrange(40, 200)
            words = WORDS[chance.randrange(len(WORDS))]
            if chance.random() < 0.002:
                words += "\nsecond sitting"
            rows.append(whole + [
                assessment,
                "Complete" if is_done else "InProgress",
                until.strftime("%Y-%m-%dT%H:%M:%SZ"),
                str(50 + len(assessment)),
                test,
                "1",
                f"{score // 2}.5" if score % 2 else f"{score // 2}",
                words,
                "Complete" if is_done or index % 2 else "InProgress",
                at.strftime("%Y-%m-%d %H:%M:%S"),
                f"Profile of {test}",
                f"{link}{test.lower()}.pdf?view=profile",
            ])
        yield rows


def write_csv(count, path, status=None):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for rows in orders(count):
            if status:
                for row in rows:
                    row[COLUMNS.index("test_status")] = status
            writer.writerows(rows)


def write_faulty(count, path):
    write_csv(count, path, status="Somewhere")


def write_xlsx(count, path):
    import xlsxwriter
    book = xlsxwriter.Workbook(path, {"strings_to_urls": False})
    sheet = book.add_worksheet("Scores")
    as_date = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
    sheet.write_row(0, 0, COLUMNS)
    row = 0
    for rows in orders(count):
        for cells in rows:
            row += 1
            for column, (name, text) in enumerate(zip(COLUMNS, cells)):
                if name in NUMBERS:
                    sheet.write_number(row, column, float(text))
                elif name in DATES:
                    time = datetime.datetime.fromisoformat(text.rstrip("Z"))
                    sheet.write_datetime(row, column, time, as_date)
                else:
                    sheet.write_string(row, column, text)
    book.close()


if __name__ == "__main__":
    kind, count, path = sys.argv[1:]
    {"csv": write_csv, "faulty": write_faulty, "xlsx": write_xlsx}[kind](int(count), path)
