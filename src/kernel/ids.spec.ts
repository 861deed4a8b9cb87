import { newId } from './ids';

describe('Ids', () => {
  it('are UUIDs of version 7, no two the same, in the order in which they are made', () => {
    // More than one portion of randomness.
    const ids = Array.from({ length: 2_000 }, newId);
    expect(
      ids.filter((id) => !/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id)),
    ).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });
});
