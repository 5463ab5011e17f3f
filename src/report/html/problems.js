// The list of problems, grouped by code and column. A group's entries become elements when it is opened.

const PAGE = 100;
/** So few problems are open from the beginning. */
const FEW = 40;
/** By the element of a group: its findings. */
const findingsOf = new WeakMap();

/** A problem of the data as an object; the order of the fields is that of data.rs. */
function problem([isError, code, message, help, source, row, column, cell, value]) {
  return { severity: isError ? 'error' : 'warning', code: data.texts[code], message, help: data.texts[help],
    source, row, column: column === null ? null : data.texts[column], cell, value };
}

const placeOf = ({ source, row, cell }) => {
  if (cell !== null) return `${sourceName(source)} ${cell}`;
  return row === null ? sourceName(source) : `${sourceName(source)} row ${row}`;
};

/** Finds the problems that are asked for, in groups, in the order that is asked for. */
function groupsInSight() {
  const words = $('problem-search').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const severity = $('problem-severity').value;
  const groups = new Map();
  for (const raw of data.problems) {
    const found = problem(raw);
    if (severity !== '' && found.severity !== severity) continue;
    const text = words.length === 0 ? '' : [placeOf(found), found.code, found.column, found.value, found.message].join('\n').toLowerCase();
    if (!words.every(word => text.includes(word))) continue;
    const key = [found.severity, found.code, found.column].join('\n');
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(found);
  }
  const ways = {
    most: (a, b) => a[0].severity.localeCompare(b[0].severity) || b.length - a.length,
    place: () => 0,
    code: (a, b) => a[0].code.localeCompare(b[0].code),
  };
  return [...groups.values()].sort(ways[$('problem-sort').value]);
}

function drawProblems() {
  if (!$('problem-groups')) return;
  const groups = groupsInSight();
  const number = groups.reduce((sum, group) => sum + group.length, 0);
  const all = counted(data.problems.length, 'problem', 'problems');
  const kinds = counted(groups.length, 'kind', 'kinds');
  $('problem-count').textContent = `${number === data.problems.length ? all : `${grouped(number)} of ${all}`} of ${kinds}`;
  $('problem-groups').replaceChildren(...groups.map((group, index) => groupElement(group, index < 3 || number <= FEW)));
}

function groupElement(findings, isOpen) {
  const [{ severity, code, column }] = findings;
  const head = make('summary', {},
    make('span', { className: `badge ${severity}` }, severity),
    make('code', {}, code),
    column === null ? null : make('span', {}, `column ${shown(column)}`),
    make('span', { className: 'number' }, grouped(findings.length)));
  const group = make('details', { className: 'group' }, head);
  findingsOf.set(group, findings);
  group.addEventListener('toggle', () => { if (group.open) openGroup(group); });
  if (isOpen) openGroup(group);
  return group;
}

/** Opens a group, which is filled when it is first open. */
function openGroup(group) {
  group.open = true;
  if (group.children.length === 1) group.append(inside(findingsOf.get(group)));
}

/** Findings that say the same of the same value in one file, at as many places: `[first, …]` each. */
function alike(findings) {
  const lots = new Map();
  for (const found of findings) {
    const key = JSON.stringify([found.source, found.value, found.message, found.help]);
    if (!lots.has(key)) lots.set(key, []);
    lots.get(key).push(found);
  }
  return [...lots.values()];
}

/** The cells of findings in one file: `F2-F4, F7`, and its name where there are several. */
function placesOf(findings) {
  const columns = new Map();
  for (const { row, cell } of findings) {
    if (row === null) continue;
    const letters = cell === null ? '' : cell.replace(/\d+$/, '');
    if (!columns.has(letters)) columns.set(letters, []);
    columns.get(letters).push(row);
  }
  const cells = [...columns].map(([letters, rows]) => (letters === '' ? (rows.length === 1 ? 'row ' : 'rows ') : '') + runs(rows, letters));
  const name = sourceName(findings[0].source);
  if (cells.length === 0) return name;
  return cells.join(', ') + (data.sources.length === 1 ? '' : ` in ${name}`);
}

function inside(findings) {
  const isOneWay = findings.every(({ help }) => help === findings[0].help);
  const lots = alike(findings);
  const lines = () => findings.map(found => [placeOf(found), found.value, found.message, found.help].map(text => shown(text ?? '')).join('\t')).join('\n');
  const way = isOneWay ? findings[0].help : 'The remedy is given with each problem.';
  const box = make('div', { className: 'inside' },
    make('div', { className: 'way-out' }, make('p', {}, shown(way)), copyButton(findings.length === 1 ? 'Copy' : 'Copy all', lines)),
    findingsTable(lots.slice(0, PAGE), !isOneWay));
  if (lots.length > PAGE) box.append(more(box, lots, isOneWay));
  return box;
}

/** A button for the rest of a long group, by the page. */
function more(box, lots, isOneWay) {
  let from = PAGE;
  const label = () => `Show more (${grouped(lots.length - from)} left)`;
  const button = make('button', { type: 'button', className: 'button is-small' }, label());
  button.addEventListener('click', () => {
    box.querySelector('tbody').append(...lots.slice(from, from + PAGE).map(lot => findingRow(lot, !isOneWay)));
    from += PAGE;
    if (from >= lots.length) button.remove();
    else button.textContent = label();
  });
  return button;
}

function findingsTable(lots, withHelp) {
  const head = (name, text) => make('th', { scope: 'col', className: name }, text);
  return make('table', { className: 'findings' },
    make('thead', {}, make('tr', {}, head('cell', 'Place'), head('value', 'Value'), head('', 'Problem'))),
    make('tbody', {}, ...lots.map(lot => findingRow(lot, withHelp))));
}

function findingRow(lot, withHelp) {
  const [found] = lot;
  const words = make('td', {}, shown(found.message));
  if (withHelp) words.append(make('br'), make('em', {}, shown(found.help)));
  return make('tr', {},
    make('td', { className: 'cell' }, placesOf(lot), lot.length === 1 ? null : make('span', { className: 'times' }, ` ${grouped(lot.length)} times`)),
    make('td', { className: 'value' }, make('code', {}, found.value === null ? '' : shown(found.value))),
    words);
}

