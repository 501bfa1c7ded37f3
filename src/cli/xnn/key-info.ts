import { parseArgs } from 'node:util';
import { readKey } from '../../owner/key.js';
import { infoOf } from '../../wire/key-file.js';
import { parsed } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';

export const KEY_INFO: Command = {
  help: `Shows scheme, fingerprint, encoder and date of a key. The fingerprint names the key, in bundles too, and reveals nothing of
it.

  xnn key info --key FILE [--passphrase-file FILE] [--json]

  --key FILE               a file that "xnn keygen" made
${PASSPHRASE_HELP}
  --json                   print the result as JSON

Example
  npx xnn key info --key keys/faces.key
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: { key: { type: 'string' }, json: { type: 'boolean', default: false }, ...PASSPHRASE_OPTION },
      }),
    );
    const file = required('--key', values.key);
    const info = infoOf(await readKey(file, await passphraseFrom(values['passphrase-file'], { isNew: false })));
    const { scheme: Scheme, fingerprint: Fingerprint, encoder: Encoder, created: Created } = info;
    print(info, { Scheme, Fingerprint, Encoder, Created }, values.json);
  },
};
