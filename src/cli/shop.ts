import { runProgram } from './program';
import { shopProgram } from './shop-program';

runProgram(({ signal }) => shopProgram(process.argv.slice(2), () => import('./operations.js'), signal));
