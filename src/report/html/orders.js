// The table of orders. Searching, filtering and sorting work on indexes; only visible rows are elements.

const COLUMNS = ['order', 'company', 'outcome', 'rows', 'attempts', 'latency', 'words'];
const SPARE = 12;
const MOST_PRINTED = 2000;

/** The outcomes of orders that need nothing more. */
const THROUGH = new Set(['valid', 'accepted', 'unchanged']);
const isLeft = outcome => !THROUGH.has(data.outcomes[outcome]);

const orders = { all: [], sight: [], sort: null, down: false, drawn: new Map(), height: 38, isPrinting: false };

/** An order of the data as an object; the order of the fields is that of data.rs. */
function order(index) {
  const [company, id, outcome, status, attempts, latency, rows, requests, message, isTwice, held] = data.orders[index];
  return { company, id, outcome: data.outcomes[outcome], status, attempts, latency, rows, requests, isTwice, held,
    message: message === null ? null : data.texts[message] };
}

/** Takes new data: what is looked for in each order is made once. */
function takeOrders() {
  orders.all = data.orders.map(([company, id, , , , , rows, , message]) =>
    [id, company, rows.map(([source]) => data.sources[source].path).join(' '), message === null ? '' : data.texts[message]]
      .join('\n').toLowerCase());
  const numbers = new Map();
  for (const [, , outcome] of data.orders) numbers.set(outcome, (numbers.get(outcome) ?? 0) + 1);
  const option = (value, text, number) => make('option', { value }, number === undefined ? text : `${text} (${grouped(number)})`);
  const kinds = [...numbers].sort(([a], [b]) => a - b);
  const left = kinds.filter(([outcome]) => isLeft(outcome));
  const sum = left.reduce((all, [, number]) => all + number, 0);
  const chosen = $('order-outcome').value;
  $('order-outcome').replaceChildren(option('', 'all'),
    ...(sum > 0 ? [option('left', data.kind === 'validate' || data.kind === 'plan' ? 'held back' : 'not delivered', sum)] : []),
    ...kinds.map(([index, number]) => option(data.outcomes[index], data.outcomes[index], number)));
  $('order-outcome').value = chosen;
  const companies = new Set(data.orders.map(([company]) => company));
  $('companies').replaceChildren(...[...companies].sort().slice(0, 1000).map(company => option(company, '')));
}

/** Finds the orders that are asked for, in the order that is asked for. */
function findOrders() {
  const words = $('order-search').value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = $('order-outcome').value;
  const company = $('order-company').value.trim().toLowerCase();
  orders.sight = [];
  for (let index = 0; index < data.orders.length; index += 1) {
    const [ofCompany, , ofOutcome] = data.orders[index];
    if (outcome !== '' && (outcome === 'left' ? !isLeft(ofOutcome) : data.outcomes[ofOutcome] !== outcome)) continue;
    if (company !== '' && !ofCompany.toLowerCase().includes(company)) continue;
    if (words.every(word => orders.all[index].includes(word))) orders.sight.push(index);
  }
  sortOrders();
  const all = counted(data.orders.length, 'order', 'orders');
  $('order-count').textContent = orders.sight.length === data.orders.length ? all : `${grouped(orders.sight.length)} of ${all}`;
  $('order-table').setAttribute('aria-rowcount', orders.sight.length + 1);
  $('order-box').scrollTop = 0;
  drawOrders();
}

/** Digits of one length sort as their numbers do. */
const sortable = text => text.toLowerCase().replace(/\d+/g, digits => digits.padStart(12, '0'));

const SORT_KEYS = {
  order: ([, id]) => sortable(id),
  company: ([company]) => sortable(company),
  outcome: ([, , outcome]) => outcome,
  attempts: ([, , , , attempts]) => attempts,
  latency: ([, , , , , latency]) => latency ?? -1,
  rows: ([, , , , , , rows]) => rows.reduce((sum, part) => sum + part.length - 1, 0),
};

function sortOrders() {
  for (const button of document.querySelectorAll('[data-sort]')) {
    const isSorted = button.dataset.sort === orders.sort;
    button.parentElement.setAttribute('aria-sort', isSorted ? (orders.down ? 'descending' : 'ascending') : 'none');
  }
  if (orders.sort === null) return;
  const keys = new Map(orders.sight.map(index => [index, SORT_KEYS[orders.sort](data.orders[index])]));
  const way = orders.down ? -1 : 1;
  orders.sight.sort((a, b) => {
    const [one, other] = [keys.get(a), keys.get(b)];
    return one < other ? -way : one > other ? way : a - b;
  });
}

/** A click sorts upwards, the next downwards, the third not at all. */
function sortBy(name) {
  if (orders.sort !== name) [orders.sort, orders.down] = [name, false];
  else if (!orders.down) orders.down = true;
  else orders.sort = null;
  findOrders();
}

/** Draws the rows in sight and a few more, keeping those that stay: one of them may have the focus. */
function drawOrders() {
  const box = $('order-box');
  const [from, to] = orders.isPrinting ? [0, MOST_PRINTED] : [
    Math.floor(box.scrollTop / orders.height) - SPARE,
    Math.ceil((box.scrollTop + box.clientHeight) / orders.height) + SPARE,
  ];
  const last = Math.min(to, orders.sight.length);
  const first = Math.max(0, Math.min(from, last));
  const rows = [];
  const drawn = new Map();
  for (let place = first; place < last; place += 1) {
    const row = orders.drawn.get(orders.sight[place]) ?? orderRow(orders.sight[place]);
    row.setAttribute('aria-rowindex', place + 2);
    drawn.set(orders.sight[place], row);
    rows.push(row);
  }
  const body = $('order-rows');
  if (body.contains(document.activeElement) && rows.some(row => row.contains(document.activeElement))) {
    keepFocus(body, rows);
  } else {
    body.replaceChildren(...rows);
  }
  orders.drawn = drawn;
  space(body, 'before', first);
  if (orders.isPrinting) note(body, orders.sight.length - last);
  else space(body, 'after', orders.sight.length - last);
  const height = rows[0]?.getBoundingClientRect().height;
  if (height && !orders.isPrinting && Math.abs(height - orders.height) > 0.5) {
    orders.height = height;
    drawOrders();
  }
}

/** Replaces rows around the one with the focus, which must not leave the page for a moment. */
function keepFocus(body, rows) {
  const kept = new Set(rows);
  for (const old of [...body.children]) if (!kept.has(old)) old.remove();
  const focused = rows.findIndex(row => row.contains(document.activeElement));
  rows.slice(0, focused).forEach(row => body.insertBefore(row, rows[focused]));
  body.append(...rows.slice(focused + 1));
}

/** Holds the place of the rows that are not drawn. */
function space(body, where, rows) {
  if (rows === 0) return;
  const cell = make('td', { colSpan: COLUMNS.length });
  cell.style.height = `${rows * orders.height}px`;
  const row = make('tr', { className: 'space', 'aria-hidden': 'true' }, cell);
  if (where === 'before') body.prepend(row);
  else body.append(row);
}

/** Says on paper what is not on it. */
function note(body, rows) {
  if (rows === 0) return;
  const words = `and ${counted(rows, 'order', 'orders')} more; filter them, or open another format of the report`;
  body.append(make('tr', {}, make('td', { colSpan: COLUMNS.length }, words)));
}

function orderRow(index) {
  const { company, id, outcome, status, attempts, latency, rows, message } = order(index);
  const open = make('button', { type: 'button', className: 'link', title: shown(id), 'data-order': String(index) }, shown(id));
  // Numbers first, so that truncation affects long file names only.
  const place = ([source, ...numbers]) => runs(numbers) + (data.sources.length === 1 ? '' : ` in ${sourceName(source)}`);
  const cells = [
    open,
    shown(company),
    make('span', { className: `badge ${outcome.replace(' ', '-')}` }, outcome + (status >= 300 ? ` (${status})` : '')),
    rows.map(place).join('; '),
    attempts === 0 ? '' : grouped(attempts),
    latency === null ? '' : duration(latency),
    message === null ? '' : shown(message),
  ];
  return make('tr', {}, ...cells.map((cell, column) => {
    const title = typeof cell === 'string' ? cell : '';
    return make('td', { className: `c-${COLUMNS[column]}`, title }, cell);
  }));
}

/** Moves the focus among the orders, by so many. */
function moveInOrders(event) {
  const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };
  const index = event.target.dataset?.order;
  if (index === undefined || !(event.key in steps)) return;
  event.preventDefault();
  const place = orders.sight.indexOf(Number(index)) + steps[event.key];
  const next = Math.max(0, Math.min(place, orders.sight.length - 1));
  const box = $('order-box');
  const top = next * orders.height;
  const inSight = box.clientHeight - 2 * orders.height;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top > box.scrollTop + inSight) box.scrollTop = top - inSight;
  drawOrders();
  orders.drawn.get(orders.sight[next])?.querySelector('button').focus({ preventScroll: true });
}

