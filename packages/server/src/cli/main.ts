import { configYaml } from '../config/index.js';
import { version } from '../version.js';
import { convert } from './convert.js';
import { danmu } from './danmu.js';
import { danmuExport } from './danmu-export.js';
import { info } from './info.js';
import { createProgram } from './program.js';
import { record } from './record.js';
import { repair } from './repair.js';
import { serve } from './serve.js';
import { sign } from './sign.js';

// A reader that has seen enough (`millrace config | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

await createProgram(version, {
  serve,
  config: () => void process.stdout.write(configYaml()),
  sign,
  info,
  repair,
  convert,
  record,
  danmu,
  danmuExport,
}).parseAsync();
