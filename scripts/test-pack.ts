// Builds the packages, packs them, and uses them as a project of somebody else would: as ES modules, as CommonJS, with types.
//   npm run test:pack
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { buildPackages } from "./packages/compile.js";
import { generate } from "./packages/generate.js";
import { Consumer } from "./packages/pack.js";

const root = process.cwd();

const USE = `
const client = createClient({ source: { transport: http("http://127.0.0.1:9", { retryCount: 0 }) }, addresses });
const tell = async () => {
  const error = await getQuote(client, { asset: 1, size: parseSize("1.5") }).catch(decodeError);
  const { name } = decodeError("0xaa45e7ad" + "0".repeat(192));
  const face = Lens__factory.createInterface().getFunction("quote").selector;
  return [error.name, error.retryable, name, clearingHouseAbi.length > 100, WAD === 10n ** 18n, face].join(" ");
};
tell().then((text) => console.log(text));
`;
const ADDRESSES = `const zero = "0x0000000000000000000000000000000000000001";
const addresses = { accessManager: zero, clearingHouse: zero, lens: zero, riskConfigurator: zero, oracleRouter: zero, exchange: zero, liquidator: zero };
`;
const NAMES = "clearingHouseAbi, createClient, decodeError, getQuote, parseSize";
const IMPORTS = `import { ${NAMES} } from "@ballast/sdk";
import { Lens__factory } from "@ballast/sdk/ethers";
import { readDeployment } from "@ballast/sdk/node";
import { WAD } from "@ballast/math";
import { http } from "viem";
`;
const REQUIRES = `const { ${NAMES} } = require("@ballast/sdk");
const { Lens__factory } = require("@ballast/sdk/ethers");
const { readDeployment } = require("@ballast/sdk/node");
const { WAD } = require("@ballast/math");
const { http } = require("viem");
`;
const TYPES = `${IMPORTS}import { AccountAboveMaintenance, getAccount, type Addresses, type Client, type Quote } from "@ballast/sdk";
import type { Lens } from "@ballast/sdk/ethers";
export const scale: bigint = WAD;
export async function use(client: Client, lens: Lens, error: unknown): Promise<bigint> {
  const quote: Quote = await getQuote(client, { asset: 1, size: parseSize("1") });
  const { legs } = await getAccount(client, { account: 1n });
  const decoded = decodeError(error);
  if (decoded instanceof AccountAboveMaintenance) return decoded.args.marginEquity;
  const { addresses } = await readDeployment("deployments/1.json");
  const known: Addresses = addresses;
  createClient({ source: { transport: http() }, addresses: known });
  const name: "constructor" | string = clearingHouseAbi[0].type;
  // @ts-expect-error sizes are bigint
  await getQuote(client, { asset: 1, size: 1 });
  const rows = await lens.rows();
  return quote.price + rows.deficit + (legs[0]?.size ?? 0n) + BigInt(name.length) + BigInt(Lens__factory.abi.length);
}
`;
const EXPECTED = "ChainUnreachable true AccountAboveMaintenance true true 0x";

class PackFailed extends Error {
  override readonly name = "PackFailed";
}

function requireSays(consumer: Consumer, file: string): void {
  const said = consumer.node(file).trim();
  if (!said.startsWith(EXPECTED)) throw new PackFailed(`${file} said ${said}`);
  console.log(`${file}: ${said}`);
}

/** Every file that the manifest names is there. */
function requireEntries(folder: string): void {
  const text = readFileSync(join(folder, "package.json"), "utf8");
  for (const [, file = ""] of text.matchAll(/"\.\/(dist\/[^"]+)"/g)) statSync(join(folder, file));
}

await generate(root);
const folders = await buildPackages(root);
folders.forEach(requireEntries);
const consumer = new Consumer(root);
try {
  for (const folder of folders) consumer.install(folder);
  consumer.write("esm.mjs", IMPORTS + ADDRESSES + USE);
  consumer.write("cjs.cjs", REQUIRES + ADDRESSES + USE);
  consumer.write("types-esm.mts", TYPES);
  consumer.write("types-cjs.cts", TYPES);
  requireSays(consumer, "esm.mjs");
  requireSays(consumer, "cjs.cjs");
  consumer.check("types-esm.mts", "types-cjs.cts");
  const help = consumer.node("node_modules/@ballast/cli/dist/main.js", "--help");
  if (!help.includes("Usage: ballast")) throw new PackFailed(`the command said ${help}`);
  console.log(`types: ok as ES module and as CommonJS; ${folders.length} packages`);
} finally {
  consumer.remove();
}
