// Event listeners and the first rendering.

/** Draws all of the data. */
function show() {
  nameSources();
  takeOrders();
  orders.drawn = new Map();
  findOrders();
  drawProblems();
}

/** On paper nothing scrolls or opens: as many orders as are sensible stand there whole, and each kind of problem. */
function prepare(isPrinting) {
  orders.isPrinting = isPrinting;
  drawOrders();
  for (const group of document.querySelectorAll('.group')) {
    if (isPrinting && !group.open) group.classList.add('is-for-paper');
    if (isPrinting) openGroup(group);
    else if (group.classList.contains('is-for-paper')) group.open = false;
    if (!isPrinting) group.classList.remove('is-for-paper');
  }
}

for (const element of document.querySelectorAll('.needs-script')) element.hidden = false;
for (const id of ['order-search', 'order-outcome', 'order-company']) $(id).addEventListener('input', calmly(findOrders));
for (const id of ['problem-search', 'problem-severity', 'problem-sort']) $(id)?.addEventListener('input', calmly(drawProblems));
for (const button of document.querySelectorAll('[data-sort]')) button.addEventListener('click', () => sortBy(button.dataset.sort));
for (const line of document.querySelectorAll('.command')) line.append(copyButton('Copy', () => line.firstElementChild.textContent));
$('order-box').addEventListener('scroll', () => requestAnimationFrame(drawOrders), { passive: true });
$('order-rows').addEventListener('keydown', moveInOrders);
$('order-rows').addEventListener('click', event => {
  const index = event.target.dataset.order;
  if (index !== undefined) openOrder(Number(index));
});
document.addEventListener('click', event => {
  const outcome = event.target.closest('[data-outcome]')?.dataset.outcome;
  if (outcome === undefined) return;
  $('order-outcome').value = outcome;
  findOrders();
});
$('order-close').addEventListener('click', () => $('order-dialog').close());
new ResizeObserver(() => drawOrders()).observe($('order-box'));
addEventListener('beforeprint', () => prepare(true));
addEventListener('afterprint', () => prepare(false));

// A live page passes newer data by dispatching this event:
// document.dispatchEvent(new CustomEvent('scoreload-data', { detail: data })).
document.addEventListener('scoreload-data', event => {
  data = event.detail;
  show();
});

show();
