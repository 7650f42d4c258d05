// A network deployed on a chain of its own, and those who govern it.
import type { Deployment } from "@ballast/sdk";
import { getAddress, type Address, type Hex } from "viem";
import { network } from "hardhat";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deployNetwork, type Deployed, type Options } from "../../../deploy/deploy.js";
import { DRAFTS, draftOf, resolve, type Fills, type Parameters } from "../../../deploy/parameters/index.js";
import { plant } from "../../../deploy/plant.js";
import type { Batch, Transaction } from "../../../packages/cli/src/authority/batch.js";
import { run } from "../../../packages/cli/src/run.js";
import { Anvil } from "../../../scripts/anvil.js";
import { encodeTransaction } from "./batches.js";

export interface Said {
  code: number;
  out: string;
  error: string;
}

/** Addresses that nobody has a key of. */
export const FILLS: Fills = {
  governor: getAddress(`0x${"a1".repeat(20)}`),
  recovery: getAddress(`0x${"b2".repeat(20)}`),
  guardian: getAddress(`0x${"c3".repeat(20)}`),
};
const ETHER = "0xde0b6b3a7640000";
/** The first account of the node's default mnemonic. */
export const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

export type Deploying = Partial<Omit<Options, "connection">> & { folder?: string };

export class Governed {
  readonly folder = mkdtempSync(join(tmpdir(), "ballast-deploy-"));
  readonly journal = join(this.folder, "journal");
  readonly lines: string[] = [];

  private constructor(
    readonly anvil: Anvil,
    readonly parameters: Parameters,
    readonly fills: Fills,
  ) {}

  /** A chain with this network's id, and with its tokens and feeds where the parameters say that they are. */
  static async open(name: string, fills: Fills): Promise<Governed> {
    const parameters = resolve(draftOf(DRAFTS, name), fills);
    const anvil = await Anvil.start("--chain-id", String(parameters.chainId), "--disable-code-size-limit");
    const governed = new Governed(anvil, parameters, fills);
    if (parameters.real) await plant(anvil.request, await governed.deployer(), parameters);
    return governed;
  }

  async deployer(): Promise<Address> {
    const [first] = (await this.anvil.request("eth_accounts")) as [string];
    return getAddress(first);
  }

  /** How many transactions the deployer has sent. */
  async sent(): Promise<number> {
    return Number(await this.anvil.request("eth_getTransactionCount", [await this.deployer(), "latest"]));
  }

  /** Where the deployment's file of this kind is: `""`, `"roles"`, `"handover"`. */
  file(kind = ""): string {
    return join(this.folder, [this.parameters.chainId, kind, "json"].filter((part) => part !== "").join("."));
  }

  /** A second deployment beside the first, handed over and verified. */
  async deployAgain(): Promise<Deployment> {
    const { deployment, files } = await this.deploy({ folder: join(this.folder, "next") });
    if (deployment === undefined || files === undefined || !(await this.execute(files.handover)))
      throw new TypeError("the second deployment was not handed over");
    const { code, error } = await this.ballast(
      ...["roles", "--verify", "--deployment", files.deployment, "--authority", files.roles],
    );
    if (code !== 0) throw new TypeError(error);
    return deployment;
  }

  async deploy({ folder = this.folder, ...more }: Deploying = {}): Promise<Deployed> {
    const { network: name, real } = this.parameters;
    const override = { url: this.anvil.url, ...(real ? { accounts: [KEY] } : {}) };
    return deployNetwork({
      connection: await network.create({ network: name, override }),
      parameters: this.parameters,
      journal: join(folder, "journal"),
      deployments: folder,
      book: join(folder, "book.ts"),
      confirmations: 1,
      anyBuild: true,
      dryRun: false,
      say: (line) => void this.lines.push(line),
      confirm: () => Promise.resolve(true),
      ...more,
    });
  }

  /** Runs the command in this process. */
  async ballast(...args: string[]): Promise<Said> {
    const said = { out: "", error: "" };
    const code = await run(args, {
      out: (text) => void (said.out += `${text}\n`),
      error: (text) => void (said.error += `${text}\n`),
      env: { BALLAST_RPC: this.anvil.url, BALLAST_DEPLOYMENT: this.file(), BALLAST_AUTHORITY: this.file("roles") },
    });
    return { code, ...said };
  }

  readonly verify = (): Promise<Said> => this.ballast("roles", "--verify", "--authority", this.file("roles"));

  /** Sends a transaction as anybody; returns whether it succeeded. */
  async send(from: Address, to: Address, data: Hex): Promise<boolean> {
    const { request } = this.anvil;
    await request("anvil_setBalance", [from, ETHER]);
    await request("anvil_impersonateAccount", [from]);
    // Who has code cannot send.
    const code = await request("eth_getCode", [from, "latest"]);
    await request("anvil_setCode", [from, "0x"]);
    const hash = await request("eth_sendTransaction", [{ from, to, data, gas: "0x989680" }]);
    let receipt: { status: Hex } | null = null;
    while (receipt === null) receipt = (await request("eth_getTransactionReceipt", [hash])) as { status: Hex } | null;
    await request("anvil_setCode", [from, code]);
    return receipt.status === "0x1";
  }

  /** Executes a batch as the Safe that it is for; false when a transaction of it fails. */
  async execute(file: string): Promise<boolean> {
    const { meta, transactions } = JSON.parse(readFileSync(file, "utf8")) as Batch;
    const step = async (transaction: Transaction): Promise<boolean> =>
      this.send(meta.createdFromSafeAddress, transaction.to, encodeTransaction(transaction));
    for (const transaction of transactions) if (!(await step(transaction))) return false;
    return true;
  }

  async pass(seconds: number): Promise<void> {
    await this.anvil.request("evm_increaseTime", [seconds]);
    await this.anvil.request("evm_mine");
  }

  async close(): Promise<void> {
    await this.anvil.stop();
    rmSync(this.folder, { recursive: true });
  }
}
