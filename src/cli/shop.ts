import { runProgram } from './program';
import { shopProgram } from './shop-program';

runProgram(async (interruption) => {
  const code = await shopProgram(process.argv.slice(2), () => import('./operations.js'), interruption.signal);
  return interruption.code ?? code;
});
