import { decodeAbiParameters, type Hex } from "viem";
import { BallastError } from "./base.js";
import { REGISTRY } from "./classes.js";
import {
  CallFailed,
  ChainUnreachable,
  Panicked,
  RevertedWithReason,
  RevertedWithoutReason,
  UnknownContractError,
} from "./other.js";

const REASON = "0x08c379a0";
const PANIC = "0x4e487b71";
const HEX = /^0x([0-9a-fA-F]{2})*$/;
/** How deep libraries wrap an error in errors. */
const DEPTH = 12;
/** Where they keep the error inside, and its data; never the data of the transaction. */
const INSIDE = ["cause", "error", "info", "data", "raw"] as const;

/** Names and codes of errors of viem, ethers and Node that mean that nobody answered. */
const UNREACHABLE = new Set<unknown>([
  "HttpRequestError",
  "TimeoutError",
  "WebSocketRequestError",
  "SocketClosedError",
  "LimitExceededRpcError",
  "ResourceUnavailableRpcError",
  "NETWORK_ERROR",
  "SERVER_ERROR",
  "TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "ETIMEDOUT",
]);

type Fields = Readonly<Record<string, unknown>>;

const isHex = (value: unknown): value is Hex => typeof value === "string" && HEX.test(value);

/** The error and all errors inside it. */
function* inside(error: unknown, depth = DEPTH): Generator<Fields> {
  if (typeof error !== "object" || error === null || depth === 0) return;
  yield error as Fields;
  for (const key of INSIDE) yield* inside((error as Fields)[key], depth - 1);
}

/** What the contract said, if any did: empty for a revert without data. */
function revertData(error: unknown): Hex | undefined {
  const found: Hex[] = [];
  for (const { raw, data } of inside(error)) for (const value of [raw, data]) if (isHex(value)) found.push(value);
  return found.find((data) => data.length >= 10) ?? found[0];
}

/** The error that revert data means. */
export function decodeRevert(data: Hex): BallastError {
  if (data.length < 10) return new RevertedWithoutReason();
  const selector = data.slice(0, 10).toLowerCase();
  const body: Hex = `0x${data.slice(10)}`;
  try {
    if (selector === REASON) return new RevertedWithReason(decodeAbiParameters([{ type: "string" }], body)[0]);
    if (selector === PANIC) return new Panicked(decodeAbiParameters([{ type: "uint256" }], body)[0]);
    const known = REGISTRY[selector];
    if (known === undefined) return new UnknownContractError(data);
    const values = decodeAbiParameters(known.inputs, body);
    return known.create(Object.fromEntries(known.inputs.map(({ name }, i) => [name, values[i]])));
  } catch {
    return new UnknownContractError(data);
  }
}

const isUnreachable = (error: unknown): boolean =>
  [...inside(error)].some(({ name, code }) => UNREACHABLE.has(name) || UNREACHABLE.has(code));

const REVERTED = /revert|out of gas/i;

function shortOf(error: unknown): string {
  if (typeof error === "string") return error;
  const { shortMessage, message } = (error ?? {}) as Fields;
  const text = typeof shortMessage === "string" ? shortMessage : message;
  return typeof text === "string" ? (text.split("\n")[0] ?? text) : String(error);
}

/**
 * What went wrong, as one of the classes of this package: revert data, or whatever viem or ethers threw.
 *
 * @example
 * try {
 *   await house.deposit(account, 0, amount); // ethers
 * } catch (error) {
 *   const reason = decodeError(error);
 *   if (reason.retryable) schedule();
 * }
 */
export function decodeError(error: unknown): BallastError {
  if (error instanceof BallastError) return error;
  if (isHex(error)) return decodeRevert(error);
  const data = revertData(error);
  if (data !== undefined && (data.length >= 10 || REVERTED.test(shortOf(error)))) return decodeRevert(data);
  if (isUnreachable(error)) return new ChainUnreachable(shortOf(error), error);
  return new CallFailed(shortOf(error), error);
}

/** As `decodeError`, for what a batch reports of an entry: nothing for one that succeeded. */
export const decodeReason = (reason: Hex): BallastError | undefined =>
  reason === "0x" ? undefined : decodeRevert(reason);
