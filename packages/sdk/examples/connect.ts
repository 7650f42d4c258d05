import { createClient, type Client } from "@ballast/sdk";
import { findDeployment } from "@ballast/sdk/node";
import { createPublicClient, createWalletClient, http, type Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** A client for the deployment that `folder` describes in `<chain id>.json`. */
export async function connect(url: string, key: Hex, folder = "deployments"): Promise<Client> {
  const transport = http(url);
  const publicClient = createPublicClient({ transport });
  const { addresses } = await findDeployment(folder, await publicClient.getChainId());
  const wallet = createWalletClient({ account: privateKeyToAccount(key), transport });
  return createClient({ source: { publicClient }, wallet, addresses });
}
