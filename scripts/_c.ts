import { benchChain } from "./keeper/chain.js";
console.log(await benchChain(Number(process.argv[2]), Number(process.argv[3]), 500));
process.exit(0);
