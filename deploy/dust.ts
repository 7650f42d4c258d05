// What the dust row has to have for one more market, and who pays it.
import { clearingHouseAbi, type Addresses } from "@ballast/sdk";
import type { NetworkConnection } from "hardhat/types/network";
import { encodeFunctionData, erc20Abi, formatUnits, type Address, type Hex, type PublicClient } from "viem";
import { accountsOf, clientOf } from "./engine.js";
import { DeployerMissing, NotReady, StepFailed } from "./errors.js";
import type { Parameters } from "./parameters/index.js";

const QUOTE = 0;
const DUST_ROW = 3n;
/** In 1e18 of quote, for each market. */
const EACH = 10n ** 16n;

/** Pays into the dust row, from the deployer, what it lacks for one more market. */
export async function seedDust(
  connection: NetworkConnection,
  { network, confirmations }: Pick<Parameters, "network" | "confirmations">,
  { clearingHouse }: Addresses,
): Promise<void> {
  const client = clientOf(connection);
  const [from] = await accountsOf(connection);
  if (from === undefined) throw new DeployerMissing(network);
  const { token, amount, decimals } = await lacking(client, clearingHouse);
  if (amount === 0n) return;
  const held = await client.readContract({ abi: erc20Abi, address: token, functionName: "balanceOf", args: [from] });
  const show = (units: bigint): string => formatUnits(units, decimals);
  if (held < amount)
    throw new NotReady(network, [`${from} has ${show(held)} of ${show(amount)} quote for the dust row`]);
  const send = async (to: Address, data: Hex): Promise<void> => {
    const hash = (await connection.provider.request({
      method: "eth_sendTransaction",
      params: [{ from, to, data }],
    })) as Hex;
    const { status } = await client.waitForTransactionReceipt({ hash, confirmations });
    if (status !== "success") throw new StepFailed(`the dust row in ${hash}`);
  };
  const approval = { abi: erc20Abi, functionName: "approve", args: [clearingHouse, amount] } as const;
  await send(token, encodeFunctionData(approval));
  const payment = { abi: clearingHouseAbi, functionName: "deposit", args: [DUST_ROW, QUOTE, amount] } as const;
  await send(clearingHouse, encodeFunctionData(payment));
}

/** In units of the token. */
async function lacking(
  client: PublicClient,
  clearingHouse: Address,
): Promise<{ token: Address; amount: bigint; decimals: number }> {
  const ask = { abi: clearingHouseAbi, address: clearingHouse } as const;
  const [cash, { listed }, { token }] = await Promise.all([
    client.readContract({ ...ask, functionName: "cashOf", args: [DUST_ROW] }),
    client.readContract({ ...ask, functionName: "houseTerms" }),
    client.readContract({ ...ask, functionName: "reserveOf", args: [QUOTE] }),
  ]);
  const decimals = await client.readContract({ abi: erc20Abi, address: token, functionName: "decimals" });
  const needed = EACH * (BigInt(listed) + 1n) - cash;
  const unit = 10n ** (18n - BigInt(decimals));
  return { token, decimals, amount: needed > 0n ? (needed + unit - 1n) / unit : 0n };
}
