// Loaded into a process before its program: SIGUSR2 begins a CPU profile, the next one ends it and writes it to
// $DSAGE_BENCH_PROFILES. So a profile covers what is measured, and not the start.

import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, join } from 'node:path';

const SAMPLING_US = 200;

const directory = process.env['DSAGE_BENCH_PROFILES'] ?? '.';
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.setSamplingInterval', { interval: SAMPLING_US });
let isOn = false;

process.on('SIGUSR2', () => {
  if (isOn) stop();
  else session.post('Profiler.start');
  isOn = !isOn;
});

function stop(): void {
  session.post('Profiler.stop', (error, { profile }) => {
    if (error !== null) throw error;
    const file = join(directory, `${basename(process.argv[1] ?? 'node', '.js')}-${process.pid}.cpuprofile`);
    // Whoever waits for the file finds all of it.
    writeFileSync(`${file}.part`, JSON.stringify(profile));
    renameSync(`${file}.part`, file);
  });
}
