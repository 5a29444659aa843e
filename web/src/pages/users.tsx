import { useSignal } from '@preact/signals';

import type { UserSummary } from '../../../src/model/monitor.js';
import { getJson, send } from '../api.js';
import { ask, attempt } from '../parts/confirm.js';
import { Download } from '../parts/download.js';
import { Card, Failure, Loading, Page, Scroll } from '../parts/page.js';
import { Foreign, When } from '../parts/text.js';
import { useFetch } from '../live/use-fetch.js';
import { isAdmin, session } from '../session.js';

export function UsersPage() {
  const again = useSignal(0);
  const { value: users, error } = useFetch('users', () => getJson<readonly UserSummary[]>('users'), {
    again: again.value,
    everyMs: 0,
  }).value;
  const refresh = (): void => {
    again.value += 1;
  };
  if (session.value && !isAdmin.value) {
    return (
      <Page title="Users">
        <p class="empty-state">Only admins see and change the users of a cluster.</p>
      </Page>
    );
  }
  return (
    <Page title="Users">
      {error && <Failure error={error} />}
      {!users && !error && <Loading />}
      {users && <UserTable users={users} refresh={refresh} />}
      <AddUser refresh={refresh} />
    </Page>
  );
}

interface UserTableProps {
  readonly users: readonly UserSummary[];
  readonly refresh: () => void;
}

function UserTable({ users, refresh }: UserTableProps) {
  return (
    <Scroll label="Users">
      <table class="table cards-on-phone">
        <thead>
          <tr>
            <th class="wide">User</th>
            <th>Role</th>
            <th>Status</th>
            <th>Added</th>
            <th class="number">Certificates</th>
            <th>Actions</th>
          </tr>
        </thead>
        <tbody>
          {users.map((user) => (
            <tr key={user.name}>
              <td class="wide" data-label="User">
                <Foreign text={user.name} />
                {user.name === session.value?.user && <span class="muted"> (you)</span>}
              </td>
              <td data-label="Role">{user.role}</td>
              <td data-label="Status">
                <span class={user.enabled ? 'status status-completed' : 'status status-failed'}>
                  <span class={user.enabled ? 'dot on' : 'dot'} aria-hidden="true" />
                  {user.enabled ? 'enabled' : 'disabled'}
                </span>
              </td>
              <td data-label="Added">
                <When atMs={user.createdAtMs} />
              </td>
              <td class="number" data-label="Certificates">
                {user.certificates}
              </td>
              <td data-label="Actions">
                <UserActions user={user} refresh={refresh} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function UserActions({
  user: { name, enabled },
  refresh,
}: {
  readonly user: UserSummary;
  readonly refresh: () => void;
}) {
  const path = `users/${encodeURIComponent(name)}`;
  const enable = (): void =>
    void attempt(async () => {
      await send('POST', `${path}/enable`);
      refresh();
      return `${name} is enabled.`;
    });
  const disable = (): void =>
    ask({
      title: `Disable ${name}?`,
      text: 'Acts at once, on open connections too. Jobs stay; the user can be enabled again.',
      deed: 'Disable',
      isDanger: true,
      act: async () => {
        await send('POST', `${path}/disable`);
        refresh();
        return `${name} is disabled.`;
      },
    });
  const remove = (): void =>
    ask({
      title: `Remove ${name}?`,
      text: 'All certificates of this user are refused from now on.',
      deed: 'Remove',
      isDanger: true,
      act: async () => {
        await send('DELETE', path);
        refresh();
        return `${name} is removed.`;
      },
    });
  const isSelf = name === session.value?.user;
  return (
    <span class="actions">
      {enabled ? (
        <button type="button" disabled={isSelf} onClick={disable} aria-label={`Disable ${name}`}>
          Disable
        </button>
      ) : (
        <button type="button" onClick={enable} aria-label={`Enable ${name}`}>
          Enable
        </button>
      )}
      <button type="button" class="danger" disabled={isSelf} onClick={remove} aria-label={`Remove ${name}`}>
        Remove
      </button>
    </span>
  );
}

interface Added {
  readonly name: string;
  readonly pem: string;
}

function AddUser({ refresh }: { readonly refresh: () => void }) {
  const added = useSignal<Added | undefined>(undefined);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const fields = new FormData(form);
    const body = {
      name: text(fields, 'name').trim(),
      role: text(fields, 'role'),
      csrPem: text(fields, 'csr'),
    };
    void attempt(async () => {
      const { certificatePem, caPem } = await send<{ certificatePem: string; caPem: string }>(
        'POST',
        'users',
        body,
      );
      added.value = { name: body.name, pem: `${certificatePem.trim()}\n${caPem.trim()}\n` };
      form.reset();
      refresh();
      return `${body.name} is a user of this cluster.`;
    });
  };
  return (
    <Card title="Add a user">
      <p class="muted">
        They run <code>dsage user request NAME</code> on their machine and send you the file{' '}
        <code>NAME.csr</code>. Their key stays with them.
      </p>
      <form class="form" onSubmit={submit}>
        <label class="field">
          <span>Name</span>
          <input name="name" required maxLength={64} autocomplete="off" />
        </label>
        <label class="field">
          <span>Role</span>
          <select name="role">
            <option value="user">user</option>
            <option value="admin">admin</option>
            <option value="worker">worker</option>
          </select>
        </label>
        <label class="field full">
          <span>Certificate request</span>
          <textarea
            name="csr"
            required
            rows={6}
            spellcheck={false}
            placeholder="-----BEGIN CERTIFICATE REQUEST-----"
          />
        </label>
        <button type="submit" class="primary">
          Add user
        </button>
      </form>
      {added.value && <NewCertificate added={added.value} />}
    </Card>
  );
}

function NewCertificate({ added: { name, pem } }: { readonly added: Added }) {
  return (
    <div class="notice">
      <p>
        The certificate of <Foreign text={name} />. Send it back; they run{' '}
        <code>dsage user accept {name}.pem</code>.
      </p>
      <label class="field full">
        <span>Certificate</span>
        <textarea class="certificate" rows={6} readOnly value={pem} />
      </label>
      <Download name={`${name}.pem`} type="application/x-pem-file" parts={[pem]}>
        Download {name}.pem
      </Download>
    </div>
  );
}

function text(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === 'string' ? value : '';
}
