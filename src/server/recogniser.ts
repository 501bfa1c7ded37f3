import { XnnError } from '../core/errors.js';
import type { Embedding } from '../core/match.js';
import {
  embeddingsOf,
  readKeyedMessages,
  readMessages,
  recognise,
  type Served,
  type Student,
} from '../protocol/recognise.js';

/** What answers the messages of one gallery. */
export interface Recogniser {
  /** The gallery, in the store too, and the version of its networks. */
  readonly served: Served;
  /** Cosine from which two faces are one person. */
  readonly threshold: number;
  /** The messages of one request. @throws what `readMessages` throws */
  readonly read: (body: Uint8Array, most: number) => Shown;
}

/** What messages show, once it is asked for. */
export interface Shown {
  readonly challenge: Uint8Array;
  readonly embeddings: () => Promise<readonly Embedding[]>;
}

/**
 * The released network, for messages under noise. Embeddings are refused as no_face if one `showsNobody`.
 */
export function studentRecogniser(
  student: Student,
  served: Served,
  threshold: number,
  showsNobody: (seen: Embedding) => boolean = () => false,
): Recogniser {
  return {
    served,
    threshold,
    read(body, most) {
      const messages = readMessages(body, served, most);
      const embeddings = async () => {
        const seen = await recognise(student, messages);
        if (seen.some(showsNobody)) throw new XnnError('no_face');
        return seen;
      };
      return { challenge: messages[0].challenge, embeddings };
    },
  };
}

/** For messages in keyed mode, whose network has run in the browser. */
export function keyedRecogniser(served: Served, threshold: number): Recogniser {
  return {
    served,
    threshold,
    read(body, most) {
      const messages = readKeyedMessages(body, served, most);
      return { challenge: messages[0].challenge, embeddings: () => Promise.resolve(embeddingsOf(messages)) };
    },
  };
}
