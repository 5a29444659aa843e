import type { Dsage } from '../../client/connect.js';
import { asDsageError } from '../../model/errors.js';
import type { Cli } from '../cli.js';
import { lookOf } from '../io.js';
import { frame } from '../top/frame.js';
import { Screen } from '../top/screen.js';
import { type TopView, readView } from '../top/view.js';

const REFRESH_MS = 1_000;
/** Of what a frame shows; from then on it says so. */
const STALE_MS = 3_000;
const RATES_KEPT = 600;
/** Where the output goes to no terminal, which has no width. */
const PLAIN_WIDTH = 120;

/** The overview, kept up to date on a terminal; elsewhere and with `--once` one frame of it. */
export async function top(
  cli: Cli,
  _: string[],
  { once = false }: { readonly once?: boolean },
): Promise<undefined> {
  await cli.withServer(async (d) => {
    if (cli.json) cli.printJson(await readView(d));
    else if (once || !cli.io.stdout.isTTY) await printOnce(cli, d);
    else await new Top(cli, d).run();
  });
}

async function printOnce(cli: Cli, d: Dsage): Promise<void> {
  const { colors, width } = cli.look;
  const lines = frame(await readView(d), {
    ...{ colors, width: width === Infinity ? PLAIN_WIDTH : width, height: Infinity },
    ...{ rates: [], footer: '', stale: '' },
  });
  cli.print(`${lines.join('\n')}\n`);
}

class Top {
  readonly #cli: Cli;
  readonly #d: Dsage;
  readonly #screen: Screen;
  readonly #rates: number[] = [];
  readonly #ended = new AbortController();
  #view: TopView | undefined;
  #trouble = '';
  #isReading = false;

  constructor(cli: Cli, d: Dsage) {
    this.#cli = cli;
    this.#d = d;
    this.#screen = new Screen(cli.io);
  }

  /** Resolves once the user leaves. */
  async run(): Promise<void> {
    // What goes wrong at once, such as a user who may not connect, is told as every command tells it.
    this.#take(await readView(this.#d));
    const left = new Promise<void>((resolve) => {
      this.#ended.signal.addEventListener('abort', () => resolve());
    });
    const leaves = (): void => this.#ended.abort();
    const release = this.#cli.io.onInterrupt(leaves);
    this.#screen.open({ leaves, resized: () => this.#draw() });
    this.#draw();
    const timer = setInterval(() => {
      this.#draw();
      void this.#read();
    }, REFRESH_MS);
    try {
      await left;
    } finally {
      clearInterval(timer);
      release();
      this.#screen.close();
    }
  }

  /** While the server does not answer, the last frame stays and says how old it is. */
  async #read(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      this.#take(await readView(this.#d));
      this.#trouble = '';
    } catch (error) {
      this.#trouble = asDsageError(error).message;
    } finally {
      this.#isReading = false;
      this.#draw();
    }
  }

  #take(view: TopView): void {
    this.#view = view;
    this.#rates.push(view.status.tasksPerSecond);
    if (this.#rates.length > RATES_KEPT) this.#rates.shift();
  }

  #draw(): void {
    if (this.#view === undefined) return;
    const { io } = this.#cli;
    this.#screen.draw(
      frame(this.#view, {
        ...{ width: this.#screen.width, height: this.#screen.height },
        colors: lookOf(io.stdout, io.env).colors,
        ...{ rates: this.#rates, footer: 'q leaves', stale: this.#stale() },
      }),
    );
  }

  #stale(): string {
    const ageMs = Date.now() - (this.#view?.atMs ?? 0);
    if (ageMs < STALE_MS) return '';
    const why = this.#trouble === '' ? 'the server does not answer' : this.#trouble;
    return `${String(Math.round(ageMs / 1000))} s old, ${why}`;
  }
}
