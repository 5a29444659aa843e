import { readFileSync, writeFileSync } from 'node:fs';

/** Shorter tasks share a look at the memory: a look costs some 20 µs. */
const LOOK_EVERY_MS = 5;
/** Shorter tasks are taken to have used the processor all the time: asking the kernel costs 2 µs. */
const CPU_EVERY_MS = 1;

/** How much processor time tasks take, all threads of this process together. */
export class CpuMeter {
  #readAtMs = -Infinity;
  #readingUs = 0;

  /** Call it at the start of a task. */
  begin(nowMs: number): void {
    if (nowMs - this.#readAtMs >= CPU_EVERY_MS) this.#read(nowMs);
  }

  /** Processor time of the task that began `wallUs` ago, microseconds. */
  end(nowMs: number, wallUs: number): number {
    if (nowMs - this.#readAtMs < CPU_EVERY_MS) return wallUs;
    const before = this.#readingUs;
    this.#read(nowMs);
    return this.#readingUs - before;
  }

  #read(nowMs: number): void {
    const { user, system } = process.cpuUsage();
    this.#readAtMs = nowMs;
    this.#readingUs = user + system;
  }
}

/** How much memory the tasks of this process take: exactly on Linux, at their ends elsewhere. */
export class MemoryMeter {
  /** Resident memory at the last look, KiB. */
  residentKb = 0;
  #peakKb = 0;
  #lookedAtMs = -Infinity;
  #kernelCounts = process.platform === 'linux';

  /** The most that was resident since the look before, KiB. */
  peakKb(nowMs: number): number {
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return this.#peakKb;
    this.#lookedAtMs = nowMs;
    if (!this.#kernelCounts || !this.#askKernel()) {
      this.residentKb = Math.round(process.memoryUsage.rss() / 1024);
      this.#peakKb = this.residentKb;
    }
    return this.#peakKb;
  }

  #askKernel(): boolean {
    try {
      const status = readFileSync('/proc/self/status', 'latin1');
      // Starts the kernel's own count of the peak anew: see proc(5).
      writeFileSync('/proc/self/clear_refs', '5');
      this.#peakKb = fieldOf(status, 'VmHWM');
      this.residentKb = fieldOf(status, 'VmRSS');
      return this.#peakKb > 0;
    } catch {
      this.#kernelCounts = false;
      return false;
    }
  }
}

function fieldOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(status)?.[1] ?? 0);
}
