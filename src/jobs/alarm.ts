/** Something to sleep on until somebody has news; news that came before the sleep ends it at once. */
export class Alarm {
  #hasRung = false;
  #wake: () => void = () => undefined;

  /** There has been news since the last `clear`. */
  get hasRung(): boolean {
    return this.#hasRung;
  }

  ring(): void {
    this.#hasRung = true;
    this.#wake();
  }

  clear(): void {
    this.#hasRung = false;
  }

  async rung(): Promise<void> {
    if (!this.#hasRung) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}
