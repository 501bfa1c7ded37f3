import { sentence } from '../../client/messages.js';
import { Link } from '../parts/Link.js';

export function Missing() {
  return (
    <div className="page-title">
      <h1 tabIndex={-1}>{sentence('not_found')}</h1>
      <p>
        <Link to="home">Back to the start</Link>
      </p>
    </div>
  );
}
