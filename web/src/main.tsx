import './style.css';

import { render } from 'preact';

import { App } from './app.js';
import { startKeyboard } from './keyboard.js';
import { startClock } from './live/clock.js';
import { isPaused } from './live/topic.js';
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
