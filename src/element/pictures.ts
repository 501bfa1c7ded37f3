import { html, svg, type TemplateResult } from 'lit';

/** An ellipse around the middle of 100×100, as one line. */
const OVAL = 'M50 4a34 46 0 0 1 0 92a34 46 0 0 1 0-92';

/** Where the face belongs in the camera's picture, with shade around it. */
export function oval(good: boolean): TemplateResult {
  return html`<svg class=${good ? 'oval good' : 'oval'} viewBox="0 0 100 100" aria-hidden="true">
    ${svg`<path class="shade" fill-rule="evenodd" d="M-100-100h300v300h-300zM50 4a34 46 0 0 0 0 92a34 46 0 0 0 0-92" /><path class="line" d=${OVAL} />`}
  </svg>`;
}

/** Before anything has happened. */
export const face = html`<svg class="oval" viewBox="0 0 100 100" aria-hidden="true">
  <path class="line" d=${OVAL} />
  <g stroke-width="1.6">
    <path d="M36 42v4M64 42v4M50 44v12h-4M40 68q10 7 20 0" />
  </g>
</svg>`;

export const yes = html`<svg class="sign yes" viewBox="0 0 24 24" aria-hidden="true">
  <circle cx="12" cy="12" r="10.5" />
  <path d="m7.5 12.5 3 3 6-7" />
</svg>`;

export const no = html`<svg class="sign no" viewBox="0 0 24 24" aria-hidden="true">
  <circle cx="12" cy="12" r="10.5" />
  <path d="M12 6.5v7M12 17v.1" />
</svg>`;
