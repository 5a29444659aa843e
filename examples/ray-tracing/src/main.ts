import { writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';

import { dsage } from 'dsage';
import { PNG } from 'pngjs';

import { PovRay } from './pov-ray.js';
import { RayTracing } from './ray-tracing.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '960' },
    height: { type: 'string', default: '540' },
    strips: { type: 'string', default: '36' },
    samples: { type: 'string', default: '3' },
  },
});
const [width, height, strips] = [Number(values.width), Number(values.height), Number(values.strips)];

// The server that is named, or one of our own with two workers, which end with this program. Port 0 is any that
// is free, so that it runs beside whatever else does.
const { DSAGE_SERVER } = process.env;
await using d =
  DSAGE_SERVER === undefined
    ? await dsage.startAll({ port: 0, webPort: 0 })
    : await dsage.connect({ server: DSAGE_SERVER });

// A scene for POV-Ray goes along as a file, into the folder of every task.
const [scene] = positionals;
const job =
  scene === undefined
    ? d.start(new RayTracing({ width, height, strips, samples: Number(values.samples) }))
    : d.start(new PovRay({ width, height, strips, scene: basename(scene) }), { files: [scene] });
job.events.on('collected', () => process.stderr.write(`\r${job.progress.done} of ${job.total} strips `));
const pixels = await job.wait();
process.stderr.write('\n');

const image = new PNG({ width, height });
image.data = Buffer.from(pixels);
// Colour type 2 is red, green and blue without transparency.
await writeFile(
  'scene.png',
  PNG.sync.write(image, { colorType: 2, inputColorType: 2, inputHasAlpha: false }),
);
console.log(`${width} × ${height} pixels in ${job.total} strips, ${job.time.toFixed(1)} s: scene.png`);
