import { css } from 'lit';

/** Every colour, size and typeface can be set from outside by a variable of its name with `--xnn-` before it. */
export const styles = css`
  :host {
    display: block;
    box-sizing: border-box;
    max-width: var(--xnn-width, 24rem);
    color-scheme: light dark;
    --surface: var(--xnn-surface, light-dark(#ffffff, #141b1b));
    --ink: var(--xnn-ink, light-dark(#10201f, #e7efed));
    --soft: var(--xnn-soft, light-dark(#4a5a59, #a1b1af));
    --line: var(--xnn-line, light-dark(#dbe1df, #263130));
    --edge: var(--xnn-edge, light-dark(#75827f, #6d7d7a));
    --accent: var(--xnn-accent, light-dark(#08665f, #5ed6c7));
    --on-accent: var(--xnn-on-accent, light-dark(#ffffff, #04211e));
    --trouble: var(--xnn-trouble, light-dark(#9c3311, #ffb08c));
    --radius: var(--xnn-radius, 1.25rem);
    --font: var(--xnn-font, system-ui, sans-serif);
  }

  :host([hidden]) {
    display: none;
  }

  :host([theme='light']) {
    color-scheme: light;
  }

  :host([theme='dark']) {
    color-scheme: dark;
  }

  *,
  *::before,
  *::after {
    box-sizing: border-box;
  }

  .frame {
    display: grid;
    gap: 1rem;
    padding: 1rem;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    font: 400 1rem/1.5 var(--font);
    text-align: center;
  }

  .frame:focus {
    outline: none;
  }

  p {
    margin: 0;
    text-wrap: pretty;
  }

  .viewport {
    position: relative;
    display: grid;
    place-items: center;
    aspect-ratio: 1;
    overflow: hidden;
    border-radius: calc(var(--radius) * 0.7);
    background: color-mix(in oklab, var(--surface), var(--ink) 5%);
    color: var(--soft);
  }

  .viewport.filming {
    background: #0a0f0f;
  }

  video {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    object-fit: cover;
  }

  video.mirrored {
    scale: -1 1;
  }

  .oval {
    position: absolute;
    inset: 6% 0;
    height: 88%;
    margin: auto;
    overflow: visible;
  }

  .filming .oval {
    color: rgb(255 255 255 / 80%);
  }

  .filming .oval.good,
  .sign.yes {
    color: #5ed6c7;
  }

  .shade {
    fill: rgb(4 10 10 / 48%);
    stroke: none;
  }

  svg {
    fill: none;
    stroke: currentColor;
    stroke-linecap: round;
    stroke-linejoin: round;
  }

  .line {
    stroke-width: 1.2;
    stroke-dasharray: 2.5 3;
  }

  .good .line {
    stroke-dasharray: none;
    stroke-width: 2;
  }

  .sign {
    width: 40%;
    stroke-width: 1.2;
  }

  .viewport:not(.filming) .sign.yes {
    color: var(--accent);
  }

  .sign.no {
    color: var(--trouble);
  }

  .count {
    position: absolute;
    inset: auto 0 9%;
    color: #fff;
    font-size: 3rem;
    font-weight: 600;
    line-height: 1;
    text-shadow: 0 0 0.75rem rgb(0 0 0 / 70%);
  }

  .turning {
    width: 3rem;
    height: 3rem;
    border: 3px solid var(--line);
    border-top-color: var(--accent);
    border-radius: 50%;
    animation: turn 1s linear infinite;
  }

  @keyframes turn {
    to {
      rotate: 1turn;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    .turning {
      animation-duration: 4s;
    }
  }

  progress {
    position: absolute;
    inset: auto 0 0;
    width: 100%;
    height: 0.5rem;
    border: 0;
    background: var(--line);
    appearance: none;
  }

  progress::-webkit-progress-bar {
    background: var(--line);
  }

  progress::-webkit-progress-value {
    background: var(--accent);
    transition: width 200ms;
  }

  progress::-moz-progress-bar {
    background: var(--accent);
  }

  .message {
    min-height: 3em;
    align-content: center;
    font-weight: 600;
    text-wrap: balance;
  }

  .message.plain {
    font-weight: 400;
  }

  .message.trouble {
    color: var(--trouble);
  }

  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }

  .row:empty {
    display: none;
  }

  button,
  select {
    flex: auto;
    min-height: 2.875rem;
    padding: 0.5rem 1.25rem;
    border: 1px solid var(--edge);
    border-radius: 99rem;
    background: none;
    color: var(--ink);
    font: 600 1rem/1.2 var(--font);
    cursor: pointer;
  }

  button.primary {
    border-color: transparent;
    background: var(--accent);
    color: var(--on-accent);
  }

  button:hover {
    background: color-mix(in oklab, var(--surface), var(--ink) 8%);
  }

  button.primary:hover {
    background: color-mix(in oklab, var(--accent), var(--ink) 15%);
  }

  button:disabled {
    border-color: transparent;
    background: color-mix(in oklab, var(--surface), var(--ink) 8%);
    color: var(--soft);
    cursor: default;
  }

  :focus-visible {
    outline: 3px solid var(--accent);
    outline-offset: 3px;
  }

  label {
    display: grid;
    gap: 0.25rem;
    font-size: 0.875rem;
    text-align: start;
  }

  select {
    width: 100%;
    border-radius: calc(var(--radius) * 0.6);
    background: var(--surface);
    font-weight: 400;
  }

  .privacy {
    color: var(--soft);
    font-size: 0.875rem;
  }
`;
