const { availableParallelism } = require('node:os');

const shared = {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  transform: { '^.+\\.ts$': 'ts-jest' },
  testEnvironment: 'node',
};

/** What is about a file of SQLite's. */
const ON_SQLITE_ONLY = ['sqlite', 'disk-full', 'simulation', 'failure-at-every-statement', '09-alone-means-alone'];

/** What is tried on PostgreSQL each time; `npm run test:postgres` tries everything there. */
const ON_POSTGRES = ['guarantees/(postgres|01-all-or-nothing|05-exactly)', 'journeys/browse-the-shop'];

module.exports = {
  projects: [
    {
      ...shared,
      displayName: 'sqlite',
      testMatch: ['**/*.spec.ts', '<rootDir>/test/**/*.e2e-spec.ts'],
      testPathIgnorePatterns: ['/node_modules/', 'guarantees/postgres\\.'],
    },
    {
      ...shared,
      displayName: 'postgres',
      testRegex:
        process.env.POSTGRES_TESTS === 'all' ? ['/test/(guarantees|journeys)/.*\\.e2e-spec\\.ts$'] : ON_POSTGRES,
      testPathIgnorePatterns: ['/node_modules/', ...ON_SQLITE_ONLY.map((name) => `guarantees/${name}`)],
      globalSetup: '<rootDir>/test/support/on-postgres.setup.ts',
      globalTeardown: '<rootDir>/test/support/on-postgres.teardown.ts',
      setupFilesAfterEnv: ['<rootDir>/test/support/on-postgres.ts'],
    },
  ],
  testTimeout: 60_000,
  // Left to itself, jest runs one on a machine of two cores, while the shops of the tests wait for disks and processes.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  workerIdleMemoryLimit: '500MB',
  collectCoverageFrom: ['src/**/*.ts', '!src/main.ts', '!**/*.spec.ts'],
  coverageProvider: 'v8',
};
