/** Prints "N passed, N failed" from jest's own report. Fails when a test failed, when none passed, or without a report. */
const { existsSync, readFileSync } = require('node:fs');

const report = existsSync(process.argv[2]) ? JSON.parse(readFileSync(process.argv[2], 'utf8')) : undefined;
const passed = report?.numPassedTests ?? 0;
// A file that could not even be loaded holds an unknown number of tests: it counts as one that failed.
const failed = report ? report.numFailedTests + report.numRuntimeErrorTestSuites : 1;

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = passed > 0 && failed === 0 && report.success ? 0 : 1;
