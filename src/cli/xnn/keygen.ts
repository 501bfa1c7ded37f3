import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { SCHEMES } from '../../core/xnn.js';
import { exists } from '../../owner/files.js';
import { createKey, infoOf, LEAST_PASSPHRASE } from '../../owner/key.js';
import { releasedEncoder } from '../../owner/release.js';
import { oneOf, parsed } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';

export const KEYGEN: Command = {
  help: `Makes a key for the released encoder and writes it to a file, encrypted with a passphrase of at least ${LEAST_PASSPHRASE} characters
(an age file: any age program opens it). The key is part of every network that is trained with it: without it, or without
its passphrase, the network is worthless, and with it the features are open. Nothing but this file holds it.

  xnn keygen --scheme SCHEME --out FILE [--passphrase-file FILE] [--json]

  --scheme SCHEME          xnn: the paper's, one permutation and one matrix; xnn-hardened: a matrix for each position, which
                           hides sums and Gram matrices of a face's tokens, too. To compare with: matrix, permutation
                           (protects nothing from a transformer), none (protects nothing)
  --out FILE               must not be there yet
${PASSPHRASE_HELP}
  --json                   print the result as JSON

Examples
  npx xnn keygen --scheme xnn-hardened --out keys/faces.key
  npx xnn keygen --scheme xnn --out keys/faces.key --passphrase-file /run/secrets/xnn --json
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          scheme: { type: 'string' },
          out: { type: 'string' },
          json: { type: 'boolean', default: false },
          ...PASSPHRASE_OPTION,
        },
      }),
    );
    const scheme = oneOf('--scheme', SCHEMES, required('--scheme', values.scheme));
    const out = required('--out', values.out);
    // Before a passphrase is thought up.
    if (await exists(out)) throw new XnnError('file_exists', out);
    const encoder = await releasedEncoder();
    const passphrase = await passphraseFrom(values['passphrase-file'], { isNew: true });
    const info = infoOf(await createKey(out, scheme, encoder, passphrase));
    print({ file: out, ...info }, { File: out, Scheme: scheme, Fingerprint: info.fingerprint }, values.json);
  },
};
