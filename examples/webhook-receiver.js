// A receiver of webhooks that decides who may publish: whoever has the key. Everybody may watch.
//   WEBHOOK_SECRET=s3cret STREAM_KEY=k3y node examples/webhook-receiver.js 9000
//   millrace serve --set webhooks.url=http://127.0.0.1:9000/ --set webhooks.secret=s3cret
// Publish to rtmp://HOST/live/studio?key=k3y.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const { WEBHOOK_SECRET = '', STREAM_KEY = '' } = process.env;
const port = Number(process.argv[2] ?? 9000);

/**
 * Whether the body comes from whoever has the secret, and was sent within the last five minutes.
 * @param {string} header The header `millrace-signature`.
 * @param {string} body As it was received: not parsed and written again.
 */
function isSigned(header, body) {
  const [, time, signature] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  if (time === undefined || signature === undefined) return false;
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const expected = createHmac('sha256', WEBHOOK_SECRET).update(`${time}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(signature, 'hex'));
}

const server = createServer(async (request, response) => {
  /** @type {Buffer[]} */
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  if (!isSigned(String(request.headers['millrace-signature'] ?? ''), body)) {
    response.writeHead(400).end();
    return;
  }
  const { event, client, stream, durationMs, recording } = JSON.parse(body);
  // What is recorded is nobody's in particular.
  const what = recording === undefined ? (durationMs ?? '') : `${recording.file}, ${recording.durationMs} ms`;
  console.log(event, client?.address ?? '', stream?.path ?? client?.app, what);
  if (event === 'on_publish' && stream.query.key !== STREAM_KEY) {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ reason: 'The stream key is wrong.' }));
    return;
  }
  response.writeHead(204).end();
});

server.listen(port, '127.0.0.1', () => {
  const address = server.address();
  console.log('listening on port', typeof address === 'object' ? address?.port : address);
});
