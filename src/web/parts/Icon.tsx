/** Paths on a 24 × 24 grid, drawn with one stroke. */
const DRAWINGS = {
  home: 'M4 11 12 4l8 7M6 9.5V20h12V9.5M10 20v-5h4v5',
  enrol: 'M4 20c.6-3.6 3-5.5 6-5.5s5.4 1.9 6 5.5M10 11.5a3.7 3.7 0 1 0 0-7.4 3.7 3.7 0 0 0 0 7.4M19 7v6M16 10h6',
  verify: 'M12 3 5 5.7v5.5c0 4.5 2.9 7.7 7 9.8 4.1-2.1 7-5.3 7-9.8V5.7zM8.8 12l2.3 2.3 4.2-4.5',
  identify:
    'M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5M7.5 17c.5-2 2.2-3 4.5-3s4 1 4.5 3',
  forget: 'M4.5 7h15M9.5 7V4h5v3M6.5 7l1 13h9l1-13M10.3 11v5.5M13.7 11v5.5',
  camera: 'M4 7.5h3.5L9 5h6l1.5 2.5H20V19H4zM12 16.3a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6',
  photos: 'M7 4h13v13H7zM4 7.5V20h12.5M7.5 14.5l3.8-4 3.2 3.3 2-1.8 3 2.8',
  check: 'M5 12.5 10 17.5 19 7',
  cross: 'M6 6l12 12M18 6 6 18',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4',
  moon: 'M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 4v4h-4',
  lock: 'M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3',
  left: 'M20 12H5M11 6l-6 6 6 6',
  right: 'M4 12h15M13 6l6 6-6 6',
  closer: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M4 4l6 6M20 4l-6 6M20 20l-6-6M4 20l6-6',
  back: 'M10 5v5H5M14 5v5h5M19 14h-5v5M10 19v-5H5M10 10 4 4M14 10l6-6M14 14l6 6M10 14l-6 6',
  send: 'M12 20V5M6 11l6-6 6 6',
  dots: 'M6 12v.1M12 12v.1M18 12v.1',
} as const;

export type IconName = keyof typeof DRAWINGS;

/** Decoration: the words beside it say the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={DRAWINGS[name]} />
    </svg>
  );
}
