import { configYaml } from '../config/index.js';
import { version } from '../version.js';
import { convert } from './convert.js';
import { danmu } from './danmu.js';
import { danmuExport } from './danmu-export.js';
import { explainFileError } from './file-error.js';
import { info } from './info.js';
import { createProgram } from './program.js';
import { record } from './record.js';
import { repair } from './repair.js';
import { serve } from './serve.js';
import { sign } from './sign.js';

let isServer = false;

// A reader that has seen enough (`millrace config | head`) is no error, and a server outlives the disk of its log.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || isServer) return;
  process.stderr.write(`${explainFileError('standard output', error) ?? error.message}\n`);
  process.exit(1);
});

await createProgram(version, {
  serve: (options) => {
    isServer = true;
    return serve(options);
  },
  config: () => void process.stdout.write(configYaml()),
  sign,
  info,
  repair,
  convert,
  record,
  danmu,
  danmuExport,
}).parseAsync();
