import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

/**
 * A second machine's network, as Linux gives it to processes: a namespace of its own, joined to this one by a
 * pair of virtual interfaces. Its addresses are of the block for benchmarks (RFC 2544), which nobody routes.
 */
export class SecondNetwork {
  /** Where this machine is, as the second one sees it. */
  readonly hostAddress: string;
  readonly guestAddress: string;
  readonly name: string;
  readonly #link: string;

  private constructor(number: number) {
    this.name = `dsage-${String(process.pid)}`;
    this.#link = `ds${String(process.pid)}`.slice(0, 12);
    this.hostAddress = `198.18.${String(number)}.1`;
    this.guestAddress = `198.18.${String(number)}.2`;
  }

  /** Why it cannot be made here; undefined when it can. */
  static get missing(): string | undefined {
    if (process.platform !== 'linux') return 'network namespaces are of Linux';
    if (userInfo().uid !== 0) return 'only root may make a network namespace';
    const probe = `dsage-probe-${String(process.pid)}`;
    try {
      ip('netns', 'add', probe);
      ip('netns', 'exec', probe, 'true');
      return undefined;
    } catch (error) {
      return `ip netns does not work: ${String(error).split('\n')[0] ?? ''}`;
    } finally {
      try {
        ip('netns', 'delete', probe);
      } catch {
        // It was not made.
      }
    }
  }

  static make(): SecondNetwork {
    const network = new SecondNetwork(process.pid % 250);
    const { name } = network;
    const inner = `${network.#link}b`;
    try {
      ip('netns', 'add', name);
      ip('link', 'add', `${network.#link}a`, 'type', 'veth', 'peer', 'name', inner, 'netns', name);
      ip('address', 'add', `${network.hostAddress}/30`, 'dev', `${network.#link}a`);
      ip('link', 'set', `${network.#link}a`, 'up');
      network.#inside('ip', 'address', 'add', `${network.guestAddress}/30`, 'dev', inner);
      network.#inside('ip', 'link', 'set', inner, 'up');
      network.#inside('ip', 'link', 'set', 'lo', 'up');
    } catch (error) {
      network.remove();
      throw error;
    }
    return network;
  }

  /** The command line that runs a program in there. */
  command(...program: readonly string[]): readonly [string, readonly string[]] {
    return ['ip', ['netns', 'exec', this.name, ...program]];
  }

  /** Idempotent; the interfaces go with the namespace. */
  remove(): void {
    try {
      ip('netns', 'delete', this.name);
    } catch {
      // It is gone.
    }
  }

  #inside(...command: readonly string[]): void {
    ip('netns', 'exec', this.name, ...command);
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' });
}
