import { useEffect, useRef } from 'preact/hooks';

import type { History, Overview } from '../../../src/model/monitor.js';
import { getJson } from '../api.js';
import { grouped, rate } from '../format/number.js';
import type { LiveChart } from './chart-drawing.js';

/** Tasks per second and busy slots of the last minutes: the server's history, then what the overview says. */
export function Chart({ overview }: { readonly overview: Overview }) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<LiveChart | undefined>(undefined);
  useEffect(() => {
    let isGone = false;
    const start = async (): Promise<void> => {
      mendLanguage();
      const [{ LiveChart }, history] = await Promise.all([
        import('./chart-drawing.js'),
        getJson<History>('history').catch(() => undefined),
      ]);
      if (isGone || !box.current) return;
      chart.current = new LiveChart(box.current, history);
    };
    void start();
    return () => {
      isGone = true;
      chart.current?.stop();
    };
  }, []);
  const { atMs, tasksPerSecond, busySlots, slots } = overview;
  useEffect(() => {
    chart.current?.add({ atMs, tasksPerSecond, busySlots, slots });
  }, [atMs]);
  const words = `Now ${rate(tasksPerSecond)} tasks per second, ${grouped(busySlots)} of ${grouped(slots)} slots busy.`;
  return <div ref={box} class="chart" role="img" aria-label={`Chart of the last minutes. ${words}`} />;
}

/** A browser of a system with the language `C` names one that Intl refuses, and the chart's library asks for it as it loads. */
function mendLanguage(): void {
  try {
    new Intl.NumberFormat(navigator.language);
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
  }
}
