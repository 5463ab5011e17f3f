"""Workbook to bodies with one of Python's readers: openpyxl, python-calamine or fastexcel."""

import datetime
import sys

from bodies import write_bodies


def of_openpyxl(path):
    import openpyxl
    sheet = openpyxl.load_workbook(path, read_only=True).worksheets[0]
    return sheet.iter_rows(min_row=2, values_only=True)


def of_calamine(path):
    from python_calamine import CalamineWorkbook
    rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).iter_rows()
    next(rows)
    return rows


def of_fastexcel(path):
    import fastexcel
    return fastexcel.read_excel(path).load_sheet(0).to_polars().iter_rows()


def text(cell):
    if isinstance(cell, str):
        return cell
    if isinstance(cell, datetime.datetime):
        return cell.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{cell:g}"


reader, source, target = sys.argv[1:]
read = {"openpyxl": of_openpyxl, "python-calamine": of_calamine, "fastexcel": of_fastexcel}[reader]
write_bodies((map(text, row) for row in read(source)), target)
