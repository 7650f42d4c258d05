// Builds the packages, packs them, and uses them as a project of somebody else would: as ES modules, as CommonJS, with types.
//   npm run test:pack
// A package joins by being in packages/: one that is imported needs a program in test/pack, a command only its --help.
import { basename } from "node:path";
import { buildPackages } from "./packages/compile.js";
import { generate } from "./packages/generate.js";
import { Consumer } from "./packages/pack.js";

const root = process.cwd();

await generate(root);
const folders = await buildPackages(root);
const consumer = new Consumer(root);
try {
  for (const folder of folders) consumer.install(folder);
  consumer.use(folders);
  console.log(`${folders.length} packages, packed and used: ${folders.map((folder) => basename(folder)).join(", ")}`);
} finally {
  consumer.remove();
}
