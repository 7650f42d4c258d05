import { randomUUID } from "node:crypto";
import { HttpRpc } from "@ballast/mirror";
import { WalletSender, nativeAsset, openStore, payeeOf, type Intent, type Outcome, type Store } from "@ballast/keeper";
import {
  GAS_PER_LIQUIDATION,
  assetOf,
  formatAccount,
  getAccount,
  getMarket,
  getOutlook,
  liquidatorAbi,
  marketName,
  parseAccount,
  type AccountView,
  type Outlook,
} from "@ballast/sdk";
import { encodeFunctionData, type LocalAccount } from "viem";
import type { OwnCommand } from "../command.js";
import { ConfigInvalid } from "../config.js";
import { Exit } from "../exits.js";
import { size } from "../format.js";
import { list, type Report } from "../report.js";
import { WalletBusy, readTold, withConfig, type Told } from "../settings.js";
import { verdictOf } from "./why.js";

/** Milliseconds between two looks for the outcome. */
const POLL = 500;

interface Choice {
  readonly asset: number;
  readonly outlook: Outlook;
}

/** The first leg with which something can be done, or the one that is asked for. */
async function choose(
  { client }: Told,
  { account, legs }: AccountView,
  asked: number | undefined,
): Promise<Choice | undefined> {
  const assets = legs.map(({ asset }) => asset).filter((asset) => asked === undefined || asset === asked);
  const found = await Promise.all(
    assets.map(async (asset) => ({ asset, outlook: await getOutlook(client, { account, asset }) })),
  );
  return found.find(({ outlook }) => outlook.stage !== "None");
}

function intentOf(told: Told, account: bigint, asset: number, block: bigint): Intent {
  const args = [account, asset, payeeOf(told)] as const;
  return {
    ...{ key: `liquidate:${account}`, strategy: "liquidate", to: told.deployment.addresses.liquidator },
    data: encodeFunctionData({ abi: liquidatorAbi, functionName: "liquidate", args }),
    // A duty's budget: whoever asks for one account wants it done.
    ...{ gas: GAS_PER_LIQUIDATION, accounts: [account], asset: BigInt(asset), profit: 0n, urgency: 1, block },
  };
}

/** Through the same journal as a keeper, so that both never use one nonce. */
async function send(told: Told, wallet: LocalAccount, store: Store, account: bigint, asset: number): Promise<Outcome> {
  const { settings, deployment } = told;
  const rpc = new HttpRpc(settings.rpc, { timeout: settings.timeout * 1_000, rounds: 2 });
  const native = await nativePrice(told);
  const owner = `liquidate-${process.pid}-${randomUUID().slice(0, 8)}`;
  const policy = {
    maxFee: settings.gas.most,
    tip: settings.gas.tip,
    maxCost: settings.gas.cost,
    nativePrice: () => native,
  };
  const sender = new WalletSender({ store, rpc, account: wallet, chainId: deployment.chainId, owner, policy });
  await sender.start();
  try {
    if (!sender.active)
      throw new WalletBusy(wallet.address, (await holderOf(store, told, wallet)) ?? "another process");
    const block = await beat(told, sender);
    const { outcome } = await sender.submit(intentOf(told, account, asset, block));
    const timer = setInterval(() => void beat(told, sender).catch(() => undefined), POLL);
    return await outcome.finally(() => clearInterval(timer));
  } finally {
    await sender.stop();
  }
}

async function nativePrice({ settings: { gas }, deployment, client }: Told): Promise<bigint> {
  if (gas.price !== undefined) return gas.price;
  return (await getMarket(client, { asset: nativeAsset(gas, deployment) })).price.mark;
}

const holderOf = (store: Store, { deployment }: Told, { address }: LocalAccount): Promise<string | undefined> =>
  store.holder(`${deployment.chainId}:${address.toLowerCase()}`);

async function beat({ client }: Told, sender: WalletSender): Promise<bigint> {
  const { number, hash, parentHash, timestamp, baseFeePerGas } = await client.publicClient.getBlock();
  const head = { number: Number(number), hash, parentHash, timestamp, baseFee: baseFeePerGas ?? 0n };
  void sender.onBlock(head);
  return number;
}

function reportOf(account: bigint, name: string, { outlook }: Choice, outcome: Outcome): Report {
  const { kind } = outcome;
  const done = kind === "included" && !outcome.reverted;
  const detail = outcome.kind === "included" ? outcome.hash : outcome.kind === "refused" ? outcome.error : "";
  const text = list([
    ["account", formatAccount(account)],
    ["leg", name],
    ["stage", outlook.stage],
    ["planned", size(outlook[stageKey(outlook)].size)],
    ["outcome", `${outcome.kind === "included" && outcome.reverted ? "reverted" : kind} ${detail}`.trim()],
  ]);
  const json = { account: formatAccount(account), leg: name, stage: outlook.stage, outcome };
  return { json, text, code: done ? Exit.ok : Exit.failed };
}

const stageKey = ({ stage }: Outlook): "reduce" | "auction" | "absorb" | "offset" =>
  stage === "None" ? "reduce" : (stage.toLowerCase() as "reduce" | "auction" | "absorb" | "offset");

export const liquidate: OwnCommand = {
  usage: "liquidate <account>",
  summary: "does with one account what can be done now, once",
  configure: (command) => {
    withConfig(command)
      .option("--asset <name>", "the leg; by default the first with which something can be done")
      .option("--dry-run", "only say what would be done")
      .addHelpText("after", "\n<account>: owner, owner/sub-id or the id itself");
  },
  async begin(surroundings, [id = ""], options) {
    const account = parseAccount(id);
    const told = await readTold(options, surroundings);
    const asked = typeof options["asset"] === "string" ? assetOf(told.deployment, options["asset"]) : undefined;
    const view = await getAccount(told.client, { account });
    const choice = await choose(told, view, asked);
    if (choice === undefined) {
      const json = { account: formatAccount(account), stage: "None", because: verdictOf(view) };
      return { json, text: `nothing can be done: ${verdictOf(view)}`, code: Exit.failed };
    }
    const name = marketName(told.deployment, choice.asset);
    if (told.settings.dryRun) {
      const outcome = { kind: "refused", reason: "DryRun", error: "a dry run sends nothing", retryable: true } as const;
      return { ...reportOf(account, name, choice, outcome), code: Exit.ok };
    }
    if (told.wallet === undefined)
      throw new ConfigInvalid("BALLAST_PRIVATE_KEY", "is needed, or a keystore or a command");
    const store = await openStore(told.settings.store);
    try {
      return reportOf(account, name, choice, await send(told, told.wallet, store, account, choice.asset));
    } finally {
      await store.close();
    }
  },
};
