/** After the tests on PostgreSQL: the server goes with its data. */
export default async function teardown(): Promise<void> {
  await (globalThis as { stopPostgres?: () => Promise<void> }).stopPostgres?.();
}
