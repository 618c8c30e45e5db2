// Plays a stream and prints a line for everything that the server sends, until Ctrl+C:
//   node examples/play.js rtmp://localhost/live/test
import { NetConnection } from '@millrace/client';
import { amfToPlain, parseAudioTagHeader, parseVideoTagHeader } from '@millrace/protocol';

process.stdout.on('error', () => process.exit()); // `| head` has seen enough.

const [url] = process.argv.slice(2);
if (url === undefined) {
  console.error('usage: node examples/play.js rtmp://HOST/APP/NAME');
  process.exit(2);
}

const connection = await NetConnection.connect(url);
process.once('SIGINT', () => void connection.close());
const stream = await connection.createStream();
await stream.play(connection.url.streamName ?? 'test');

for await (const event of stream) {
  switch (event.type) {
    case 'video': {
      const header = parseVideoTagHeader(event.payload);
      const key = header?.isKeyFrame === true ? ', key frame' : '';
      console.log(
        `${event.timestamp} video ${header?.codec} ${header?.packetType}${key}, ${event.payload.length} bytes`,
      );
      break;
    }
    case 'audio': {
      const header = parseAudioTagHeader(event.payload);
      console.log(`${event.timestamp} audio ${header?.codec} ${header?.packetType}, ${event.payload.length} bytes`);
      break;
    }
    case 'data':
      console.log(`${event.timestamp} data ${JSON.stringify(event.values?.map(amfToPlain))}`);
      break;
    case 'status':
      console.log(`status ${event.status.code}: ${event.status.description}`);
      break;
    case 'userControl':
      console.log(`user control ${event.event.type}`);
      break;
  }
}
