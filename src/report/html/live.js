// Live updates: changes arrive as events until the page is the finished report.

const live = make('p', { id: 'live', role: 'status' }, 'Live: the import is running.');
document.querySelector('header.top').insertBefore(live, document.querySelector('header.top nav'));

/** Puts changed orders in the place of the old ones; the rows of an order stay as they are. */
function takeChanges({ orders: changed, texts }) {
  const base = data.texts.length;
  data.texts.push(...texts);
  for (const [index, fields] of changed) {
    fields[6] = data.orders[index][6];
    if (fields[8] !== null) fields[8] += base;
    for (const request of fields[7]) if (request[3] !== null) request[3] += base;
    data.orders[index] = fields;
  }
}

/** Draws the orders anew where the reader has scrolled to. */
function redraw() {
  const top = $('order-box').scrollTop;
  takeOrders();
  orders.drawn = new Map();
  findOrders();
  $('order-box').scrollTop = top;
  drawOrders();
}

/** Takes the parts that were drawn elsewhere, with all that comes from the data escaped. */
function replacePart(id, markup) {
  const parsed = new DOMParser().parseFromString(markup, 'text/html');
  $(id).replaceWith(document.adoptNode(parsed.getElementById(id)));
}

const stream = new EventSource(`events?since=${data.version}`);
stream.addEventListener('message', event => {
  const update = JSON.parse(event.data);
  takeChanges(update);
  replacePart('summary', update.summary);
  replacePart('run', update.run);
  redraw();
  live.textContent = 'Live: the import is running.';
  if (!update.is_finished) return;
  stream.close();
  for (const line of document.querySelectorAll('.command')) line.append(copyButton('Copy', () => line.firstElementChild.textContent));
  live.textContent = 'The import has ended: this is the finished report.';
});
stream.addEventListener('error', () => {
  if (stream.readyState !== EventSource.CLOSED) live.textContent = 'The import does not respond; it may have been interrupted.';
});
