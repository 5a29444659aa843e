import type { ServerDuplexStream } from '@grpc/grpc-js';
import { expect } from 'chai';

import type { Send } from '#dsage/server/core/effects.js';
import { ClientHub, ClientLink } from '#dsage/server/client-hub.js';
import type { SessionRequest, SessionResponse } from '#dsage/wire/gen/dsage/v1/client.js';

import { type LabWorker, ServerLab } from '../../support/server-lab.js';

type Written = NonNullable<SessionResponse['message']>;

/** A hub on a lab's state, with streams that only note down what is written to them. */
class HubLab {
  readonly lab = new ServerLab();
  readonly hub = new ClientHub(this.lab.state, this.lab.store);
  readonly worker: LabWorker = this.lab.worker({ slots: 9 });

  connect(): { link: ClientLink; written: Written[] } {
    const written: Written[] = [];
    const stream = {
      on: () => stream,
      end: () => stream,
      write: ({ message }: SessionResponse) => {
        if (message !== undefined) written.push(message);
        return true;
      },
    };
    const identity = { role: 'user' as const, name: 'ada', serial: '' };
    const about = { id: 'session', identity, host: '', pid: 0, packageVersion: '', now: 0 };
    const link = new ClientLink(
      stream as unknown as ServerDuplexStream<SessionRequest, SessionResponse>,
      about,
    );
    this.hub.add(link);
    return { link, written };
  }

  /** What the engine does with the sends of the lab's last batch. */
  deliver(): void {
    for (const send of this.lab.effects.sends) this.hub.deliver(send);
    this.hub.flush();
  }

  finish(job: number): void {
    this.lab.answers(this.worker, ...this.lab.held(this.worker).filter((lease) => lease.job === job));
    this.deliver();
  }
}

function events(written: readonly Written[]) {
  return written.flatMap((message) => (message.$case === 'events' ? [message.value] : []));
}

describe('ClientHub', () => {
  it('refuses on the stream that the submission came over, and on no later one', () => {
    const { hub, connect } = bound();
    const first = connect();
    const refusal = (connection: number): Send => ({
      ...{ type: 'refuse', session: 'ada/session', connection, seq: 4 },
      problem: { code: 'queue-full', message: 'full', hint: '' },
    });
    const second = connect();
    hub.deliver(refusal(first.link.connection));
    hub.flush();
    expect(second.written).to.deep.equal([]);
    hub.deliver(refusal(second.link.connection));
    hub.flush();
    expect(second.written.map(({ $case }) => $case)).to.deep.equal(['accepted']);
  });

  it('tells the answers before the end, then no more; who asks again after a rerun is told all of it', () => {
    const { hub, lab, connect, deliver, finish } = bound();
    const { link, written } = connect();
    const job = lab.submit({ tasks: 3 });
    hub.watch(link, job, { from: 0, statusOnly: false, isNew: true });
    deliver();
    finish(job);
    const [end] = events(written).filter(({ answers }) => answers.length > 0);
    expect(end?.answers.map(({ firstOrdinal, count }) => [firstOrdinal, count])).to.deep.equal([[0, 3]]);
    expect(end?.changed.map(({ counts }) => counts?.completed)).to.deep.equal([3]);
    written.length = 0;
    const read = () => {
      const record = lab.store.job(job);
      return record === undefined ? undefined : { record, ends: lab.store.ends(job, 0) };
    };
    lab.do({ type: 'job-rerun', request: 1, job, onlyFailed: false, read, readJob: () => undefined });
    deliver();
    expect(written).to.deep.equal([]);
    hub.watch(link, job, { from: 0, statusOnly: false, isNew: false });
    hub.flush();
    expect(events(written)[0]?.changed[0]).to.include({ generation: 1, answerCount: 0 });
    finish(job);
    const again = events(written).flatMap(({ answers }) => answers);
    expect(again.map(({ firstOrdinal, count }) => [firstOrdinal, count])).to.deep.equal([[0, 3]]);
  });
});

function bound() {
  const hubLab = new HubLab();
  return {
    hub: hubLab.hub,
    lab: hubLab.lab,
    connect: () => hubLab.connect(),
    deliver: () => {
      hubLab.deliver();
    },
    finish: (job: number) => {
      hubLab.finish(job);
    },
  };
}
