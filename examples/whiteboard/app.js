// A whiteboard: everybody who has the page open draws on one board. What is drawn lives in a shared object.
//   npx millrace serve --app examples/whiteboard/app.js
// Then open http://localhost:8090 in several windows. WHITEBOARD_PORT is another port for the page.
import { AmfObject, defineApp, reject } from 'millrace';
import { servePage } from './serve-page.js';

const maxStrokeLength = 4000;

/**
 * Strokes come from the network: they can be anything. Other browsers are to draw them.
 *
 * @param {import('millrace').AmfValue} value
 */
function isStroke(value) {
  if (!(value instanceof AmfObject)) return false;
  const [color, width, points] = ['color', 'width', 'points'].map((name) => value.get(name));
  return (
    typeof color === 'string' &&
    /^#[0-9a-f]{6}$/.test(color) &&
    typeof width === 'number' &&
    width >= 1 &&
    width <= 50 &&
    typeof points === 'string' &&
    points.length <= maxStrokeLength &&
    /^\d{1,4},\d{1,4}( \d{1,4},\d{1,4})*$/.test(points)
  );
}

export default defineApp({
  name: 'whiteboard',

  async onAppStart() {
    const port = await servePage(Number(process.env.WHITEBOARD_PORT ?? 8090));
    console.log(`The whiteboard is at http://localhost:${port}`);
  },

  onSharedObject(_client, { name }) {
    if (!/^[\w-]{1,40}$/.test(name)) throw reject('There is no such board.');
  },

  onSharedObjectChange(_client, _object, changes) {
    for (const change of changes) {
      if (change.type === 'set' && !isStroke(change.value)) throw reject('That is no stroke.');
    }
  },
});
