import { runProgram } from './program';
import { shopProgram } from './shop-program';

runProgram(() => shopProgram(process.argv.slice(2), () => import('./operations.js')));
