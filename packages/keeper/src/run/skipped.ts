// What a batch that was included left out: each entry that reverts is skipped, and says so.
import { liquidatorAbi, type Client } from "@ballast/sdk";
import { parseEventLogs, type Hash } from "viem";
import type { Intent } from "../send/intent.js";

/** A node that does not tell has nothing skipped: the next plan finds who still fails. */
export const skippedBy =
  ({ publicClient }: Client) =>
  async ({ accounts, to }: Intent, hash: Hash): Promise<readonly bigint[]> => {
    const receipt = await publicClient.getTransactionReceipt({ hash }).catch(() => undefined);
    const logs = (receipt?.logs ?? []).filter(({ address }) => address.toLowerCase() === to.toLowerCase());
    const skipped = parseEventLogs({ abi: liquidatorAbi, eventName: "Skipped", logs });
    return skipped.flatMap(({ args }) => accounts[Number(args.index)] ?? []);
  };
