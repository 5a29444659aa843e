import { writeFileSync } from 'node:fs';

/** Shorter tasks share a look at the memory: a look costs some 10 µs. */
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
  #startsAnewDue = false;
  #kernelCounts = process.platform === 'linux';

  /** The most that was resident since the look before, KiB. */
  peakKb(nowMs: number): number {
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return this.#peakKb;
    this.#lookedAtMs = nowMs;
    this.#startsAnewDue = true;
    if (!this.#kernelCounts) this.#lookAtResident();
    this.#peakKb = this.#kernelCounts ? process.resourceUsage().maxRSS : this.residentKb;
    return this.#peakKb;
  }

  /** The rest of a look, which takes longer and can wait until the task's answer is on its way. */
  startAnew(): void {
    if (!this.#startsAnewDue) return;
    this.#startsAnewDue = false;
    if (!this.#kernelCounts) return;
    this.#lookAtResident();
    try {
      // Starts the kernel's own count of the peak anew: see proc(5).
      writeFileSync('/proc/self/clear_refs', '5');
    } catch {
      this.#kernelCounts = false;
    }
  }

  #lookAtResident(): void {
    this.residentKb = Math.round(process.memoryUsage.rss() / 1024);
  }
}
