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
    /** Of one of several pictures, from 0, unless null. */
    sentenceOf: (code: ErrorCode, picture: number | null) => {
      const said = sentence(code, sentencesOf(language));
      return picture === null ? said : t('answer.ofPicture', { number: picture + 1, sentence: said });
    },
    ...formatsOf(language),
  };
}
