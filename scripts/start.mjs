// `npm start -- ARGS`: builds what changed, then becomes `millrace serve ARGS` in this same process, so that signals
// and the exit code are the server's own.
import './build.mjs';

process.argv.splice(2, 0, 'serve');
await import('../packages/server/bin/millrace.js');
