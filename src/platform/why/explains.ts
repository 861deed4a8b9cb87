import { Provider } from '@nestjs/common';

/** A kind of thing whose history can be explained, as a context has declared it. */
export class Explainable {
  constructor(
    readonly kind: string,
    /** The place in the log of the thing with this id. */
    readonly stream: (id: string) => string,
    /** The reaction that makes such a thing, under the id of what its event is about. */
    readonly madeBy?: string,
  ) {}
}

/**
 * The line by which a context's module makes its things explainable: `explains('order', streamOf)` among its providers
 * answers `GET /why/order/<id>`.
 *
 * @param madeBy the reaction that makes the thing, if one does and gives it the id of what its event is about: asked
 * for when the thing is not there
 */
export function explains(kind: string, stream: (id: string) => string, madeBy?: string): Provider {
  return { provide: Symbol(`explains ${kind}`), useValue: new Explainable(kind, stream, madeBy) };
}
