import { parseArgs } from 'node:util';
import { XnnError } from '../../core/errors.js';
import { ownerCloud } from '../../owner/cloud.js';
import { calibrated, deployTail, readReport, undeploy } from '../../owner/deploy.js';
import { readKey } from '../../owner/key.js';
import { knownDeployment, readLedger } from '../../owner/ledger.js';
import { parsed } from '../command.js';
import { print, required, type Command } from './command.js';
import { PASSPHRASE_HELP, PASSPHRASE_OPTION, passphraseFrom } from './passphrase.js';
import { uploading } from './train.js';

export const DEPLOY: Command = {
  help: `Has a cloud serve a trained network: browsers that hold its key enrol and verify with it, through the same pages. It gets a
gallery, a model version and a threshold of its own.

  xnn deploy --tail FILE.onnx --key FILE --cloud URL (--calibration FILE | --threshold COSINE)
             [--passphrase-file FILE] [--json]

  --tail FILE.onnx         a network that "xnn train" fetched; FILE.json lies beside it
  --key FILE               the key it was trained with. It stays here: the cloud gets a proof that you have it, for this
                           network and threshold, and browsers with the key take no deployment without
  --cloud URL              address of the cloud
  --calibration FILE       what "xnn evaluate --json" printed for this network; its threshold is used
  --threshold COSINE       from which two faces are one person, in [-1, 1], instead
${PASSPHRASE_HELP}
  --json                   print the result as JSON

The threshold must not come from people on whom the network is judged later. What gives access to the deployment is in
~/.local/state/xnn/cloud.json (or in XDG_STATE_HOME), which only you may read.

Example
  npx xnn deploy --tail recnet.onnx --key keys/faces.key --calibration calibration.json --cloud https://cloud.example
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({
        args,
        options: {
          tail: { type: 'string' },
          key: { type: 'string' },
          cloud: { type: 'string' },
          calibration: { type: 'string' },
          threshold: { type: 'string' },
          json: { type: 'boolean', default: false },
          ...PASSPHRASE_OPTION,
        },
      }),
    );
    const tail = required('--tail', values.tail);
    const keyFile = required('--key', values.key);
    const cloud = ownerCloud(required('--cloud', values.cloud));
    if ((values.calibration === undefined) === (values.threshold === undefined)) {
      throw new XnnError('request_invalid', 'either --calibration or --threshold (see --help)');
    }
    const report = await readReport(tail);
    const threshold =
      values.calibration === undefined
        ? Number(required('--threshold', values.threshold?.trim()))
        : await calibrated(values.calibration, report);
    if (!(threshold >= -1 && threshold <= 1))
      throw new XnnError('request_invalid', '--threshold is a cosine, in [-1, 1]');
    const secret = await readKey(keyFile, await passphraseFrom(values['passphrase-file'], { isNew: false }));
    const { deployment, model, key } = await deployTail(cloud, tail, secret, threshold, uploading('network'));
    print(
      { cloud: cloud.address, deployment, model, key, scheme: report.scheme, encoder: report.encoder, threshold },
      { Cloud: cloud.address, Deployment: deployment, Model: model, 'For key': key, Threshold: threshold },
      values.json,
    );
  },
};

export const DEPLOYMENTS: Command = {
  help: `Lists what was deployed from this machine, the oldest first.

  xnn deployments [--json]

  --json                   print them as JSON

Example
  npx xnn deployments --json
`,
  async run(args) {
    const { values } = parsed(() => parseArgs({ args, options: { json: { type: 'boolean', default: false } } }));
    const known = (await readLedger()).deployments.map(({ deployment, tail, cloud, created }) => ({
      deployment,
      tail,
      cloud,
      created,
    }));
    print(
      known,
      known.length === 0
        ? { Deployments: 'none' }
        : Object.fromEntries(known.map(({ deployment, tail, cloud }) => [deployment.slice(0, 8), `${tail}  ${cloud}`])),
      values.json,
    );
  },
};

export const UNDEPLOY: Command = {
  help: `Deletes a deployment in its cloud: the network, and the templates of everybody who is enrolled with it.

  xnn undeploy --deployment NUMBER [--json]

  --deployment NUMBER      its number as "xnn deployments" shows it, or the beginning
  --json                   print the result as JSON

Example
  npx xnn undeploy --deployment 90cd41e2
`,
  async run(args) {
    const { values } = parsed(() =>
      parseArgs({ args, options: { deployment: { type: 'string' }, json: { type: 'boolean', default: false } } }),
    );
    const { cloud, deployment, token } = knownDeployment(
      await readLedger(),
      required('--deployment', values.deployment),
    );
    await undeploy(ownerCloud(cloud), deployment, token);
    print({ deleted: deployment }, { Deleted: deployment }, values.json);
  },
};
