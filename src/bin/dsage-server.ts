#!/usr/bin/env node
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';

import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { Command, InvalidArgumentError, Option } from 'commander';

import { removeRunFile, writeRunFile } from '../deploy/run-file.js';
import { LOG_LEVELS, type LogLevel } from '../log/log.js';
import { DsageError, messageOf } from '../model/errors.js';
import { SERVER_DEFAULTS, type ServerOptions } from '../server/options.js';
import { Server } from '../server/server.js';
import { toProblem } from '../wire/errors.js';
import { packageVersion } from '../wire/hello.js';

// grpc-js writes lines of its own to stderr when a port is in use or a caller's TLS fails: ours say it better.
if (process.env['GRPC_VERBOSITY'] === undefined) setLogVerbosity(logVerbosity.NONE);

// V8 counts the bytes that pass through as if they were kept, and collects the whole heap for every ten megabytes of them:
// with answers of half a megabyte that took half of the server's time. Twice the heap may fill before it collects.
setFlagsFromString('--heap-growing-percent=100');

interface Flags {
  readonly directory: string;
  readonly host: string;
  readonly port: number;
  readonly webHost: string;
  readonly webPort: number;
  readonly webPublicStatus: boolean;
  readonly leaseMs: number;
  readonly maxWaitingTasks: number;
  readonly maxUnfinishedJobs: number;
  readonly maxTasksPerJob: number;
  readonly blobGraceMs: number;
  readonly logLevel: LogLevel;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly exitWithParent: boolean;
}

const EXAMPLES = `
Examples:
  dsage-server                           serve the cluster in $DSAGE_DIR (default ~/.sage/dsage) on port 8081
  dsage-server --port 0 --json           take a free port, and say which in a line of JSON
  dsage-server --host 127.0.0.1          serve this machine only

Exit codes: 0 stopped, 1 could not start or go on, 2 wrong use.`;

const program = new Command('dsage-server')
  .description('Takes jobs, hands their tasks to workers, keeps all of it through any crash.')
  .version(packageVersion())
  .option(
    '--directory <dir>',
    "the cluster's directory",
    process.env['DSAGE_DIR'] ?? join(homedir(), '.sage', 'dsage'),
  )
  .option('--host <address>', 'where gRPC listens', SERVER_DEFAULTS.host)
  .option('--port <port>', 'its port; 0 takes a free one', port, SERVER_DEFAULTS.port)
  .option(
    '--web-host <address>',
    'where the monitor listens; by HTTPS, unless that is this machine only',
    SERVER_DEFAULTS.webHost,
  )
  .option('--web-port <port>', 'its port; 0 takes a free one', port, SERVER_DEFAULTS.webPort)
  .option(
    '--web-public-status',
    "open the monitor's overview without a login",
    SERVER_DEFAULTS.webPublicStatus,
  )
  .option(
    '--lease-ms <ms>',
    'a worker not heard of for this long is lost',
    whole(500),
    SERVER_DEFAULTS.leaseMs,
  )
  .option('--max-waiting-tasks <n>', 'tasks that may wait at once', whole(1), SERVER_DEFAULTS.maxWaitingTasks)
  .option(
    '--max-unfinished-jobs <n>',
    'jobs that may be unfinished at once',
    whole(1),
    SERVER_DEFAULTS.maxUnfinishedJobs,
  )
  .option('--max-tasks-per-job <n>', 'tasks that one job may have', whole(1), SERVER_DEFAULTS.maxTasksPerJob)
  // For tests of retention: a value that is too small takes uploads away from those who are about to use them.
  .addOption(
    new Option('--blob-grace-ms <ms>', 'how long a blob that no job uses stays')
      .argParser(whole(0))
      .default(SERVER_DEFAULTS.blobGraceMs)
      .hideHelp(),
  )
  .option('--log-level <level>', LOG_LEVELS.join(', '), logLevel, SERVER_DEFAULTS.logLevel)
  .option('--verbose', 'also log to stderr', false)
  .option('--json', 'print what happens as lines of JSON on stdout', false)
  .option('--exit-with-parent', 'stop when stdin ends', false)
  .addHelpText('after', EXAMPLES)
  .configureOutput({
    outputError: (text, write) => {
      write(text.replace(/^error: /, 'dsage-server: '));
    },
  })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

await main(program.parse().opts<Flags>());

async function main(flags: Flags): Promise<void> {
  const { verbose, json, exitWithParent, ...options } = flags;
  const server = new Server({ ...options, logToConsole: verbose } satisfies ServerOptions, (error) => {
    // What was acknowledged is on disk; what was not will be sent again. To go on could break that.
    complain(error, json);
    process.exit(1);
  });
  const stop = () => void server.stop();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.on('SIGHUP', stop);
  if (exitWithParent) process.stdin.on('end', stop).on('error', stop).resume();
  try {
    await server.start();
  } catch (error) {
    complain(error, json);
    process.exit(1);
  }
  const webPort = server.webUrl === '' ? 0 : Number(new URL(server.webUrl).port);
  writeRunFile(flags.directory, {
    pid: process.pid,
    host: flags.host === '0.0.0.0' || flags.host === '::' ? '127.0.0.1' : flags.host,
    port: server.port,
    webPort,
    webUrl: server.webUrl,
    startedAtMs: Date.now(),
  });
  if (json)
    process.stdout.write(
      `${JSON.stringify({ event: 'listening', port: server.port, webPort, webUrl: server.webUrl, pid: process.pid })}\n`,
    );
  else
    process.stdout.write(
      `dsage-server: listening on ${flags.host}:${String(server.port)}; the monitor is at ${server.webUrl}\n`,
    );
  await server.stopped;
  removeRunFile(flags.directory);
  process.exit(0);
}

function complain(error: unknown, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify({ event: 'failed', ...toProblem(error) })}\n`);
  process.stderr.write(`dsage-server: ${messageOf(error)}\n`);
  if (!(error instanceof DsageError) && error instanceof Error)
    process.stderr.write(`${String(error.stack)}\n`);
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
}

function whole(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number of at least ${String(least)}.`);
  };
}

function logLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((it) => it === text);
  if (level !== undefined) return level;
  throw new InvalidArgumentError(`It is one of ${LOG_LEVELS.join(', ')}.`);
}
