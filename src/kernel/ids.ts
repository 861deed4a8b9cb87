import { getRandomValues } from 'node:crypto';
import { V7Generator } from 'uuidv7';

/** So many numbers are fetched at once: the system's randomness costs by the call. */
const random = new Uint32Array(256);
let used = random.length;

const generator = new V7Generator({
  nextUint32() {
    if (used === random.length) {
      getRandomValues(random);
      used = 0;
    }
    return random[used++];
  },
});

/** @returns a new UUIDv7: those that are made later come later in an index */
export const newId = (): string => generator.generate().toString();
