import { useTranslation } from 'react-i18next';
import { sentence, type ErrorCode } from '../client/messages.js';
import { formatsOf } from './format.js';
import { sentencesOf } from './language.js';

/** Says things in the language of the page: texts by their keys, errors and hints by their codes, figures as they are written there. */
export function useTexts() {
  const { t, i18n } = useTranslation();
  const { language } = i18n;
  return {
    t,
    language,
    sentence: (code: ErrorCode) => sentence(code, sentencesOf(language)),
    ...formatsOf(language),
  };
}
