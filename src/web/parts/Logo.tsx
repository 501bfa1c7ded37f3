/** A face of which one half has become values. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" aria-hidden="true">
      <path className="logo-line" d="M16 3C9.5 3 6 7.6 6 13.5 6 21 10.5 29 16 29" />
      <path className="logo-line" d="M10 13.5h2.5M16 22c-1.5 0-2.7-.4-3.7-1.2" />
      <path d="M18 3h3.5v3.5H18zM22.5 7.5H26V11h-3.5zM18 12h3.5v3.5H18zM22.5 16.5H26V20h-3.5zM18 21h3.5v3.5H18z" />
      <path
        className="logo-faint"
        d="M18 7.5h3.5V11H18zM22.5 12H26v3.5h-3.5zM18 16.5h3.5V20H18zM18 25.5h3.5V29H18zM22.5 21h2.5v3h-2.5z"
      />
    </svg>
  );
}
