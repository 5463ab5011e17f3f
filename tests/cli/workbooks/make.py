"""Writes meanings.xlsx: what cells of a workbook can be, beside plain text and numbers.

LibreOffice makes meanings.xls and meanings.ods from it, and scores.xls and scores.ods from samples/scores.xlsx:
soffice --headless --convert-to ods meanings.xlsx
"""

import datetime

from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.chart import BarChart, Reference
from openpyxl.utils.datetime import CALENDAR_MAC_1904

HEADER = ["company_id", "order_id", "assessment_id", "test_id", "attempt", "score", "test_score_description",
          "test_status", "test_status_updated_at"]

book = Workbook()
book.epoch = CALENDAR_MAC_1904
sheet = book.active
sheet.title = "Results"
sheet.append(["Results of March"])
sheet.append(HEADER)
when = datetime.datetime(2026, 3, 4, 17, 6)
rows = [
    ["B6001", "00017", "A1", "T1", 1, 0.85, "percent", "Complete", when],
    [None, None, None, "T2", 1, 0.855, "percent, one decimal", "Complete", when],
    [None, None, None, "T3", 1, 87.5, "number", "Complete", datetime.date(2026, 3, 5)],
    ["B6001", "00018", "A1", "T1", 1, "=NA()", "error", None, None],
    ["B6001", "00019", "A1", "T1", 1, "=1/0", "another error", None, None],
    ["B6001", "00020", "A1", "T1", 1, "=40+2", "formula", None, None],
    ["B6001", "00021", "A1", "T1", 1, when, "date", None, None],
    ["B6001", "00022", "A1", "T1", 1, datetime.time(12, 30), "time", None, None],
    ["B6001", "00023", "A1", "T1", 1, True, "boolean", None, None],
    ["B6001", "00024", "A1", "T1", 1, datetime.timedelta(hours=25, minutes=30), "duration", None, None],
    ["B6001", "00025", "A1", "T1", 1, 123456789012345, "  kept\n & trimmed  ", None, None],
    ["B6001", "00026", "A1", "T1", 1, '="a"&"b"', "text of a formula", None, None],
    ["B6001", "00027", "A1", "T1", 1, -3.25, None, None, None],
]
for row in rows:
    sheet.append(row)
sheet["G15"] = CellRichText("rich ", TextBlock(InlineFont(b=True), "text"))
for cells in ("A3:A5", "B3:B5", "C3:C5", "A1:I1"):
    sheet.merge_cells(cells)
sheet["F3"].number_format = "0%"
sheet["F4"].number_format = "0.0%"
sheet["F5"].number_format = '0.0" %"'
for cell in ("I3", "I4", "F9"):
    sheet[cell].number_format = "yyyy-mm-dd hh:mm:ss"
sheet["I5"].number_format = "d mmm yyyy"
sheet["F10"].number_format = "hh:mm"
sheet["F12"].number_format = "[h]:mm:ss"
sheet.row_dimensions[5].hidden = True

hidden = book.create_sheet("Old results")
hidden.append(HEADER)
hidden.append(["B6001", "00099", "A1", "T1", 1, 1])
hidden.sheet_state = "hidden"

chart = BarChart()
chart.add_data(Reference(sheet, min_col=6, min_row=2, max_row=5), titles_from_data=True)
book.create_chartsheet("Chart").add_chart(chart)
book.save("meanings.xlsx")
