import { PictureInStrips } from './strips.js';
import type { Picture, Strip } from './strips.js';
import { renderStrip } from './trace.js';

interface Parameters extends Picture {
  /** Rays for each pixel, in each direction; more give smoother edges. */
  readonly samples: number;
}

/** The scene of scene.ts, by the ray tracer of trace.ts: both travel to the workers with this class. */
export class RayTracing extends PictureInStrips<Parameters> {
  static readonly module = import.meta.url;

  compute(strip: Strip) {
    return renderStrip(this.parameters, strip, this.parameters.samples);
  }
}
