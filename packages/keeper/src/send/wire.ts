// What a sender asks of nodes. A failure is thrown; what a node says against a transaction is an answer.
import { BadAnswer, RpcFailed, RpcRefused, type Rpc, type RpcCall } from "@ballast/mirror";
import { CallFailed, ChainUnreachable, decodeError } from "@ballast/sdk";
import { isHex, type Address, type Hex } from "viem";
import { NodeLied, SimulationFailed } from "./errors.js";
import type { Fees } from "./fees.js";
import type { Intent } from "./intent.js";

/** `stale`: the nonce is used; `cheap`: fees too low; `refused`: anything else, which may pass. */
export type Reception =
  { readonly kind: "accepted" | "stale" } | { readonly kind: "cheap" | "refused"; readonly why: string };

export type Route = "relay" | "node" | "everywhere";

export interface Receipt {
  readonly hash: Hex;
  readonly block: number;
  readonly blockHash: Hex;
  readonly gasUsed: bigint;
  readonly reverted: boolean;
}

/** A wallet as the chain has it. */
export interface Standing {
  readonly count: number;
  readonly balance: bigint;
  readonly receipts: ReadonlyMap<Hex, Receipt>;
}

const KNOWN = /already (known|imported|exists|in)|known transaction|duplicate transaction/i;
const STALE = /nonce (is )?too low|old ?nonce|nonce.*(already|been) used|nonce.*(lower|less) than/i;
const CHEAP = /underpriced|fee ?too ?low|less than (the )?(block )?base fee|gas price too low|replacement/i;
const NO_FUNDS = /insufficient (funds|balance)|upfront cost|exceeds balance/i;
/** Of a call itself, not of the node that was asked. */
const REVERTED = /revert|out of gas|invalid (opcode|jump)|stack (under|over)flow|intrinsic gas|bad instruction/i;
const REVERT_CODE = 3;

const quantity = (value: bigint | number): Hex => `0x${value.toString(16)}`;

export class Wire {
  constructor(
    private readonly rpc: Rpc,
    private readonly relay?: Rpc,
  ) {}

  get private(): boolean {
    return this.relay !== undefined;
  }

  /** Throws `SimulationFailed` when the latest state says no. */
  async simulate(from: Address, intent: Intent, fees?: Fees): Promise<void> {
    let returned: unknown;
    try {
      [returned] = await this.rpc.batch([callOf(from, intent, fees)]);
    } catch (error) {
      throw refusalOf(intent.key, error) ?? error;
    }
    if (!isHex(returned)) throw new BadAnswer("eth_call", String(returned));
    const objection = intent.objection?.(returned);
    if (objection !== undefined) throw new SimulationFailed(intent.key, objection, true);
  }

  /** To the relay, to the node preferred now, or to every node: one of them may keep it to itself. */
  async broadcast(raw: Hex, hash: Hex, route: Route): Promise<Reception> {
    if (route === "relay" && this.relay !== undefined) return give(this.relay, raw, hash);
    if (route !== "everywhere" || this.rpc.nodes.length === 1) return give(this.rpc, raw, hash);
    const given = await Promise.allSettled(this.rpc.nodes.map((node) => give(node, raw, hash)));
    const receptions = given.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const best = receptions.find(({ kind }) => kind === "accepted") ?? receptions[0];
    return best ?? give(this.rpc, raw, hash);
  }

  /** The next nonce by all nodes that answer: the least, since one that is too high costs a transaction for each between. */
  async count(wallet: Address): Promise<number> {
    const method = "eth_getTransactionCount";
    const asked = this.rpc.nodes.map((node) => node.batch([{ method, params: [wallet, "pending"] }]));
    const answers = (await Promise.allSettled(asked)).flatMap((one) =>
      one.status === "fulfilled" ? [one.value[0]] : [],
    );
    if (answers.length === 0) throw new RpcFailed(method, ["no node answered"]);
    return Math.min(...answers.map((answer) => Number(amountOf(method, answer))));
  }

  async balance(wallet: Address): Promise<bigint> {
    const method = "eth_getBalance";
    const [answer] = await this.rpc.batch([{ method, params: [wallet, "latest"] }]);
    return amountOf(method, answer);
  }

  /** One request, whatever the number of transactions. */
  async standing(wallet: Address, hashes: readonly Hex[]): Promise<Standing> {
    const calls: RpcCall[] = hashes.map((hash) => ({ method: "eth_getTransactionReceipt", params: [hash] }));
    calls.push({ method: "eth_getTransactionCount", params: [wallet, "latest"] });
    calls.push({ method: "eth_getBalance", params: [wallet, "latest"] });
    const answers = await this.rpc.batch(calls);
    const receipts = new Map<Hex, Receipt>();
    for (const [i, hash] of hashes.entries()) {
      const receipt = receiptOf(hash, answers[i]);
      if (receipt !== undefined) receipts.set(hash, receipt);
    }
    const count = Number(amountOf("eth_getTransactionCount", answers.at(-2)));
    return { count, balance: amountOf("eth_getBalance", answers.at(-1)), receipts };
  }
}

async function give(rpc: Rpc, raw: Hex, hash: Hex): Promise<Reception> {
  try {
    const [answer] = await rpc.batch([{ method: "eth_sendRawTransaction", params: [raw] }]);
    if (answer !== hash) throw new NodeLied("eth_sendRawTransaction", hash, String(answer));
    return { kind: "accepted" };
  } catch (error) {
    const reception = receptionOf(error);
    if (reception === undefined) throw error;
    return reception;
  }
}

function callOf(from: Address, { to, data, value = 0n, gas }: Intent, fees: Fees | undefined): RpcCall {
  const priced = fees && { maxFeePerGas: quantity(fees.maxFee), maxPriorityFeePerGas: quantity(fees.tip) };
  const call = { from, to, data, value: quantity(value), gas: quantity(gas), ...priced };
  return { method: "eth_call", params: [call, "latest"] };
}

/** What was said against the call itself, not for want of funds. */
function refusalOf(key: string, error: unknown): SimulationFailed | undefined {
  if (!(error instanceof RpcRefused)) return undefined;
  const said = decodeError({ message: error.reason, data: error.data });
  const fromContract = !(said instanceof CallFailed) && !(said instanceof ChainUnreachable);
  if (fromContract) return new SimulationFailed(key, said.message, said.retryable, said.name);
  if (NO_FUNDS.test(error.reason)) return undefined;
  if (error.code !== REVERT_CODE && !REVERTED.test(error.reason)) return undefined;
  return new SimulationFailed(key, error.reason, false);
}

/** Some nodes say these things with a code that means trouble of their own. */
function receptionOf(error: unknown): Reception | undefined {
  const failed = error instanceof RpcFailed;
  if (!failed && !(error instanceof RpcRefused)) return undefined;
  const why = failed ? (error.attempts.at(-1) ?? "") : error.reason;
  if (KNOWN.test(why)) return { kind: "accepted" };
  if (STALE.test(why)) return { kind: "stale" };
  if (CHEAP.test(why)) return { kind: "cheap", why };
  return failed && !NO_FUNDS.test(why) ? undefined : { kind: "refused", why };
}

function amountOf(method: string, answer: unknown): bigint {
  if (!isHex(answer) || answer === "0x") throw new BadAnswer(method, JSON.stringify(answer));
  return BigInt(answer);
}

function receiptOf(hash: Hex, answer: unknown): Receipt | undefined {
  if (answer === null) return undefined;
  const method = "eth_getTransactionReceipt";
  if (typeof answer !== "object") throw new BadAnswer(method, JSON.stringify(answer));
  const { transactionHash, blockNumber, blockHash, gasUsed, status } = answer as Readonly<Record<string, unknown>>;
  if (transactionHash !== hash) throw new NodeLied(method, hash, String(transactionHash));
  if (blockHash === null || blockNumber === null) return undefined;
  if (!isHex(blockHash)) throw new BadAnswer(method, `block ${JSON.stringify(blockHash)}`);
  return {
    hash,
    block: Number(amountOf(method, blockNumber)),
    blockHash,
    gasUsed: amountOf(method, gasUsed),
    reverted: amountOf(method, status) === 0n,
  };
}
