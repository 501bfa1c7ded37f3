import { openingClass, openingOf, withoutTags } from '../opening.js';
import type { Page } from '../routes.js';
import { useSettings } from '../useSettings.js';
import { useTexts } from '../useTexts.js';

/** What a page begins with, as first.ts has drawn it, until the page itself is there. */
export function Opening({ page }: { page: Page | null }) {
  const { t } = useTexts();
  const name = openingOf(page, useSettings().welcomed);
  if (name === null) return null;
  return (
    <div className={openingClass(name)}>
      <h1 tabIndex={-1}>{t(`${name}.title`)}</h1>
      <p className="lead">{withoutTags(t(`${name}.lead`))}</p>
    </div>
  );
}
