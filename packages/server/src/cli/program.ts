import { Command, Option } from 'commander';
import type { ConvertOptions } from './convert.js';
import type { DanmuOptions } from './danmu.js';
import type { DanmuExportOptions } from './danmu-export.js';
import type { InfoOptions } from './info.js';
import type { RecordOptions } from './record.js';
import type { RepairOptions } from './repair.js';
import type { ServeOptions } from './serve.js';
import type { SignOptions } from './sign.js';

/** What the commands do. */
export interface Actions {
  serve(options: ServeOptions): Promise<void>;
  /** Prints every key of the configuration with its default. */
  config(): void;
  /** Prints links that are good for some time. */
  sign(urls: readonly string[], options: SignOptions): void;
  /** Says what is in a recording. */
  info(file: string, options: InfoOptions): Promise<void>;
  /** Saves what is sound of a recording. */
  repair(file: string, options: RepairOptions): Promise<void>;
  /** Writes a recording in another format. */
  convert(source: string, target: string, options: ConvertOptions): Promise<void>;
  /** Records what a server plays. */
  record(url: string, file: string, options: RecordOptions): Promise<void>;
  /** Shows a room and sends what is typed. */
  danmu(url: string, options: DanmuOptions): Promise<void>;
  /** Prints what was said during a recording. */
  danmuExport(file: string, options: DanmuExportOptions): Promise<void>;
}

const examples = `
Examples:
  millrace serve                                   RTMP on port 1935, the web page on port 8080
  millrace serve --demo                            the same, with a test stream to watch: live/demo
  millrace serve --set rtmp.listen=127.0.0.1:1936  another address
  millrace serve --set tls.selfSigned=true         with TLS: RTMPS on port 1935, and alone on port 1936
  millrace serve --config millrace.yaml            settings from a file
  millrace serve --app ./my-app.js                 with your own rules and procedures
  millrace config > millrace.yaml                  a file with every setting, its default and its meaning
  millrace sign rtmp://HOST/live/test -c FILE      a link to watch it for an hour
  millrace record rtmp://HOST/live/test FILE.flv   what is played there, as a file
  millrace danmu rtmp://HOST/live/test             what the audience of a stream says, and a word of yours

Publish to rtmp://HOST/live/NAME with ffmpeg or OBS. Watch rtmp://HOST/live/NAME with a player, or in the web page.
`;

/** The command line. */
export function createProgram(version: string, actions: Actions): Command {
  const program = new Command('millrace')
    .description('A live RTMP server: OBS and ffmpeg publish, players and browsers watch.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', examples)
    .configureOutput({ outputError: (text, write) => write(oneLine(text)) });

  program
    .command('serve')
    .description('run the server until it is stopped by Ctrl+C or SIGTERM')
    .option('-c, --config <file>', 'YAML file with settings')
    .option('-s, --set <key=value>', 'one setting; wins over the file; may be repeated', collect, [])
    .addOption(new Option('-l, --log <format>', 'how the log is written').choices(['pretty', 'json']))
    .option('-a, --app <file>', 'your application: who may connect, publish and play, and what clients can call')
    .option('--demo', 'also publish a test stream, live/demo', false)
    .addHelpText('after', examples)
    .action((options: ServeOptions) => actions.serve(options));

  program
    .command('config')
    .description('print a configuration file with every setting, its default and its meaning')
    .action(() => actions.config());

  program
    .command('sign')
    .description('print links that are good for some time, for a server with access.urlSecret')
    .argument('<url...>', 'where the stream is: rtmp://HOST/live/test or http://HOST:8080/live/test.flv')
    .addOption(
      new Option('-f, --for <action>', 'what the links are good for').choices(['publish', 'play']).default('play'),
    )
    .option('-e, --expires <time>', 'how long they are good: 90s, 15m, 2h, 7d', '1h')
    .option('--ip <address>', 'the only address that may use them')
    .option('-c, --config <file>', 'YAML file with settings')
    .option('-s, --set <key=value>', 'one setting; wins over the file; may be repeated', collect, [])
    .action((urls: string[], options: SignOptions) => actions.sign(urls, options));

  program
    .command('info')
    .description('say what is in an FLV or MP4 file: codecs, duration, key frames, damage')
    .argument('<file>', 'the file')
    .option('--json', 'for programs: one object', false)
    .action((file: string, options: InfoOptions) => actions.info(file, options));

  program
    .command('repair')
    .description('keep what is sound of an FLV or fragmented MP4 file, with duration and an index for seeking')
    .argument('<file>', 'the file; it is replaced once the repaired one is complete')
    .option('-o, --out <file>', 'where the repaired file goes instead')
    .action((file: string, options: RepairOptions) => actions.repair(file, options));

  program
    .command('convert')
    .description('make an MP4 file of an FLV file or the other way round; nothing is transcoded')
    .argument('<source>', 'an FLV or MP4 file')
    .argument('<target>', 'the file to make; its name ends in .flv or .mp4')
    .option('-f, --force', 'replace the target where it is there', false)
    .action((source: string, target: string, options: ConvertOptions) => actions.convert(source, target, options));

  program
    .command('record')
    .description('record what a server plays into a file, exactly as it comes')
    .argument(
      '<url>',
      'of the stream: rtmp://HOST/live/test, ws://HOST:8080/rtmp/live/test, http://HOST:8080/live/test.flv; also rtmps, rtmpe, rtmpt, rtmpte, rtmpts, wss, https',
    )
    .argument('<file>', 'the file; its name ends in .flv or .mp4')
    .option('-d, --duration <time>', 'how long to record: 90s, 15m, 2h; else until the stream ends, or Ctrl+C')
    .option('--start <seconds>', 'where to begin in a stream that is itself a recording')
    .option('-a, --append', 'go on behind what is in the file', false)
    .option('-f, --force', 'replace the file, once the new one is complete', false)
    .option('-r, --reconnect', 'play again when the stream or the connection ends', false)
    .option('-w, --wait <time>', 'how long to wait when nothing comes: 10s, 15m; 0 waits for ever', '10s')
    .action((url: string, file: string, options: RecordOptions) => actions.record(url, file, options));

  const danmu = program
    .command('danmu')
    .description('show the danmu of a stream, and send each line that is typed or piped in')
    .argument(
      '<url>',
      'of the stream: rtmp://HOST/live/test or ws://HOST:8080/rtmp/live/test; also rtmps, rtmpe, rtmpt, rtmpte, rtmpts, wss',
    )
    .option('-u, --user <name>', 'who you are', 'guest')
    .option('--json', 'print JSON, an object a line', false)
    .option('-w, --wait <time>', 'how long to go on when there is no more input: 0, 2s, 15m, 2h', '1s')
    .action((url: string, options: DanmuOptions) => actions.danmu(url, options));

  danmu
    .command('export')
    .description('print what was said during a recording, as JSON lines or subtitles')
    .argument('<file>', 'the recording, or its file of danmu: NAME.flv or NAME.danmu.jsonl')
    .option('--ass', 'subtitles for players: Advanced SubStation Alpha', false)
    .option('-o, --out <file>', 'where it goes, instead of standard output')
    .action((file: string, options: DanmuExportOptions) => actions.danmuExport(file, options));

  return program;
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

/** Commander's message, its suggestion if it has one, and where to read on. */
function oneLine(text: string): string {
  const message = text
    .replace(/^error: /, '')
    .trim()
    .replace(/\s*\n\s*/g, ' ');
  return `${message}. See: millrace --help\n`.replace(/([.)?])\. See/, '$1 See');
}
