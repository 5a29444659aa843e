import { Command, Option } from 'commander';

import { packageVersion } from '../wire/hello.js';
import { Cli } from './cli.js';
import { EXIT_CODES_HELP } from './exit-codes.js';
import type { Io } from './io.js';
import { withJobOptions } from './job-options.js';
import { count, durationMs, jsonObject, label, port } from './values.js';

/** What a command does: given its arguments and options, it returns an exit code, or nothing for 0. */
type Action<O> = (cli: Cli, args: string[], options: O) => Promise<number | undefined>;

const EXAMPLES = `
Examples:
  dsage up                           a server and two workers on this machine, until Ctrl-C
  dsage eval '2**127n - 1n'          run JavaScript on a worker and print what it gives
  dsage eval --vars '{"n":91}' 'factor(n)'
  dsage run mersenne.ts '{"limit":3000}'
  dsage factor 2^256+1               the prime factors of an integer
  dsage jobs --status failed         what went wrong
  dsage job 12 --tasks; dsage logs 12; dsage explain 12

The cluster is the one in --directory, $DSAGE_DIR or ~/.sage/dsage; the server is --server,
$DSAGE_SERVER, or the one that runs on that directory.

${EXIT_CODES_HELP}`;

const RUN_HELP = `
The file (.ts, .mts, .js or .mjs) exports a class that extends DistributedJob. Without parameters it gets {}.
A string in the JSON stays a string: a class that needs larger numbers than 2^53 makes a BigInt of one.

Its coordinator runs in this process. Ctrl-C asks: detach leaves the job on the server, where tasks that
were submitted go on and no new ones are made, until 'dsage run FILE --attach ID' goes on with it; so does
that after a crash. With --detach the coordinator runs on a worker, and the job needs nobody here.`;

/** The command line of `dsage`: every command with its options, and the file that carries it out, loaded when it is used. */
export function buildProgram(io: Io, onExitCode: (code: number) => void): Command {
  const program = new Command('dsage')
    .description('Distributes coarse-grained computations over the machines you have.')
    .version(packageVersion(), '-V, --version')
    .addHelpText('after', EXAMPLES)
    .helpCommand('help [command]', 'what a command does, and its options')
    .showSuggestionAfterError()
    .configureHelp({ sortSubcommands: false });
  withGlobals(program);
  const define = definer(program, io, onExitCode);
  defineCluster(define);
  defineJobs(define);
  defineWorkers(define);
  defineUsers(define);
  return program;
}

type Define = <O>(
  usage: string,
  description: string,
  load: () => Promise<Action<O>>,
  configure?: (command: Command) => Command,
) => void;

function defineCluster(define: Define): void {
  define(
    'setup',
    'make keys, certificates, database and the default user; what is there is kept',
    async () => (await import('./commands/setup.js')).runSetup,
    (command) =>
      command
        .option('--user <name>', 'the default user, an admin (default: the current one)')
        .option('--host <name...>', 'more names or addresses of this server'),
  );
  define(
    'up',
    'start a server and workers on this machine, set up first if need be',
    async () => (await import('./commands/up.js')).up,
    (command) =>
      command
        .option('--workers <n>', 'how many workers', count, 2)
        .option('--slots <n>', 'how many tasks each runs at once', count, 1)
        .option('--host <address>', 'where the server listens (default: all addresses)')
        .option('--port <port>', 'its port; 0 takes a free one', port)
        .option('--web-port <port>', "the monitor's port; 0 takes a free one", port)
        .option('--web-host <address>', 'where the monitor listens (default: this machine only)')
        .option('--web-public-status', "open the monitor's overview without a login")
        .option('--label <name>', 'a label of the workers; can be repeated', label, [])
        .option('-d, --detach', 'go on in the background; `dsage stop` ends it'),
  );
  define(
    'web',
    'print a link that opens the monitor, once, and open it',
    async () => (await import('./commands/web.js')).web,
    (command) => command.option('--no-open', 'only print it'),
  );
  define('status', 'what the server has to do', async () => (await import('./commands/server.js')).status);
  define(
    'stop',
    'stop the server; nothing that waits is lost',
    async () => (await import('./commands/server.js')).stop,
    (command) => command.option('--workers', 'stop the workers too, once they have finished what they run'),
  );
  define('shell', 'a Node shell with `d` connected', async () => (await import('./commands/shell.js')).shell);
}

function defineJobs(define: Define): void {
  define(
    'eval <code>',
    'run JavaScript on a worker and print what it gives; `-` reads the code from stdin',
    async () => (await import('./commands/eval.js')).evaluate,
    (command) =>
      withJobOptions(command, 'code')
        .option('--vars <json>', 'values that the code finds under these names', jsonObject)
        .option('--evaluator <name>', 'what runs the code', 'javascript')
        .option('--timeout <time>', 'stop waiting after this time; the job goes on', durationMs)
        .option('-d, --detach', 'print the number of the job and do not wait'),
  );
  define(
    'run <file> [parameters]',
    'run the job class in a file; parameters are JSON, `-` reads it from stdin, `@data.json` from a file',
    async () => (await import('./commands/run.js')).runFile,
    (command) =>
      withJobOptions(command, 'parameters')
        .option('--class <name>', 'which class, where the file exports several')
        .option('-d, --detach', 'run it wholly on the cluster: print its number and do not wait')
        .option('--attach <id>', 'go on with a job that is there, instead of starting one')
        .option('--watch', 'with --detach or --attach: look on until the job ends; Ctrl-C leaves it running')
        .option('--timeout <time>', 'stop waiting after this time; the job stays', durationMs)
        .addHelpText('after', RUN_HELP),
  );
  define(
    'factor <expression>',
    'the prime factors of an integer, such as 2^256+1; write -- before a negative one',
    async () => (await import('./commands/factor.js')).factor,
    (command) =>
      command
        .option('--local', 'on threads of this machine, without a server')
        .option('--workers <n>', 'start so many workers here for it; with --local: so many threads', count)
        .option('--max-b1 <n>', 'no elliptic curves with a larger bound', count)
        .option('--max-curves <n>', 'no more curves for one composite number', (text: string) =>
          count(text, 0),
        )
        .option('--max-sieve-digits <n>', 'sieve nothing larger (default 100); 0: nothing', (text: string) =>
          count(text, 0),
        )
        .option('--no-algebraic', 'do not use that a number is b^e + 1 or b^e - 1')
        .option('--timeout <time>', 'stop the job after this time, with the factors found', durationMs),
  );
  define(
    'jobs',
    'list jobs, newest first',
    async () => (await import('./commands/jobs.js')).listJobs,
    (command) =>
      command
        .addOption(
          new Option('--status <status...>', 'only these').choices([
            ...['waiting', 'processing', 'paused', 'completed', 'failed', 'killed'],
          ]),
        )
        .option('--all', "everybody's jobs")
        .option('--user <name>', "another user's jobs")
        .option('--name <text>', 'only those whose name has this in it')
        .option('--limit <n>', 'how many', count, 25),
  );
  define(
    'job <id>',
    'show one job, and why it failed',
    async () => (await import('./commands/job.js')).showJob,
    (command) =>
      command
        .option('--tasks', 'its tasks too')
        .option('--status <status...>', 'only tasks with one of these')
        .option('--limit <n>', 'how many tasks', count, 100),
  );
  define(
    'wait <id>',
    'wait for a job and print what it gives',
    async () => (await import('./commands/eval.js')).waitForJob,
    (command) =>
      command.option('--timeout <time>', 'stop waiting after this time; the job goes on', durationMs),
  );
  define(
    'logs [id]',
    'what the tasks of a job wrote; or the log of the server or a worker',
    async () => (await import('./commands/logs.js')).logs,
    (command) =>
      command
        .option('-f, --follow', 'go on until the job ends')
        .option('--task <index>', 'only this task', (text) => count(text, 0))
        .option('--server-log', 'the log of the server')
        .option('--worker <n>', 'the log of this worker', count)
        .option('-n, --lines <n>', 'how many lines of a log', count, 50),
  );
  define('explain <id>', 'why a job is not running', async () => (await import('./commands/job.js')).explain);
  define(
    'kill [ids...]',
    'stop jobs and their running tasks',
    async () => (await import('./commands/change.js')).kill,
    (command) =>
      command
        .option('--all', 'all of your unfinished jobs')
        .option('--reason <text>', 'recorded with the job'),
  );
  define(
    'rerun <ids...>',
    'run jobs again that have ended',
    async () => (await import('./commands/change.js')).rerun,
    (command) => command.option('--failed', 'only the tasks that failed or were killed'),
  );
  define(
    'pause <ids...>',
    'start no more of their tasks',
    async () => (await import('./commands/change.js')).pause,
  );
  define(
    'resume <ids...>',
    'go on with paused jobs',
    async () => (await import('./commands/change.js')).resume,
  );
  define(
    'priority <priority> <ids...>',
    'change how urgent jobs are: 1 (highest) to 5',
    async () => (await import('./commands/change.js')).setPriority,
  );
  define(
    'forget [ids...]',
    'remove jobs that have ended',
    async () => (await import('./commands/change.js')).forget,
    (command) => command.option('--finished', 'all of yours that have ended'),
  );
}

function defineWorkers(define: Define): void {
  define('workers', 'list workers', async () => (await import('./commands/workers.js')).listWorkers);
  define(
    'drain <worker>',
    'let a worker finish what it runs, and give it nothing new',
    async () => (await import('./commands/workers.js')).drain,
    (command) => command.option('--stop', 'end it then'),
  );
  define(
    'clients',
    'list connected clients',
    async () => (await import('./commands/workers.js')).listClients,
  );
}

function defineUsers(define: Define): void {
  const load = () => import('./commands/users.js');
  define('user list', 'list users', async () => (await load()).listUsers);
  define(
    'user request <name>',
    "on a colleague's machine: make a key and a request for a certificate",
    async () => (await load()).requestUser,
    (command) => command.option('--out <file>', 'where the request goes (default: NAME.csr)'),
  );
  define(
    'user add <name>',
    'sign a request',
    async () => (await load()).addUser,
    (command) =>
      command
        .requiredOption('--csr <file>', 'the request')
        .addOption(new Option('--role <role>').choices(['user', 'admin', 'worker']).default('user'))
        .option('--out <file>', 'where the certificate goes (default: NAME.pem)'),
  );
  define(
    'user accept <file>',
    "on the colleague's machine: take the certificate into use",
    async () => (await load()).acceptUser,
  );
  define('user disable <name>', 'refuse a user from now on', async () => (await load()).disableUser);
  define('user enable <name>', 'let a user in again', async () => (await load()).enableUser);
  define('user remove <name>', 'remove a user', async () => (await load()).removeUser);
}

/** Commands of two words are grouped under the first. */
function definer(program: Command, io: Io, onExitCode: (code: number) => void): Define {
  const styled = (command: Command) =>
    command.exitOverride().configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, 'dsage: ')),
    });
  styled(program);
  const groups = new Map<string, Command>();
  const parentOf = (usage: string): [Command, string] => {
    const [group = '', ...rest] = usage.split(' ');
    if (group !== 'user') return [program, usage];
    const known =
      groups.get(group) ?? styled(program.command(group).description('list, add and remove users'));
    groups.set(group, known);
    return [known, rest.join(' ')];
  };
  return (usage, description, load, configure = (command) => command) => {
    const [parent, own] = parentOf(usage);
    const command = styled(parent.command(own).description(description));
    withGlobals(configure(command)).action(async (...given: unknown[]) => {
      const args = given
        .slice(0, -2)
        .flat()
        .filter((arg) => arg !== undefined) as string[];
      const options = command.optsWithGlobals();
      const action = await load();
      onExitCode((await action(new Cli(io, options), args, options as never)) ?? 0);
    });
  };
}

function withGlobals(command: Command): Command {
  return command
    .option('--directory <dir>', 'keys and certificates (default: $DSAGE_DIR, else ~/.sage/dsage)')
    .option('--server <host:port>', 'which server (default: $DSAGE_SERVER, or the one on the directory)')
    .option('--json', 'print JSON for programs');
}
