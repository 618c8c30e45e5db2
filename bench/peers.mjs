// `npm run bench:peers`: one load, several servers in turn, on the same machine within one run. Absolute figures drift
// from run to run; the ratios within a run hold, so the runs of the servers are interleaved and medians are shown.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { peerServers, stopServer } from './peer-servers.mjs';

const folder = dirname(fileURLToPath(import.meta.url));

const usage = `npm run bench:peers [-- OPTIONS]
  --servers A,B    millrace,nginx-rtmp,node-media-server,srs (default: all; missing ones are named and left out)
  --players N      default 1000; 0 with --streams 200 measures publishing alone
  --streams N      publishers, default 1
  --kbps N         video bit rate of each publisher, default 2500
  --audio-kbps N   audio bit rate of each publisher, default 128
  --seconds N      measured time of each run, default 15
  --runs N         runs of each server, default 3
  --join-rate N    players joining per second, default 500
  --set KEY=VALUE  a setting handed to millrace (may be repeated)
  --json           also prints every run's figures as JSON lines
`;

function readOptions() {
  const { values } = parseArgs({
    options: {
      servers: { type: 'string', default: peerServers.map((server) => server.name).join(',') },
      players: { type: 'string', default: '1000' },
      streams: { type: 'string', default: '1' },
      kbps: { type: 'string', default: '2500' },
      'audio-kbps': { type: 'string', default: '128' },
      seconds: { type: 'string', default: '15' },
      runs: { type: 'string', default: '3' },
      'join-rate': { type: 'string', default: '500' },
      set: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values;
}

/** Compiles the load generator once; a newer source is compiled again. */
function buildLoadGenerator() {
  const source = join(folder, 'rtmpload.c');
  const cache = join(folder, 'node_modules/.cache');
  const program = join(cache, 'rtmpload');
  if (existsSync(program) && statSync(program).mtimeMs > statSync(source).mtimeMs) return program;
  mkdirSync(cache, { recursive: true });
  const done = spawnSync('cc', ['-O2', '-o', program, source], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (done.error) throw new Error(`a C compiler is needed for the load generator: ${done.error.message}`);
  if (done.status !== 0) throw new Error('the load generator did not compile');
  return program;
}

function runLoad(program, port, pid, options) {
  const flags = {
    p: port,
    P: pid,
    n: options.players,
    S: options.streams,
    b: options.kbps,
    A: options['audio-kbps'],
    d: options.seconds,
    r: options['join-rate'],
  };
  const args = Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let errors = '';
    child.stdout.on('data', (data) => {
      output += data;
    });
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.once('error', reject);
    // It exits with 1 when frames were lost or players did not start: the figures say so, so they are kept.
    child.once('close', () => {
      try {
        resolve(JSON.parse(output));
      } catch {
        reject(new Error(`the load generator gave no figures: ${errors.trim() || output.trim()}`));
      }
    });
  });
}

async function measure(server, program, options) {
  const temporary = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  let running;
  try {
    running = await server.start(temporary, options.set);
    return await runLoad(program, running.port, running.child.pid, options);
  } finally {
    if (running) await stopServer(running.child);
    rmSync(temporary, { recursive: true, force: true });
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The CPU time of one run is noisy on a shared machine, so the ratio is the median of each round's own ratio. */
function ratio(results, reference, pick) {
  if (!reference) return '–';
  const ratios = results.flatMap((result, round) => {
    const other = reference[round];
    return result && other && pick(other) > 0 ? [pick(result) / pick(other)] : [];
  });
  return ratios.length ? `${median(ratios).toFixed(2)} ×` : '–';
}

function tableRow(server, results, reference) {
  const done = results.filter(Boolean);
  const of = (pick, digits) => median(done.map(pick)).toFixed(digits);
  const sum = (pick) => done.reduce((total, result) => total + pick(result), 0);
  const cpu = (result) => result.server_cpu_s_per_GB;
  return [
    `${server.name} ${server.version()}`.trim(),
    of((r) => r.live, 0),
    of(cpu, 2),
    ratio(results, reference, cpu),
    of((r) => r.server_cores, 2),
    `${of((r) => r.lat_ms.p50, 1)} / ${of((r) => r.lat_ms.p99, 0)}`,
    `${of((r) => r.join_ms.p50, 0)} / ${of((r) => r.join_ms.p99, 0)}`,
    of((r) => r.server_MiB, 0),
    of((r) => r.KiB_per_player, 0),
    of((r) => (r.players > 0 ? r.gbit_s : r.published_gbit_s), 2),
    `${sum((r) => r.lost)} / ${sum((r) => r.repeated)} / ${sum((r) => r.damaged)}`,
    of((r) => r.load_cores, 2),
  ];
}

const columns = [
  'server',
  'players',
  'CPU s/GB',
  '× nginx-rtmp',
  'cores',
  'latency p50 / p99 ms',
  'join p50 / p99 ms',
  'MiB',
  'KiB/player',
  'Gbit/s',
  'lost / repeated / damaged',
  "load's cores",
];

function printTable(options, measured) {
  const model = cpus()[0]?.model ?? 'unknown CPU';
  const reference = measured.find(({ server }) => server.name === 'nginx-rtmp')?.results;
  console.log(
    `\n${options.streams} publisher(s) at ${options.kbps} kbit/s video + ${options['audio-kbps']} kbit/s audio, ` +
      `${options.players} players, ${options.seconds} s, median of ${options.runs} interleaved run(s).` +
      `${options.set.length ? ` millrace with ${options.set.join(', ')}.` : ''}\n` +
      `Machine: ${model}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}; loopback. ` +
      `CPU is the server's, in seconds per GB ${Number(options.players) > 0 ? 'delivered' : 'published'}.\n`,
  );
  console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|`);
  for (const { server, results } of measured) {
    if (results.some(Boolean)) console.log(`| ${tableRow(server, results, reference).join(' | ')} |`);
    else console.log(`| ${server.name} | ${columns.slice(1).fill('failed').join(' | ')} |`);
  }
}

async function main() {
  const options = readOptions();
  if (options.help) return void console.log(usage);
  const wanted = options.servers.split(',');
  const unknown = wanted.filter((name) => !peerServers.some((server) => server.name === name));
  if (unknown.length) throw new Error(`unknown server: ${unknown.join(', ')}\n${usage}`);
  const present = peerServers.filter((server) => {
    if (!wanted.includes(server.name)) return false;
    const reason = server.missing();
    if (reason) console.log(`${server.name}: left out, ${reason}`);
    return reason === undefined;
  });
  const program = buildLoadGenerator();
  const measured = present.map((server) => ({ server, results: [] }));
  for (let round = 1; round <= Number(options.runs); round++) {
    for (const { server, results } of measured) {
      process.stderr.write(`run ${round}/${options.runs}: ${server.name}… `);
      try {
        const result = await measure(server, program, options);
        results.push(result);
        process.stderr.write(`${result.server_cpu_s_per_GB} CPU s/GB, p99 ${result.lat_ms.p99} ms\n`);
        if (options.json) console.log(JSON.stringify({ server: server.name, round, ...result }));
      } catch (error) {
        results.push(undefined);
        process.stderr.write(`failed: ${error.message}\n`);
      }
    }
  }
  printTable(options, measured);
}

await main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
