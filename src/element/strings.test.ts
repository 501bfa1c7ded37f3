import { describe, expect, it } from 'vitest';
import { sentence } from '../client/messages.js';
import { errorText, language } from './strings.js';

describe('language', () => {
  it.each([
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE_ch', 'de'],
    ['en-GB', 'en'],
    ['fr', 'en'],
    ['', 'en'],
    ['constructor', 'en'],
  ])('speaks for %j in %j', (locale, lang) => {
    expect(language(locale).lang).toBe(lang);
  });

  it('says everything in every language, and nothing twice the same', () => {
    const [english, german] = [language('en').strings, language('de').strings];
    for (const mode of ['verify', 'identify', 'enrol'] as const) {
      expect(german.start[mode]).not.toBe(english.start[mode]);
      expect(german.intro[mode]).not.toBe(english.intro[mode]);
    }
    expect(german.taken(1, 3)).toContain('1 von 3');
    expect(english.taken(1, 3)).toContain('1 of 3');
  });
});

describe('errorText', () => {
  it('is in English where a language lacks it', () => {
    const { strings } = language('de');
    expect(errorText(strings, 'no_face')).toContain('Kein Gesicht');
    expect(errorText(strings, 'bundle_invalid')).toBe(sentence('bundle_invalid'));
  });

  it('does not offer photos, which the element does not take', () => {
    for (const code of ['camera_refused', 'camera_absent', 'camera_failed'] as const) {
      expect(errorText(language('en').strings, code)).not.toContain('photo');
    }
  });
});
