import {
  createPublicClient,
  type Account,
  type Address,
  type Chain,
  type PublicClient,
  type Transport,
  type WalletClient,
} from "viem";
import type { Addresses } from "./addresses.js";
import { decodeError } from "./errors/decode.js";
import { DeadlineInPast } from "./errors/input.js";
import { WalletMissing } from "./errors/setup.js";

/** What actions need of a wallet: an account it signs for. */
export type Wallet = WalletClient<Transport, Chain | undefined, Account>;

/** One deployment of the protocol on one chain, and who acts on it. */
export interface Client {
  readonly publicClient: PublicClient;
  readonly wallet: Wallet | undefined;
  readonly addresses: Addresses;
}

export interface CreateClientParameters {
  /** Where to read: a transport of viem, or a public client that is there already. */
  source: { transport: Transport; chain?: Chain } | { publicClient: PublicClient };
  /** Who signs; without it the client only reads. */
  wallet?: Wallet;
  addresses: Addresses;
}

/**
 * A client for the actions of this package, each of which is a function `(client, parameters)`.
 *
 * @example
 * const client = createClient({ source: { transport: http(url) }, addresses: deployment.addresses });
 * const { health } = await getAccount(client, { account });
 */
export function createClient({ source, wallet, addresses }: CreateClientParameters): Client {
  const publicClient = "publicClient" in source ? source.publicClient : createPublicClient(source);
  return { publicClient, wallet, addresses };
}

export function walletOf(client: Client): Wallet {
  if (client.wallet === undefined) throw new WalletMissing();
  return client.wallet;
}

/** The address that signs. */
export const signerOf = (client: Client): Address => walletOf(client).account.address;

/** Seconds that a call stays valid when nothing else is said. */
export const DEADLINE = 600n;

/** Of which chain, by its id. */
export async function chainOf(client: Client): Promise<number> {
  try {
    return await client.publicClient.getChainId();
  } catch (error) {
    throw decodeError(error);
  }
}

async function latestBlock({ publicClient }: Client): Promise<{ timestamp: bigint; gasLimit: bigint }> {
  try {
    return await publicClient.getBlock();
  } catch (error) {
    throw decodeError(error);
  }
}

/** The time of the latest block. */
export const timeOf = async (client: Client): Promise<bigint> => (await latestBlock(client)).timestamp;

/** The most gas that chains let one transaction have (EIP-7825). */
export const MOST_GAS = 1n << 24n;

/**
 * The gas of a batch, by its entries, as far as one transaction may have it. An estimate would find the least gas with which
 * every entry is skipped.
 */
export async function gasOfBatch(client: Client, entries: number, each: bigint): Promise<bigint> {
  const { gasLimit } = await latestBlock(client);
  const wanted = each * BigInt(entries + 1);
  const most = gasLimit < MOST_GAS ? gasLimit : MOST_GAS;
  return wanted < most ? wanted : most;
}

/** The deadline asked for, unless the chain is beyond it; else ten minutes from the latest block. */
export async function deadlineOf(client: Client, deadline: bigint | undefined): Promise<bigint> {
  const now = await timeOf(client);
  if (deadline !== undefined && deadline < now) throw new DeadlineInPast({ deadline, now });
  return deadline ?? now + DEADLINE;
}
