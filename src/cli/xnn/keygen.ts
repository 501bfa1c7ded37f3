import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { SCHEMES, type Scheme } from '../../core/xnn.js';
import { exists } from '../../owner/files.js';
import { createKey, LEAST_PASSPHRASE } from '../../owner/key.js';
import { infoOf } from '../../wire/key-file.js';
import { releasedEncoder } from '../../owner/release.js';
import { oneOf, parsed } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';

/** What is wrong with a scheme that is there to compare with. */
const WARNINGS: Partial<Record<Scheme, string>> = {
  none: 'The scheme none protects nothing. It is there to compare with.',
  permutation: 'The scheme permutation protects nothing from a transformer. It is there to compare with.',
  matrix: 'The scheme matrix falls from the bundle alone. It is there to compare with; use xnn-hardened.',
  xnn: "The paper's scheme falls from the bundle alone: whoever has it and faces of other people finds the key. Use xnn-hardened.",
};

export const KEYGEN: Command = {
  help: `Makes a key for the released encoder and writes it to a file, encrypted with a passphrase of at least ${LEAST_PASSPHRASE} characters
(an age file: any age program opens it). The key is part of every network that is trained with it: without it, or without
its passphrase, the network is worthless, and with it the features are open. Nothing but this file holds it.

  xnn keygen --out FILE [--scheme SCHEME] [--passphrase-file FILE] [--json]

  --scheme SCHEME          xnn-hardened (default): one permutation, and a rotation for each position. One record alone is
                           noise; a whole bundle is not anonymous (docs/xnn-attacks.md). To compare with: xnn, the
                           paper's, one permutation and one matrix, which falls from the bundle alone; matrix; permutation
                           (protects nothing from a transformer); none (protects nothing)
  --out FILE               must not be there yet
${PASSPHRASE_HELP}
  --json                   print the result as JSON

Examples
  npx xnn keygen --out keys/faces.key
  npx xnn keygen --out keys/faces.key --passphrase-file /run/secrets/xnn --json
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          scheme: { type: 'string', default: 'xnn-hardened' },
          out: { type: 'string' },
          json: { type: 'boolean', default: false },
          ...PASSPHRASE_OPTION,
        },
      }),
    );
    const scheme = oneOf('--scheme', SCHEMES, values.scheme);
    const out = required('--out', values.out);
    // Before a passphrase is thought up.
    if (await exists(out)) throw new XnnError('file_exists', out);
    const warning = WARNINGS[scheme];
    if (warning !== undefined) console.error(warning);
    const encoder = await releasedEncoder();
    const passphrase = await passphraseFrom(values['passphrase-file'], { isNew: true });
    const info = infoOf(await createKey(out, scheme, encoder, passphrase));
    print({ file: out, ...info }, { File: out, Scheme: scheme, Fingerprint: info.fingerprint }, values.json);
  },
};
