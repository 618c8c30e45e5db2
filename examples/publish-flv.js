// Publishes an FLV file at its own pace, over and over, until Ctrl+C:
//   node examples/publish-flv.js input.flv rtmp://localhost/live/test
import { readFile } from 'node:fs/promises';
import { NetConnection, publishFlv } from '@millrace/client';

const [file, url] = process.argv.slice(2);
if (file === undefined || url === undefined) {
  console.error('usage: node examples/publish-flv.js FILE rtmp://HOST/APP/NAME');
  process.exit(2);
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());

const connection = await NetConnection.connect(url);
const stream = await connection.createStream();
const { code } = await stream.publish(connection.url.streamName ?? 'test');
console.log(`${code}: press Ctrl+C to stop`);

const sent = await publishFlv(stream, await readFile(file), { loop: true, signal: stop.signal });
await connection.close();
console.log(`sent ${sent.messages} messages, ${(sent.durationMs / 1000).toFixed(1)} s`);
