// Helpers for the whole script: elements created from text, and the data object they are rendered from.
// Data never becomes markup: it is set as text, with control characters shown as escapes.

const $ = id => document.getElementById(id);

/** The object that all is drawn from; see data.rs. */
let data = JSON.parse($('data').textContent);

const DISTURBING = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]/g;
const NAMED = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text in which nothing disturbs the words around it. */
const shown = text =>
  String(text).replace(DISTURBING, c => NAMED[c] ?? `\\u{${c.codePointAt(0).toString(16)}}`);

/** An element with properties, attributes (as `aria-…` and `data-…`) and children; texts are set as text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-')) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.filter(child => child !== null && child !== ''));
  return element;
}

const grouped = number => number.toLocaleString('en-US');
const counted = (number, one, many) => `${grouped(number)} ${number === 1 ? one : many}`;

/** The files and their sheets in words; a file without its directory where that tells it apart. */
let sourceNames = [];
const sourceName = index => sourceNames[index];

function nameSources() {
  const short = path => path.split(/[\\/]/).at(-1);
  const paths = new Map();
  for (const { path } of data.sources) paths.set(short(path), (paths.get(short(path)) ?? new Set()).add(path));
  sourceNames = data.sources.map(({ path, sheet }) => {
    const name = paths.get(short(path)).size > 1 ? path : short(path);
    return shown(sheet === null ? name : `${name} [${sheet}]`);
  });
}

/** Rows in runs: 2, 3, 4, 7 are 2-4, 7. With the letters of a column they are cells: F2-F4, F7. */
function runs(rows, letters = '') {
  const parts = [];
  rows.forEach((row, index) => {
    const last = parts.at(-1);
    if (index > 0 && row === last[1] + 1) last[1] = row;
    else parts.push([row, row]);
  });
  return parts.map(([from, to]) => (from === to ? letters + from : `${letters}${from}-${letters}${to}`)).join(', ');
}

const duration = milliseconds =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** A button that copies a text and says so. */
function copyButton(label, text) {
  const button = make('button', { type: 'button', className: 'button is-small copy' }, label);
  button.addEventListener('click', async () => {
    const done = await copied(await text());
    button.textContent = done ? 'Copied' : 'Not copied';
    setTimeout(() => { button.textContent = label; }, 1500);
  });
  return button;
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = make('textarea', { value: text, 'aria-hidden': 'true' });
    const place = document.querySelector('dialog[open]') ?? document.body;
    place.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

/** Runs a function once the last of many calls is a moment ago. */
function calmly(run) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, 60);
  };
}

