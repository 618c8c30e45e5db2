import { type ChildProcess, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import { afterAll, afterEach, beforeEach } from 'vitest';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<Program>();
let startedByThisTest: Set<Program> | undefined;

// Programs started in a test end with it; those of beforeAll end with the file. A test that fails half-way leaves
// nothing behind that could disturb the next one.
beforeEach(() => {
  startedByThisTest = new Set();
});
afterEach(async () => {
  const programs = [...(startedByThisTest ?? [])];
  startedByThisTest = undefined;
  await Promise.all(programs.map((program) => program.end()));
});
afterAll(async () => {
  await Promise.all([...running].map((program) => program.end()));
});
process.once('exit', () => {
  for (const program of running) program.signalAll('SIGKILL');
});

/** A real program under test or a real peer: its output is kept, its end is awaited, and it is ended by its pid. */
export class Program {
  readonly exited: Promise<Exit>;
  readonly name: string;
  stdout = '';
  stderr = '';
  #child: ChildProcess;
  #isGroup: boolean;
  #binary: Buffer[] = [];
  #exit: Exit | undefined;
  #changed = new Set<() => void>();

  private constructor(name: string, child: ChildProcess, isGroup: boolean) {
    this.name = name;
    this.#isGroup = isGroup;
    this.#child = child;
    child.stdout?.on('data', (data: Buffer) => {
      this.#binary.push(data);
      this.stdout += data.toString('utf8');
      this.#notify();
    });
    child.stderr?.on('data', (data: Buffer) => {
      this.stderr += data.toString('utf8');
      this.#notify();
    });
    this.exited = new Promise((resolve) => {
      const finish = (exit: Exit): void => {
        this.#exit ??= exit;
        running.delete(this);
        this.#notify();
        resolve(this.#exit);
      };
      child.once('error', (error) => {
        this.stderr += error.message;
        finish({ code: 127, signal: null });
      });
      child.once('close', (code, signal) => finish({ code, signal }));
    });
  }

  /**
   * Starts `command` without a shell. `env` adds to this process's environment. `group`: it starts programs of its own
   * (npm), which are ended with it. `input`: it can be written to.
   */
  static start(
    command: string,
    args: readonly string[],
    options: {
      readonly cwd?: string;
      readonly env?: Record<string, string>;
      readonly group?: boolean;
      readonly input?: boolean;
    } = {},
  ): Program {
    const child = spawn(command, args, {
      stdio: [options.input === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      detached: options.group === true,
      env: { ...process.env, ...options.env },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const program = new Program(command.split('/').at(-1) ?? command, child, options.group === true);
    running.add(program);
    startedByThisTest?.add(program);
    return program;
  }

  /** To its standard input, which `end` of it closes. */
  get input(): Writable {
    if (this.#child.stdin === null) throw new Error(`${this.name} was started without an input`);
    return this.#child.stdin;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** Standard output as bytes, for programs that write media to it. */
  get stdoutBytes(): Uint8Array {
    return Buffer.concat(this.#binary);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** To the whole group where it is one. */
  signalAll(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (!this.#isGroup || pid === undefined) this.#child.kill(signal);
    // The group is there until its last member ends, which is what `close` (all output ended) waits for.
    else process.kill(-pid, signal);
  }

  /** Resolves as soon as `find` gives something other than undefined; it is asked again after each output and at the end. */
  waitFor<T>(what: string, find: () => T | undefined, deadlineMs = 20_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#changed.delete(look);
        settle();
      };
      const look = (): void => {
        const found = find();
        if (found !== undefined) finish(() => resolve(found));
        else if (this.#exit) finish(() => reject(this.#failure(`ended before ${what}`)));
      };
      const timer = setTimeout(
        () => finish(() => reject(this.#failure(`gave no ${what} within ${deadlineMs} ms`))),
        deadlineMs,
      );
      this.#changed.add(look);
      look();
    });
  }

  async waitForExit(deadlineMs = 30_000): Promise<Exit> {
    return this.waitFor('exit', () => this.#exit, deadlineMs);
  }

  /** Waits for the end and throws with the program's own words if it did not end with 0. */
  async succeed(deadlineMs = 30_000): Promise<void> {
    const exit = await this.waitForExit(deadlineMs);
    if (exit.code !== 0) throw this.#failure(`ended with ${exit.code ?? exit.signal}`);
  }

  /** Ends it if it still runs: politely, then by force after 5 s. */
  async end(): Promise<void> {
    if (this.#exit) return;
    this.signalAll('SIGTERM');
    const timer = setTimeout(() => this.signalAll('SIGKILL'), 5_000);
    await this.exited;
    clearTimeout(timer);
  }

  #notify(): void {
    for (const look of [...this.#changed]) look();
  }

  #failure(what: string): Error {
    return new Error(`${this.name} ${what}\n${this.stderr.slice(-2_000)}\n${this.stdout.slice(-1_000)}`.trim());
  }
}
