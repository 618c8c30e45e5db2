import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './deadline.js';
import { requirePeer } from './peers.js';
import { repository } from './server.js';

/** The little of playwright-core that the tests use: its own types are only there where interop/ is installed. */
interface PlaywrightPage {
  goto(url: string): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  readonly mouse: {
    move(x: number, y: number, options?: { steps: number }): Promise<void>;
    down(): Promise<void>;
    up(): Promise<void>;
  };
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
}

interface PlaywrightContext {
  newPage(): Promise<PlaywrightPage>;
  close(): Promise<void>;
}

interface PlaywrightBrowser {
  newContext(options: {
    colorScheme: 'light' | 'dark';
    viewport: { width: number; height: number };
  }): Promise<PlaywrightContext>;
  close(): Promise<void>;
}

interface Playwright {
  chromium: { launch(options: { executablePath: string; args: string[] }): Promise<PlaywrightBrowser> };
}

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page in Chromium that remembers everything it complained about. */
export class BrowserPage {
  readonly complaints: string[] = [];
  #page: PlaywrightPage;
  #context: PlaywrightContext;

  constructor(page: PlaywrightPage, context: PlaywrightContext) {
    this.#page = page;
    this.#context = context;
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  async open(url: string): Promise<void> {
    await this.#page.goto(url);
  }

  /**
   * Waits until a JavaScript expression is true in the page. Asked from here: the page's content security policy
   * forbids it to evaluate strings, as Playwright's own waiting would.
   */
  async until(expression: string, deadlineMs = 20_000): Promise<void> {
    try {
      await eventually(expression, async () => (await this.#page.evaluate(expression)) === true, deadlineMs);
    } catch (cause) {
      throw new Error([`${cause}`, ...this.complaints, `the page says: ${await this.text()}`].join('\n'), { cause });
    }
  }

  async evaluate(expression: string): Promise<unknown> {
    return this.#page.evaluate(expression);
  }

  /** Moves the mouse along these points, pressed from the first to the last, with some steps in between. */
  async drag(...points: readonly (readonly [x: number, y: number])[]): Promise<void> {
    const { mouse } = this.#page;
    for (const [at, [x, y]] of points.entries()) {
      await mouse.move(x, y, { steps: 5 });
      if (at === 0) await mouse.down();
    }
    await mouse.up();
  }

  async text(): Promise<string> {
    return String(await this.#page.evaluate('document.body.innerText'));
  }

  /** Kept in the git-ignored folder artifacts/, for people and for CI to show. */
  async screenshot(name: string): Promise<void> {
    const folder = join(repository, 'artifacts');
    mkdirSync(folder, { recursive: true });
    await this.#page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
  }

  async close(): Promise<void> {
    await this.#context.close();
  }
}

/** Chromium, from Debian's package or the one that CHROMIUM names. */
export class Browser {
  #browser: PlaywrightBrowser;

  private constructor(browser: PlaywrightBrowser) {
    this.#browser = browser;
  }

  static async start(test: Parameters<typeof requirePeer>[1]): Promise<Browser> {
    const executablePath = requirePeer('chromium', test);
    const loaded = (await import(requirePeer('playwright-core', test))) as { default: Playwright };
    return new Browser(await loaded.default.chromium.launch({ executablePath, args: flags }));
  }

  async page(colorScheme: 'light' | 'dark' = 'light', width = 1280): Promise<BrowserPage> {
    const context = await this.#browser.newContext({ colorScheme, viewport: { width, height: 800 } });
    return new BrowserPage(await context.newPage(), context);
  }

  async close(): Promise<void> {
    await this.#browser.close();
  }
}
