/** What the tests on PostgreSQL begin with: from now on `databaseIn` means a database there. */
process.env.TEST_DATABASE = 'postgres';

// Where no server can run, the tests say so, and are not done.
if (!process.env.TEST_POSTGRES_URL) globalThis.describe = describe.skip;
