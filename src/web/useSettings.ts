import { useSyncExternalStore } from 'react';
import { getSettings, onSettings, UNCHOSEN, type Settings } from './settings.js';

export function useSettings(): Settings {
  return useSyncExternalStore(onSettings, getSettings, () => UNCHOSEN);
}
