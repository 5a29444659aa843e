import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import type { JobContext } from 'dsage';

import { PictureInStrips } from './strips.js';
import type { Picture, Strip } from './strips.js';

interface Parameters extends Picture {
  /** The scene's file, in the folder of every task. */
  readonly scene: string;
}

/** A scene for POV-Ray, which must be installed where the workers are, as DSage's DistributedPOVRay rendered it. */
export class PovRay extends PictureInStrips<Parameters> {
  static readonly module = import.meta.url;

  async compute({ top, bottom }: Strip, { directory, signal }: JobContext) {
    const { width, height, scene } = this.parameters;
    const options = [
      ...[`+I${scene}`, `+W${width}`, `+H${height}`, '+A0.1', '-D', '-GA'],
      // Rows count from 1, the last one included. A picture in the format PPM, on the standard output.
      ...[`+SR${top + 1}`, `+ER${bottom}`, '+FP', '+O-'],
    ];
    const { stdout } = await promisify(execFile)('povray', options, {
      cwd: directory,
      encoding: 'buffer',
      maxBuffer: 2 * width * height * 3 + 1024,
      // A task that is killed takes its POV-Ray with it.
      signal,
    });
    return rowsOf(stdout, { top, bottom }, width);
  }
}

/** POV-Ray writes the other rows too, in black: from `P6 width height 255` and one blank on, three bytes a pixel. */
function rowsOf(ppm: Buffer, { top, bottom }: Strip, width: number): Uint8Array {
  const header = /^P6\s(?:#.*\n)*(\d+)\s(\d+)\s255\s/.exec(ppm.toString('latin1', 0, 200));
  if (header === null) throw new Error(`This is no PPM file: ${ppm.toString('latin1', 0, 80)}`);
  const first = header[0].length + top * width * 3;
  return new Uint8Array(ppm.subarray(first, first + (bottom - top) * width * 3));
}
