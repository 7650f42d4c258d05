// Everything that is made from the contracts, and the packages as they are published.
//   npm run build:packages [-- --generate | --check]
// --generate writes only what is committed: ABIs, error classes, docs/errors.md. --check says whether that is up to date.
// Without either, also the bindings for ethers, and every package under packages/*/dist as ESM and CJS with types.
import { parseArgs } from "node:util";
import { generate, outdated } from "./packages/generate.js";
import { buildPackages } from "./packages/compile.js";

const root = process.cwd();
const { values } = parseArgs({
  options: { generate: { type: "boolean", default: false }, check: { type: "boolean", default: false } },
});

if (values.check) {
  const files = await outdated(root);
  for (const file of files) console.error(`${file} is out of date: npm run build:packages -- --generate`);
  process.exitCode = files.length === 0 ? 0 : 1;
} else {
  await generate(root);
  if (!values.generate) await buildPackages(root);
}
