import { formatAccount, type AccountId, type AssetId } from "../accounts.js";
import type { Reason, Stage } from "../enums.js";
import { BallastError } from "./base.js";

/** The closing chain would do something else with the leg, or nothing. */
export class OffsetNotNext extends BallastError {
  override readonly name = "OffsetNotNext";
  override readonly retryable = true;
  override readonly args: { account: AccountId; asset: AssetId; stage: Stage; reason: Reason };

  constructor(account: AccountId, asset: AssetId, stage: Stage, reason: Reason) {
    super(`asset ${asset} of account ${formatAccount(account)} is not offset next: the stage is ${stage} (${reason})`);
    this.args = { account, asset, stage, reason };
  }
}
