/** A reporter for jest that writes the titles of failed tests to the file FAILURES, one per line. */
const { appendFileSync } = require('node:fs');

module.exports = class Failures {
  onTestResult(_test, { testResults }) {
    for (const { status, fullName } of testResults) {
      if (status === 'failed') appendFileSync(process.env.FAILURES, `${fullName}\n`);
    }
  }
};
