/** How figures and times are written in a language. */
export interface Formats {
  /** "27,727". */
  readonly number: (value: number) => string;
  /** "0.51". */
  readonly decimal: (value: number, digits: number) => string;
  /** "13,104 bytes". */
  readonly bytes: (count: number) => string;
  /** Storage in bytes as "2.1 MB". */
  readonly megabytes: (count: number) => string;
  /** A time in ms as people read it: "< 1 ms", "84 ms", "1.4 sec". */
  readonly duration: (ms: number) => string;
  /** A share in [0, 1] as "43%", never rounded up. */
  readonly percent: (share: number) => string;
  /** A day, in the zone of who reads. @param date ISO 8601 */
  readonly day: (date: string) => string;
  /** A day and its time, in the zone of who reads. @param date ISO 8601 */
  readonly moment: (date: string) => string;
}

const made = new Map<string, Formats>();

/** @param language BCP 47 */
export function formatsOf(language: string): Formats {
  const formats = made.get(language) ?? makeFormats(language);
  made.set(language, formats);
  return formats;
}

function makeFormats(language: string): Formats {
  // Made when they are first needed: each takes the thread long.
  const numbers = new Map<string, Intl.NumberFormat>();
  const number = (value: number, options: Intl.NumberFormatOptions = {}) => {
    const key = JSON.stringify(options);
    const format = numbers.get(key) ?? new Intl.NumberFormat(language, options);
    numbers.set(key, format);
    return format.format(value);
  };
  const milliseconds = (ms: number) => number(ms, { style: 'unit', unit: 'millisecond' });
  const date = (options: Intl.DateTimeFormatOptions) => (at: string) =>
    new Intl.DateTimeFormat(language, options).format(new Date(at));
  return {
    number: (value) => number(value),
    decimal: (value, digits) => number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    bytes: (count) => number(count, { style: 'unit', unit: 'byte', unitDisplay: 'long' }),
    megabytes: (count) => number(count / 1e6, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 }),
    duration(ms) {
      if (ms < 1) return `< ${milliseconds(1)}`;
      return ms < 999.5
        ? milliseconds(Math.round(ms))
        : number(ms / 1000, { style: 'unit', unit: 'second', minimumFractionDigits: 1, maximumFractionDigits: 1 });
    },
    percent: (share) => number(Math.floor(share * 100) / 100, { style: 'percent' }),
    day: date({ dateStyle: 'medium' }),
    moment: date({ dateStyle: 'medium', timeStyle: 'short' }),
  };
}

/** The first `most` bytes as pairs of hexadecimal digits, and an ellipsis if there are more. */
export function hexDump(values: Uint8Array, most: number): string {
  const pairs = Array.from(values.subarray(0, most), (value) => value.toString(16).padStart(2, '0'));
  return (values.length > most ? [...pairs, '…'] : pairs).join(' ');
}
