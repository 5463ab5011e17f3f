"""Marks meanings.xlsb as counting days from 1904: the package that writes it keeps the numbers and forgets the mark."""

from zipfile import ZIP_DEFLATED, ZipFile

with ZipFile("meanings.xlsb") as book:
    members = [(name, book.read(name)) for name in book.namelist()]
with ZipFile("meanings.xlsb", "w", ZIP_DEFLATED) as book:
    for name, data in members:
        if name == "xl/workbook.bin":
            flags = data.index(b"\x99\x01\x24") + 3
            data = data[:flags] + bytes([data[flags] | 1]) + data[flags + 1:]
        book.writestr(name, data)
