import { useRef } from 'preact/hooks';

import { send } from './api.js';
import { KEYS } from './keyboard.js';
import { isPaused } from './live/paused.js';
import { health } from './live/topic.js';
import type { Health } from './live/delta.js';
import { attempt, ConfirmDialog } from './parts/confirm.js';
import { keysShown } from './parts/keys.js';
import { Page } from './parts/page.js';
import { Foreign } from './parts/text.js';
import { Toasts } from './parts/toast.js';
import { HelpPage } from './pages/help.js';
import { JobPage } from './pages/job.js';
import { JobsPage } from './pages/jobs.js';
import { LoginPage } from './pages/login.js';
import { OverviewPage } from './pages/overview.js';
import { ServerPage } from './pages/server.js';
import { UsersPage } from './pages/users.js';
import { WorkerPage } from './pages/worker.js';
import { WorkersPage } from './pages/workers.js';
import { place } from './router.js';
import { isAdmin, isLoggedOut, isPublicViewer, session } from './session.js';
import { setTheme, type Theme, theme, THEMES } from './theme.js';

export function App() {
  const main = useRef<HTMLElement>(null);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header />
      <main ref={main} id="main" tabindex={-1}>
        {isLoggedOut.value ? (
          <LoginPage />
        ) : session.value ? (
          <Route />
        ) : (
          <p class="muted loading">Connecting…</p>
        )}
      </main>
      <ConfirmDialog />
      <KeysDialog />
      <Toasts />
    </>
  );
}

function Route() {
  const { path } = place.value;
  const [, job] = /^\/jobs\/(\d+)\/?$/.exec(path) ?? [];
  const [, worker] = /^\/workers\/(\d+)\/?$/.exec(path) ?? [];
  if (isPublicViewer.value && path !== '/') return <LoginPage />;
  if (job !== undefined) return <JobPage key={job} id={job} />;
  if (worker !== undefined) return <WorkerPage key={worker} id={worker} />;
  switch (path) {
    case '/':
      return <OverviewPage />;
    case '/jobs':
      return <JobsPage />;
    case '/workers':
      return <WorkersPage />;
    case '/server':
      return <ServerPage />;
    case '/users':
      return <UsersPage />;
    case '/help':
      return <HelpPage />;
    default:
      return (
        <Page title="There is no such page">
          <p>
            <a href="/">Overview</a>
          </p>
        </Page>
      );
  }
}

const PLACES = [
  ['/', 'Overview'],
  ['/jobs', 'Jobs'],
  ['/workers', 'Workers'],
  ['/server', 'Server'],
  ['/users', 'Users'],
  ['/help', 'Help'],
] as const;

function Header() {
  const { path } = place.value;
  const isHere = (target: string): boolean => (target === '/' ? path === '/' : path.startsWith(target));
  const isIn = session.value !== undefined && !isLoggedOut.value;
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="dsage, overview">
        <img src="/icon.svg" alt="" width="22" height="22" />
        dsage
      </a>
      {isIn && !isPublicViewer.value && (
        <nav class="places" aria-label="Pages">
          {PLACES.filter(([target]) => target !== '/users' || isAdmin.value).map(([target, word]) => (
            <a key={target} href={target} aria-current={isHere(target) ? 'page' : undefined}>
              {word}
            </a>
          ))}
        </nav>
      )}
      <span class="spring" />
      {isIn && <HealthBadge />}
      <label class="theme">
        <span class="hidden">Colours</span>
        <select value={theme.value} onChange={({ currentTarget }) => setTheme(currentTarget.value as Theme)}>
          {THEMES.map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      </label>
      {isIn && <Account />}
    </header>
  );
}

function Account() {
  if (isPublicViewer.value) return <a href="/jobs">Log in</a>;
  const logOut = (): void =>
    void attempt(async () => {
      await send('POST', 'logout');
      isLoggedOut.value = true;
      return 'Logged out.';
    });
  return (
    <span class="account">
      <Foreign text={session.value?.user ?? ''} class="line short" />
      <button type="button" class="quiet" onClick={logOut}>
        Log out
      </button>
    </span>
  );
}

const HEALTH_TITLES: Readonly<Record<Health, string>> = {
  live: 'What you see is up to date.',
  stale: 'The server has said nothing for 15 s.',
  reconnecting: 'The connection is lost; the page tries again by itself.',
  paused: 'You paused the updates.',
};

function HealthBadge() {
  const current = health.value;
  if (!current) return null;
  return (
    <span class="health-box">
      <span class={`health health-${current}`} role="status" title={HEALTH_TITLES[current]}>
        <span class="health-dot" aria-hidden="true" />
        {current}
      </span>
      <button type="button" class="quiet" onClick={() => (isPaused.value = !isPaused.value)}>
        {isPaused.value ? 'Resume updates' : 'Pause'}
        {!isPaused.value && <span class="hidden"> updates</span>}
      </button>
    </span>
  );
}

function KeysDialog() {
  if (!keysShown.value) return null;
  return (
    <dialog
      class="dialog"
      ref={(dialog: HTMLDialogElement | null) => {
        if (dialog && !dialog.open) dialog.showModal();
      }}
      aria-labelledby="keys-title"
      onClose={() => (keysShown.value = false)}
    >
      <h2 id="keys-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <div class="dialog-buttons">
        <button type="button" class="primary" onClick={() => (keysShown.value = false)}>
          Close
        </button>
      </div>
    </dialog>
  );
}
