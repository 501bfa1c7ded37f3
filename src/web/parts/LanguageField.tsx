import { isLanguage, LANGUAGES, type Language } from '../languages.js';
import { changeSettings } from '../settings.js';
import { useTexts } from '../useTexts.js';
import { SelectField } from './SelectField.js';

const OPTIONS = (Object.keys(LANGUAGES) as Language[]).map((value) => ({
  value,
  name: LANGUAGES[value],
  lang: value,
}));

/** The language of the app; each by its own name, so that everybody finds his. */
export function LanguageField() {
  const { t, language } = useTexts();
  return (
    <SelectField
      label={t('frame.language')}
      options={OPTIONS}
      value={language}
      onChange={(next) => isLanguage(next) && changeSettings({ language: next })}
    />
  );
}
