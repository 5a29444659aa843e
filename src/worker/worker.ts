import { randomUUID } from 'node:crypto';
import { join } from 'node:path';

import type { ChannelCredentials } from '@grpc/grpc-js';

import { closeLog, createLog, type Logger } from '../log/log.js';
import { DsageError, messageOf } from '../model/errors.js';
import type { WorkerInfo } from '../model/worker.js';
import { loadClientFiles } from '../security/load.js';
import { clusterPaths } from '../security/paths.js';
import { clientCredentials } from '../wire/credentials.js';
import type { WorkerServiceClient, WorkResponse } from '../wire/gen/dsage/v1/worker.js';
import { BlobCache } from './blob-cache.js';
import { moveBlobs } from './blob-moves.js';
import type { AgentEvent, Effect } from './core/events.js';
import { heldCount } from './core/state.js';
import { hostLoad, workerInfo } from './info.js';
import { registerRequest, renewRequest, toEvent, toRequest } from './messages.js';
import type { WorkerEnd } from './notices.js';
import { openOwnLog, ownLogLines } from './own-log.js';
import { compileOptions, type CompiledOptions, type WorkerOptions } from './options.js';
import { Reactor } from './reactor.js';
import { Relay } from './relay.js';
import { Session } from './session.js';
import { SlotBoard } from './slot-board.js';
import { openWorkDirectory, type WorkDirectory } from './work-directory.js';

/** What `start` makes and `stop` ends. */
interface Parts {
  readonly info: WorkerInfo;
  readonly directory: WorkDirectory;
  readonly slots: SlotBoard;
  readonly blobs: BlobCache;
  readonly session: Session;
  /** The coordinators' way to the server. */
  readonly relay: Relay | undefined;
}

/** How long a connection that failed is not mentioned again in the log. */
const QUIET_MS = 60_000;

/**
 * A worker: takes leases from the server over one stream, runs them in its slots, gives the answers back.
 * The core decides everything; this class makes the parts, and passes events and effects between them.
 */
export class Worker {
  /** Tells this worker from all others; the same after a reconnect. */
  readonly instance = randomUUID();
  /** How it ended: after a drain, by `stop`, or because the server refused it. Never rejects. */
  readonly ended: Promise<WorkerEnd>;
  readonly #given: WorkerOptions;
  readonly #options: CompiledOptions;
  readonly #reactor: Reactor;
  #log: Logger;
  #parts: Parts | undefined;
  #connections = 0;
  #lastFailure = { message: '', atMs: -Infinity };
  #untilConnected: { resolve: (client: WorkerServiceClient) => void; reject: (why: Error) => void }[] = [];
  #stopping: Promise<void> | undefined;
  #end: (end: WorkerEnd) => void = () => undefined;

  /** Throws `invalid-argument` for options that make no sense. */
  constructor(options: WorkerOptions) {
    this.#given = options;
    this.#options = compileOptions(options);
    this.#log = options.log ?? createLog({ level: 'info', console: false });
    this.#reactor = new Reactor(this.#options, (effect) => this.#perform(effect));
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  /** The server's number for this worker; undefined before it has registered. */
  get number(): number | undefined {
    return this.#reactor.state.worker || undefined;
  }

  get isConnected(): boolean {
    return this.#reactor.state.connection === 'up';
  }

  /** Tasks held, in whatever state: waiting, running, or not yet recorded by the server. */
  get held(): number {
    return heldCount(this.#reactor.state);
  }

  /**
   * Starts the slots' children and the stream, and resolves without waiting for a server: none may be there
   * yet. Throws `setup` when the directory lacks keys or cannot be written to.
   */
  async start(): Promise<void> {
    if (this.#parts || this.#isStopping()) return;
    const { directory, server, slots, niceness, memoryMb, name } = this.#options;
    const paths = clusterPaths(directory);
    const pems = loadClientFiles(directory);
    const credentials = clientCredentials(pems);
    const info = workerInfo(this.#options);
    const workDirectory = openWorkDirectory(paths.taskFiles, this.instance);
    if (!this.#given.log)
      this.#log = openOwnLog(paths.workerLog, { name, verbose: this.#given.verbose ?? false });
    const blobs = await BlobCache.open({
      directory: join(workDirectory.path, 'cache'),
      address: server,
      connected: () => this.#connected(),
      onEvicted: ({ sha256 }) => this.#reactor.dispatch({ type: 'blob-evicted', sha256 }),
    });
    const relay = this.#given.coordinatorModule === undefined ? undefined : new Relay({ server, pems });
    await relay?.start();
    const board = new SlotBoard({
      count: slots,
      slot: {
        workDirectory: workDirectory.path,
        workerName: name,
        host: info.host,
        workerNumber: () => this.#reactor.state.worker,
        niceness,
        ...(this.#given.environment ? { environment: this.#given.environment } : {}),
        ...(memoryMb === undefined ? {} : { memoryMb }),
        ...this.#coordination(relay),
      },
      blobs,
      report: (report) => this.#reactor.report(report),
      onFailures: () => workDirectory.trim(),
      log: this.#log,
    });
    // Somebody may have called `stop` meanwhile.
    if (this.#isStopping()) {
      relay?.stop();
      workDirectory.remove();
      return;
    }
    const session = this.#newSession(credentials);
    this.#parts = { info, directory: workDirectory, slots: board, blobs, session, relay };
    board.start();
    this.#log.info('worker started', { instance: this.instance, server, slots });
    session.start();
  }

  /** Takes nothing new, finishes what runs, and ends once the server has recorded it: see `ended`. */
  drain(reason: string): void {
    this.#noteDrain(reason);
    this.#reactor.dispatch({ type: 'drain-received', reason, stop: true });
  }

  #noteDrain(reason: string): void {
    this.#log.info('draining', { reason, held: this.held });
    this.#given.onNotice?.({ type: 'draining', reason, held: this.held });
  }

  #noteResume(): void {
    this.#log.info('resumed');
    this.#given.onNotice?.({ type: 'resumed' });
  }

  /** Ends the children at once, and then everything else. The server gives their tasks to other workers. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop({ type: 'stopped' });
    return this.#stopping;
  }

  #isStopping(): boolean {
    return this.#stopping !== undefined;
  }

  async #stop(end: WorkerEnd): Promise<void> {
    this.#reactor.stop();
    const why = new DsageError('closed', 'The worker has stopped.');
    for (const { reject } of this.#untilConnected.splice(0)) reject(why);
    if (this.#parts) {
      const { slots, session, directory, relay } = this.#parts;
      await Promise.all([slots.stop(0), session.stop()]);
      relay?.stop();
      directory.remove();
    }
    this.#log.info('worker ended', { how: end.type, ...('why' in end ? { error: end.why } : {}) });
    if (!this.#given.log) await closeLog(this.#log);
    this.#end(end);
  }

  #coordination(relay: Relay | undefined) {
    const { coordinatorModule: module } = this.#given;
    if (relay === undefined || module === undefined) return {};
    return { coordination: { module, relay: relay.path, instance: this.instance } };
  }

  #newSession(credentials: ChannelCredentials): Session {
    const { server } = this.#options;
    return new Session(
      { server, credentials },
      {
        onOpened: () => this.#reactor.dispatch({ type: 'stream-opened' }),
        onMessage: (response) => this.#received(response),
        onClosed: (why, retryMs) => this.#disconnected(why, retryMs),
        onRefused: (why) => this.#refused(why),
      },
    );
  }

  #received(response: WorkResponse): void {
    if (response.message?.$case === 'readLog') {
      void this.#sendLog(response.message.value);
      return;
    }
    let event: AgentEvent | undefined;
    try {
      event = toEvent(response);
    } catch (error) {
      // Worse than losing the stream is to work on with half of a message.
      this.#log.error('a message of the server cannot be read', { error });
      this.#parts?.session.reconnect(messageOf(error));
      return;
    }
    if (event?.type === 'drain-received' && !this.#reactor.state.draining) this.#noteDrain(event.reason);
    if (event?.type === 'resume-received' && this.#reactor.state.draining?.stop === false) this.#noteResume();
    if (event) this.#reactor.dispatch(event);
    if (event?.type === 'registered') this.#nowConnected();
  }

  #perform(effect: Effect): void {
    if (effect.type === 'drained') {
      if (effect.stop) this.#stopping ??= this.#stop({ type: 'drained', reason: effect.reason });
      return;
    }
    if (!this.#parts) return;
    const { slots, session, info } = this.#parts;
    switch (effect.type) {
      case 'register':
        session.send(registerRequest({ instance: this.instance, info, held: effect.held }));
        return;
      case 'send':
        session.send(
          toRequest(effect.message, {
            worker: this.number ?? 0,
            workerName: info.name,
            host: info.host,
          }),
        );
        return;
      case 'renew':
        session.send(renewRequest(effect, hostLoad()));
        return;
      case 'announce-drain':
        session.send({ message: { $case: 'draining', value: { reason: effect.reason, stop: effect.stop } } });
        return;
      case 'reconnect':
        this.#log.warn('opening a new stream', { reason: effect.reason });
        session.reconnect(effect.reason);
        return;
      case 'run':
        slots.run(effect);
        return;
      case 'revoke':
        slots.revoke(effect);
        return;
      case 'kill':
        slots.kill(effect);
        return;
      case 'forget-program':
        slots.forget(effect.job);
        return;
      case 'fetch-program':
      case 'fetch-input':
      case 'store-answer':
        void moveBlobs(effect, this.#parts).then((event) => this.#reactor.dispatch(event));
        return;
    }
  }

  #refused(why: DsageError): void {
    this.#log.error('the server refused this worker', { error: why });
    this.#stopping ??= this.#stop({ type: 'refused', why });
  }

  /** Says how a connection failed once, and then again every minute. */
  #disconnected(why: DsageError, retryMs: number): void {
    this.#reactor.dispatch({ type: 'disconnected' });
    this.#given.onNotice?.({ type: 'disconnected', why, retryMs });
    const now = Date.now();
    if (why.message === this.#lastFailure.message && now - this.#lastFailure.atMs < QUIET_MS) return;
    this.#lastFailure = { message: why.message, atMs: now };
    this.#log.warn('no connection to the server', {
      error: why.message,
      code: why.code,
      retryMs,
      held: this.held,
    });
  }

  #nowConnected(): void {
    if (!this.#parts) return;
    const { session } = this.#parts;
    session.accepted();
    const again = this.#connections > 0;
    this.#connections += 1;
    this.#lastFailure = { message: '', atMs: -Infinity };
    const { worker } = this.#reactor.state;
    this.#log.info(again ? 'registered again' : 'registered', { number: worker, held: this.held });
    this.#given.onNotice?.({ type: 'registered', worker, slots: this.#options.slots, again });
    const { client } = session;
    if (!client) return;
    for (const { resolve } of this.#untilConnected.splice(0)) resolve(client);
  }

  #connected(): Promise<WorkerServiceClient> {
    const client = this.isConnected ? this.#parts?.session.client : undefined;
    if (client) return Promise.resolve(client);
    return new Promise((resolve, reject) => {
      this.#untilConnected.push({ resolve, reject });
    });
  }

  async #sendLog({ request, lines }: { request: number; lines: number }): Promise<void> {
    const value = {
      request,
      lines: await ownLogLines(clusterPaths(this.#options.directory).workerLog, lines),
    };
    this.#parts?.session.send({ message: { $case: 'log', value } });
  }
}
