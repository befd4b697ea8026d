import { effect } from '@preact/signals';
import { render } from 'preact';
import { follow } from './state/feed.ts';
import { listenToKeys } from './state/keys.ts';
import { followAddress } from './state/store.ts';
import { applyTheme, onAppearance } from './state/theme.ts';
import { Page } from './views/page.tsx';

// The script stands in the head: the theme is in place before anything is painted.
effect(applyTheme);
onAppearance(applyTheme);
followAddress();
listenToKeys();
addEventListener('DOMContentLoaded', () => {
  render(<Page />, document.body);
  follow();
});
