"""Converts CSV to bodies with Python's csv module."""

import csv
import sys

from bodies import write_bodies

source, target = sys.argv[1:]
with open(source, newline="", encoding="utf-8") as file:
    rows = csv.reader(file)
    next(rows)
    write_bodies(rows, target)
