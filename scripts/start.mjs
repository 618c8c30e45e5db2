// `npm start -- ARGS`: builds what changed, then becomes `millrace serve ARGS` in this same process, so that signals
// and the exit code are the server's own.
import './build.mjs';

// npm hands a SIGTERM to the shell in between, which dies of it without a word to this process: without this the server
// would go on alone and keep its ports.
if (process.env.npm_lifecycle_event === 'start') {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, 250);
  watch.unref();
}

process.argv.splice(2, 0, 'serve');
await import('../packages/server/bin/millrace.js');
