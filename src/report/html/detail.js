// The details of one order: outcome, rows and their problems, requests, update.

/** Returns the update that an order's rows make. They are compressed by the part; see bodies.rs. */
async function bodyOf(index) {
  const part = data.bodies[Math.floor(index / data.bodies_each)];
  const bytes = Uint8Array.from(atob(part), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text())[index % data.bodies_each];
}

/** The problems of an order are those of its rows. */
function problemsOf({ rows }) {
  const places = new Set(rows.flatMap(([source, ...numbers]) => numbers.map(row => `${source}:${row}`)));
  return data.problems.map(problem).filter(({ source, row }) => places.has(`${source}:${row}`));
}

const fullName = source => [data.sources[source].path, data.sources[source].sheet].filter(Boolean).join(', sheet ');
const part = (title, ...children) => [make('h3', {}, title), ...children];
const list = items => make('ul', {}, ...items.map(item => make('li', {}, item)));

function openOrder(index) {
  const one = order(index);
  $('order-title').textContent = `Order ${shown(one.id)}`;
  $('order-detail').replaceChildren(...fate(one), ...rowsOf(one), ...requestsOf(one), ...updateOf(index, one.outcome));
  $('order-dialog').showModal();
  $('order-dialog').scrollTop = 0;
}

function fate({ company, outcome, status, message, isTwice, held }) {
  const fact = (name, ...text) => make('div', {}, make('dt', {}, name), make('dd', {}, ...text));
  const facts = make('dl', { className: 'facts' },
    fact('Outcome', make('span', { className: `badge ${outcome.replace(' ', '-')}` }, outcome)),
    fact('Company', shown(company)),
    status === null ? null : fact('HTTP status', String(status)));
  const twice = isTwice ? [make('p', { className: 'said' }, 'The server may have its report links twice.')] : [];
  const kept = held.length === 0 ? [] : part('Held reports',
    list(held.map(([scope, name, url]) => shown([scope, name, url].filter(Boolean).join(': ')))));
  const said = message === null ? [] : [make('p', { className: 'said' }, shown(message))];
  return [facts, ...said, ...twice, ...kept];
}

function rowsOf(one) {
  const places = one.rows.map(([source, ...numbers]) => `${shown(fullName(source))}: ${numbers.length === 1 ? 'row' : 'rows'} ${runs(numbers)}`);
  const found = problemsOf(one);
  const problems = found.length === 0 ? [] : part('Problems', findingsTable(alike(found).slice(0, 200), true));
  return [...part('Rows', list(places)), ...problems];
}

function requestsOf({ requests }) {
  if (requests.length === 0) return [];
  const line = ([at, latency, status, message]) => {
    const time = new Date(data.began + at).toISOString().slice(11, 23);
    const words = message === null ? '' : `: ${shown(data.texts[message])}`;
    return `${time} UTC, ${status === null ? 'no answer' : status} after ${duration(latency)}${words}`;
  };
  return part('Requests', list(requests.map(line)));
}

function updateOf(index, outcome) {
  const body = make('pre', { className: 'body', tabIndex: 0 }, '…');
  const text = bodyOf(index).then(
    update => JSON.stringify(update, null, 2).replace(DISTURBING, c => (c === '\n' ? c : `\\u${c.codePointAt(0).toString(16).padStart(4, '0')}`)),
    () => 'this browser cannot decompress the update; use a newer one');
  text.then(ready => { body.textContent = ready; });
  const title = make('h3', {}, 'Update', copyButton('Copy', () => text));
  const note = make('p', { className: 'hint' }, outcome === 'invalid'
    ? 'The readable part of its rows; nothing was sent.'
    : 'The update built from its rows. Report links that were already accepted are not sent again.');
  return [title, note, body];
}

