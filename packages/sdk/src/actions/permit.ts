import { parseSignature, type Address, type Hex, type TypedDataDomain } from "viem";
import { QUOTE, type AssetId } from "../accounts.js";
import { read } from "../call.js";
import { chainOf, deadlineOf, walletOf, type Client } from "../client.js";
import { decodeError } from "../errors/decode.js";
import { requireUint } from "../input.js";
import { getReserve } from "./reserves.js";

/** A signed approval (ERC-2612). */
export interface Permit {
  deadline: bigint;
  v: number;
  r: Hex;
  s: Hex;
}

export interface SignPermitParameters {
  /** Quote by default. */
  asset?: AssetId;
  /** Token units. */
  amount: bigint;
  /** The clearing house by default; the exchange, for its `multicall`. */
  spender?: Address;
  deadline?: bigint;
}

const PERMIT = {
  Permit: [
    { name: "owner", type: "address" },
    { name: "spender", type: "address" },
    { name: "value", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
} as const;

const permitAbi = [
  {
    type: "function",
    name: "nonces",
    inputs: [{ type: "address" }],
    outputs: [{ type: "uint256" }],
    stateMutability: "view",
  },
  { type: "function", name: "name", inputs: [], outputs: [{ type: "string" }], stateMutability: "view" },
  { type: "function", name: "version", inputs: [], outputs: [{ type: "string" }], stateMutability: "view" },
] as const;

/** The token's name and version; a token that tells no version has the first. */
async function domainOf(client: Client, token: Address): Promise<TypedDataDomain> {
  const call = { abi: permitAbi, address: token, args: [] } as const;
  const [name, version, chainId] = await Promise.all([
    read(client, { ...call, functionName: "name" }),
    read(client, { ...call, functionName: "version" }).catch(() => "1"),
    chainOf(client),
  ]);
  return { name, version, chainId, verifyingContract: token };
}

/**
 * Signs an approval of the signer's tokens, for `depositWithPermit` or a `multicall` of the exchange.
 *
 * @example
 * const permit = await signPermit(client, { amount, spender: client.addresses.exchange });
 */
export async function signPermit(
  client: Client,
  { asset = QUOTE, amount, spender = client.addresses.clearingHouse, deadline }: SignPermitParameters,
): Promise<Permit> {
  const wallet = walletOf(client);
  const owner = wallet.account.address;
  const { token } = await getReserve(client, { asset });
  const [domain, nonce, until] = await Promise.all([
    domainOf(client, token),
    read(client, { abi: permitAbi, address: token, functionName: "nonces", args: [owner] }),
    deadlineOf(client, deadline),
  ]);
  const message = { owner, spender, value: requireUint("amount", amount), nonce, deadline: until };
  try {
    const signature = await wallet.signTypedData({ domain, types: PERMIT, primaryType: "Permit", message });
    const { r, s, yParity } = parseSignature(signature);
    return { deadline: until, v: 27 + yParity, r, s };
  } catch (error) {
    throw decodeError(error);
  }
}
