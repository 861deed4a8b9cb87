import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { databaseOptions } from './src/platform/database/database.options';
import { Environment } from './src/platform/environment';

/** The data source of the typeorm command line: the application's own options, with the tables found by their files. */
export default new DataSource({
  ...databaseOptions(Environment.ofProcess()),
  entities: [join(__dirname, 'src/**/*.{table,tables}.ts')],
});
