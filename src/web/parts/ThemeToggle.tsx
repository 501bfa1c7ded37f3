import { chooseTheme, useTheme } from '../theme.js';
import { Icon } from './Icon.js';

export function ThemeToggle() {
  const next = useTheme() === 'dark' ? 'light' : 'dark';
  return (
    <button
      type="button"
      className="theme-toggle"
      aria-label={`Use the ${next} theme`}
      onClick={() => chooseTheme(next)}
    >
      <Icon name={next === 'dark' ? 'moon' : 'sun'} />
    </button>
  );
}
