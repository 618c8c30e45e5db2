// Draws what the slots of a shared object hold: each is a stroke, and grows while it is being drawn.
//   ?server=ws://HOST:8080/rtmp/whiteboard   where the server is, unless on this host
//   ?board=NAME                              another board
import { NetConnection, SharedObject } from '@millrace/client';

/**
 * @typedef {{ color: string, width: number, points: string }} Stroke Points are `x,y x,y …` of the canvas.
 * @typedef {Record<string, Stroke>} Board
 * @typedef {{ x: number, y: number, seenMs: number }} Pointer
 */

const parameters = new URLSearchParams(location.search);
const serverUrl = parameters.get('server') ?? `ws://${location.hostname}:8080/rtmp/whiteboard`;
const boardName = parameters.get('board') ?? 'board';
const colors = ['#1f2328', '#d1242f', '#e8590c', '#2da44e', '#0969da', '#8250df'];
/** A stroke is sent anew as it grows: a long line is several strokes, each beginning where the last one ends. */
const maxPoints = 200;
const retryMs = 1000;
const pointerMs = 2000;

/**
 * @template {Element} Kind
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
function element(selector, kind) {
  const found = document.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

const canvas = element('#board', HTMLCanvasElement);
const widthInput = element('#width', HTMLInputElement);
const state = element('#state', HTMLOutputElement);
const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));

const me = crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36) ?? '';
let color = colors[0] ?? '#000000';
let count = 0;
/** @type {SharedObject<Board> | undefined} */
let board;
/** @type {{ name: string, points: string[] } | undefined} The stroke that we are drawing. */
let drawing;
/** @type {string[]} Our own strokes, the last one last. */
const drawn = [];
/** @type {Map<string, Pointer>} Where the others are. */
const pointers = new Map();
let notice = '';
let isDrawScheduled = false;
let isSendScheduled = false;

function scheduleDraw() {
  if (isDrawScheduled) return;
  isDrawScheduled = true;
  requestAnimationFrame(draw);
}

function draw() {
  isDrawScheduled = false;
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  // In the order of their names, so that what lies above what is the same in every window.
  const strokes = Object.entries(board?.data ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, stroke] of strokes) if (stroke) drawStroke(stroke);
  for (const { x, y, seenMs } of pointers.values()) {
    if (performance.now() - seenMs > pointerMs) continue;
    context.fillStyle = 'rgb(9 105 218 / 40%)';
    context.beginPath();
    context.arc(x, y, 8, 0, 2 * Math.PI);
    context.fill();
  }
  state.textContent = notice || `${strokes.length} ${strokes.length === 1 ? 'stroke' : 'strokes'}`;
}

/** @param {Stroke} stroke */
function drawStroke({ color, width, points }) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  for (const point of points.split(' ')) {
    const [x = 0, y = 0] = point.split(',').map(Number);
    context.lineTo(x, y);
  }
  context.stroke();
}

/** Strokes are sent once for each picture on the screen at most, and no faster than the network takes them. */
function scheduleSend() {
  if (isSendScheduled) return;
  isSendScheduled = true;
  requestAnimationFrame(async () => {
    const open = board;
    try {
      if (open && drawing && !open.set(drawing.name, strokeOf(drawing.points))) await open.drained();
    } catch {
      // The connection is gone: the event "close" sees to it.
    }
    isSendScheduled = false;
    scheduleDraw();
  });
}

/**
 * @param {string[]} points
 * @returns {Stroke}
 */
function strokeOf(points) {
  return { color, width: Number(widthInput.value), points: points.join(' ') };
}

/** @param {string} point */
function begin(point) {
  count += 1;
  // By time, so that later strokes lie above earlier ones.
  const name = `${Date.now().toString(36)}-${me}-${count}`;
  drawing = { name, points: [point] };
  drawn.push(name);
}

/** The last points may not have been sent yet. */
function finish() {
  if (drawing && board && !board.closed) board.set(drawing.name, strokeOf(drawing.points));
  drawing = undefined;
}

/** @param {PointerEvent} event */
function pointOf(event) {
  const box = canvas.getBoundingClientRect();
  const x = Math.round(((event.clientX - box.left) / box.width) * canvas.width);
  const y = Math.round(((event.clientY - box.top) / box.height) * canvas.height);
  return { x: Math.min(Math.max(x, 0), canvas.width), y: Math.min(Math.max(y, 0), canvas.height) };
}

canvas.addEventListener('pointerdown', (event) => {
  if (!board || event.button !== 0) return;
  canvas.setPointerCapture(event.pointerId);
  const { x, y } = pointOf(event);
  begin(`${x},${y}`);
  scheduleSend();
});

let pointerSentMs = 0;
canvas.addEventListener('pointermove', (event) => {
  const { x, y } = pointOf(event);
  if (drawing) {
    const point = `${x},${y}`;
    drawing.points.push(point);
    if (drawing.points.length >= maxPoints) {
      finish();
      begin(point);
    }
    scheduleSend();
  }
  // A message, and no slot: who comes later need not know where somebody was.
  const nowMs = performance.now();
  if (!board || board.closed || nowMs - pointerSentMs < 50) return;
  pointerSentMs = nowMs;
  board.send('pointer', me, x, y);
});

for (const type of /** @type {const} */ (['pointerup', 'pointercancel'])) {
  canvas.addEventListener(type, () => {
    finish();
    scheduleDraw();
  });
}

element('#clear', HTMLButtonElement).addEventListener('click', () => {
  if (!board || board.closed) return;
  board.clear();
  scheduleDraw();
});

element('#undo', HTMLButtonElement).addEventListener('click', () => {
  const name = drawn.pop();
  if (name === undefined || !board || board.closed) return;
  board.delete(name);
  scheduleDraw();
});

for (const each of colors) {
  const input = document.createElement('input');
  Object.assign(input, { type: 'radio', name: 'color', value: each, checked: each === color, title: each });
  input.style.background = each;
  input.addEventListener('change', () => {
    color = each;
  });
  element('#colors', HTMLFieldSetElement).append(input);
}

/** @param {import('@millrace/client').SharedObjectMessage} message */
function onMessage({ handler, args: [who, x, y] }) {
  if (handler !== 'pointer' || who === me) return;
  if (typeof who !== 'string' || typeof x !== 'number' || typeof y !== 'number') return;
  if (pointers.size > 100) pointers.clear();
  pointers.set(who, { x, y, seenMs: performance.now() });
  setTimeout(scheduleDraw, pointerMs);
  scheduleDraw();
}

async function connect() {
  /** @type {NetConnection | undefined} */
  let connection;
  try {
    connection = await NetConnection.connect(serverUrl);
    board = await SharedObject.getRemote(boardName, connection, {
      persistent: true,
      on: {
        sync: (changes) => {
          if (changes.some(({ type }) => type === 'success' || type === 'clear')) notice = '';
          scheduleDraw();
        },
        message: onMessage,
        status: ({ code }) => {
          notice = code === 'SharedObject.NoWriteAccess' ? 'the board is full, or that was too fast' : code;
          scheduleDraw();
        },
        close: (error) => {
          void connection?.close();
          retry(error);
        },
      },
    });
    notice = '';
    scheduleDraw();
  } catch (error) {
    void connection?.close();
    retry(error instanceof Error ? error : new Error(String(error)));
  }
}

/** @param {Error} error */
function retry(error) {
  drawing = undefined;
  notice = `${error.message}: trying again …`;
  scheduleDraw();
  setTimeout(connect, retryMs);
}

await connect();
