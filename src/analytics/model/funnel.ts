/** What may happen to an order, in the order in which it does. */
export const STEPS = ['placed', 'confirmed', 'shipped', 'delivered', 'cancelled', 'returned'] as const;

export type Step = (typeof STEPS)[number];
