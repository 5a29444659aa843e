import { Command } from '../parts/copy.js';
import { Page } from '../parts/page.js';

export function LoginPage() {
  return (
    <div class="narrow">
      <Page title="Log in">
        <div class="card">
          <p>
            The monitor knows you by your certificate, so a login begins in a terminal: on the server’s
            machine, or wherever you use dsage as your user.
          </p>
          <Command text="npx dsage web" label="log in" />
          <p>
            It prints and opens a link that works once, for five minutes. <code>--server HOST:PORT</code>{' '}
            names another server than that of this machine.
          </p>
          <p>
            <button type="button" class="primary" onClick={() => location.reload()}>
              Try again
            </button>
          </p>
        </div>
      </Page>
    </div>
  );
}
