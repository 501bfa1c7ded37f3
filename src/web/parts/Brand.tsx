import { Link } from './Link.js';
import { Logo } from './Logo.js';

export function Brand() {
  return (
    <Link to="home" className="brand">
      <Logo />
      <span>
        XNN<i>-d</i>
      </span>
    </Link>
  );
}
