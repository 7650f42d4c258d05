// Runs an example: npx tsx packages/sdk/examples/main.ts readMarket
// RPC_URL, PRIVATE_KEY and DEPLOYMENTS say where and who; the accounts of runLiquidation follow its name.
import { parseAccount, type Client } from "@ballast/sdk";
import type { Hex } from "viem";
import { connect } from "./connect.js";
import { openPosition } from "./openPosition.js";
import { placeStop } from "./placeStop.js";
import { readMarket } from "./readMarket.js";
import { runLiquidation } from "./runLiquidation.js";

const EXAMPLES: Readonly<Record<string, (client: Client, accounts: bigint[]) => Promise<unknown>>> = {
  readMarket,
  openPosition,
  placeStop,
  runLiquidation,
};

const [name = "", ...accounts] = process.argv.slice(2);
const { RPC_URL = "http://127.0.0.1:8545", PRIVATE_KEY, DEPLOYMENTS } = process.env;
const example = EXAMPLES[name];
if (example === undefined || PRIVATE_KEY === undefined) {
  console.error(`PRIVATE_KEY=0x… main.ts <${Object.keys(EXAMPLES).join("|")}> [account ...]`);
  process.exitCode = 1;
} else await example(await connect(RPC_URL, PRIVATE_KEY as Hex, DEPLOYMENTS), accounts.map(parseAccount));
