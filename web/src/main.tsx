// In this order: what is narrower or later wins.
import './style/tokens.css';
import './style/base.css';
import './style/controls.css';
import './style/cards.css';
import './style/status.css';
import './style/tables.css';
import './style/jobs.css';
import './style/dialogs.css';
import './style/narrow.css';

import { render } from 'preact';

import { App } from './app.js';
import { startKeyboard } from './keyboard.js';
import { startClock } from './live/clock.js';
import { isPaused } from './live/paused.js';
import { keysShown } from './parts/keys.js';
import { startRouter } from './router.js';
import { startSession } from './session.js';
import { apply } from './theme.js';

apply();
startRouter();
startClock();
startKeyboard({
  showKeys: () => (keysShown.value = true),
  togglePause: () => (isPaused.value = !isPaused.value),
});
void startSession();

const root = document.getElementById('app');
if (root) render(<App />, root);
