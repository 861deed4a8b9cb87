/** The tables of the reactions that the shop has in addition, to see what many of them cost. */
export const MORE_REACTIONS = Array.from({ length: 11 }, (_, at) => `bench_note_${at + 1}`);
