import { changeSettings } from '../settings.js';
import { useTheme } from '../useTheme.js';
import { Icon } from './Icon.js';
import { useTexts } from '../useTexts.js';

export function ThemeToggle() {
  const { t } = useTexts();
  const next = useTheme() === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="btn btn-ghost btn-circle"
      aria-label={next === 'dark' ? t('frame.useDark') : t('frame.useLight')}
      onClick={() => changeSettings({ theme: next })}
    >
      <Icon name={next === 'dark' ? 'moon' : 'sun'} />
    </button>
  );
}
