// The servers that `npm run bench:peers` compares: how each is found, configured (its defaults, apart from ports and
// connection limits) and started. Each is one process tree on a free loopback port.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The absolute path of a program, or undefined if it is not installed. */
function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** A loopback port that was free a moment ago: for programs that cannot bind port 0 and say what they got. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program with as many open files as the system allows: a thousand players are a thousand sockets. */
function spawnServer(command, args, options) {
  return spawn('/bin/sh', ['-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', command, ...args], options);
}

function connects(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function waitForPort(child, port, what) {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`${what} ended with code ${child.exitCode}`);
    if (await connects(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not open its port within 15 s`);
}

/** Ends a child by its pid, politely first. */
export async function stopServer(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 6_000);
  await ended;
  clearTimeout(timer);
}

function readyLine(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('millrace was not ready within 15 s')), 15_000);
    child.once('exit', (code) => reject(new Error(`millrace ended with code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      try {
        const entry = JSON.parse(line);
        if (entry.msg !== 'ready') return;
        clearTimeout(timer);
        resolve(entry);
      } catch {
        // Not a log line.
      }
    });
  });
}

const millrace = {
  name: 'millrace',
  missing: () =>
    existsSync(join(root, 'packages/server/dist/cli/main.js')) ? undefined : 'not built: run "npm run build"',
  version: () => JSON.parse(readFileSync(join(root, 'packages/server/package.json'), 'utf8')).version,
  async start(folder, settings) {
    const sets = [
      'rtmp.listen=127.0.0.1:0',
      'http.listen=127.0.0.1:0',
      `media.dir=${join(folder, 'media')}`,
      `state.dir=${join(folder, 'state')}`,
      ...settings,
    ].flatMap((setting) => ['--set', setting]);
    const child = spawnServer(
      process.execPath,
      [join(root, 'packages/server/bin/millrace.js'), 'serve', '--log', 'json', ...sets],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const ready = await readyLine(child);
    return { child, port: ready.rtmpPort };
  },
};

const nginxModule = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

const nginxRtmp = {
  name: 'nginx-rtmp',
  missing() {
    if (!findProgram('nginx')) return 'nginx is not installed (Debian: nginx-light)';
    return existsSync(nginxModule) ? undefined : 'its RTMP module is not installed (Debian: libnginx-mod-rtmp)';
  },
  version: () => '1.2.2 (libnginx-mod-rtmp)',
  async start(folder) {
    const port = await freePort();
    const config = join(folder, 'nginx.conf');
    writeFileSync(
      config,
      `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
load_module ${nginxModule};
events { worker_connections 16384; }
rtmp {
  access_log off;
  server {
    listen 127.0.0.1:${port};
    chunk_size 4096;
    application live { live on; }
  }
}
`,
    );
    const child = spawnServer(findProgram('nginx'), ['-p', folder, '-e', join(folder, 'error.log'), '-c', config], {
      stdio: 'ignore',
    });
    await waitForPort(child, port, 'nginx');
    return { child, port };
  },
};

const nodeMediaServerFolder = join(root, 'interop/node_modules/node-media-server');

const nodeMediaServer = {
  name: 'node-media-server',
  missing: () => (existsSync(nodeMediaServerFolder) ? undefined : 'not installed: run "npm ci --prefix interop"'),
  version: () => JSON.parse(readFileSync(join(nodeMediaServerFolder, 'package.json'), 'utf8')).version,
  async start(folder) {
    const port = await freePort();
    const config = join(folder, 'config.json');
    const store = { path: join(folder, 'data'), maxHistory: 10_000 };
    writeFileSync(
      config,
      JSON.stringify({
        bind: '127.0.0.1',
        store,
        auth: { play: false, publish: false },
        rtmp: { port },
        http: { port: await freePort() },
        webadmin: { enable: false },
      }),
    );
    const child = spawnServer(process.execPath, [join(nodeMediaServerFolder, 'bin/app.js'), '-c', config], {
      stdio: 'ignore',
      cwd: folder,
    });
    await waitForPort(child, port, 'node-media-server');
    return { child, port };
  },
};

const srs = {
  name: 'srs',
  missing: () => (findProgram('srs') ? undefined : 'no program "srs" on PATH'),
  version: () => '',
  async start(folder) {
    const port = await freePort();
    const config = join(folder, 'srs.conf');
    mkdirSync(join(folder, 'objs'));
    writeFileSync(
      config,
      `listen 127.0.0.1:${port};
max_connections 10000;
daemon off;
srs_log_tank console;
srs_log_level error;
pid ${folder}/srs.pid;
vhost __defaultVhost__ { }
`,
    );
    const child = spawnServer(findProgram('srs'), ['-c', config], { stdio: 'ignore', cwd: folder });
    await waitForPort(child, port, 'srs');
    return { child, port };
  },
};

/** Every server of the comparison, in the order of the table. */
export const peerServers = [millrace, nginxRtmp, nodeMediaServer, srs];
