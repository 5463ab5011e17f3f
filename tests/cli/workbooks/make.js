// Writes .xlsb copies of workbooks, with the npm package `xlsx`; mark_1904.py mends one of them.
const xlsx = require("xlsx");
for (const [from, to] of [["../../../samples/scores.xlsx", "scores.xlsb"], ["meanings.xls", "meanings.xlsb"]]) {
  const book = xlsx.readFile(from, { cellNF: true, cellStyles: true, sheetStubs: true });
  xlsx.writeFile(book, to, { bookType: "xlsb", cellStyles: true });
}
