/** What came last, so that somebody whose connection broke goes on where it ended. */
const KEPT_DELTAS = 64;

/** A topic as viewers of the same rights see it: an object that is read now and then, and told as changes. */
export interface Topic {
  /** Half seconds between two reads. */
  readonly everyTicks: number;
  /** Throws when there is nothing to see any more. */
  readonly read: () => object;
}

/** Numbers the changes of one topic. */
export class Feed {
  readonly topic: Topic;
  readonly #epoch: string;
  #number = 0;
  #values = new Map<string, string>();
  #deltas: { readonly number: number; readonly bytes: Buffer }[] = [];
  #snapshot: { readonly number: number; readonly bytes: Buffer } | undefined;

  /** @param epoch tells this feed's numbers from those of another one, as of a server before this */
  constructor(topic: Topic, epoch: string) {
    this.topic = topic;
    this.#epoch = epoch;
    this.#values = read(topic);
  }

  /** Reads the topic; the message that says what is different, if anything is. */
  advance(): Buffer | undefined {
    const values = read(this.topic);
    const changed = [...values].filter(([key, json]) => this.#values.get(key) !== json);
    // The time alone tells nobody anything.
    if (!changed.some(([key]) => key !== 'atMs')) return undefined;
    this.#values = values;
    this.#number += 1;
    const bytes = this.#message('delta', changed);
    this.#deltas.push({ number: this.#number, bytes });
    if (this.#deltas.length > KEPT_DELTAS) this.#deltas.shift();
    return bytes;
  }

  /** The whole object, as of the last delta. */
  snapshot(): Buffer {
    if (this.#snapshot?.number !== this.#number) {
      this.#snapshot = { number: this.#number, bytes: this.#message('snapshot', [...this.#values]) };
    }
    return this.#snapshot.bytes;
  }

  /** What somebody has to hear who has heard up to `lastEventId`: the deltas since, or a snapshot. */
  since(lastEventId: string): readonly Buffer[] {
    const [epoch = '', number = ''] = lastEventId.split('-');
    const heard = Number(number);
    const isKnown = epoch === this.#epoch && number !== '' && heard <= this.#number;
    const [oldest] = this.#deltas;
    if (!isKnown || (heard < this.#number && (oldest === undefined || oldest.number > heard + 1))) {
      return [this.snapshot()];
    }
    return this.#deltas.filter((delta) => delta.number > heard).map(({ bytes }) => bytes);
  }

  #message(event: 'snapshot' | 'delta', values: readonly (readonly [string, string])[]): Buffer {
    const data = values.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',');
    return Buffer.from(`event: ${event}\nid: ${this.#epoch}-${String(this.#number)}\ndata: {${data}}\n\n`);
  }
}

function read(topic: Topic): Map<string, string> {
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(topic.read()) as [string, unknown][]) {
    const json = JSON.stringify(value) as string | undefined;
    if (json !== undefined) values.set(key, json);
  }
  return values;
}
